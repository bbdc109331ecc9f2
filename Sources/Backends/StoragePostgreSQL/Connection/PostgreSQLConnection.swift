#if PostgreSQL
    import CPostgreSQL
    import Essentials
    import EventSourcing
    import Glibc

    /// One connection, in libpq's pipeline mode: statements are sent without waiting until a result is needed.
    ///
    /// Used by one thread at a time. An error ends its pipeline: what was sent behind it is not done.
    final class PostgreSQLConnection {
        /// How a connection is made.
        struct Options: Sendable {
            var url: Redacted<String>
            /// The longest time for one answer.
            var patience: Duration
            var name: String
        }

        private struct Statement: Hashable {
            var scope: String
            var sql: String
            var types: [UInt32]
        }

        private enum Awaited {
            case preparation(Statement)
            case execution(Statement?, isWanted: Bool)
        }

        private static let maximumStatements = 256

        private let handle: OpaquePointer
        private let patience: Duration
        private let time: TimeSource
        private var awaited: [Awaited] = []
        private var statements: [Statement: String] = [:]
        private var statementCount = 0
        /// Something stands between us and the server that gives each transaction another connection (PgBouncer in transaction
        /// mode, say): no prepared statement, no session state survives.
        private(set) var isPooled = false
        /// Of no use any more.
        private(set) var isBroken = false
        /// Part of what names a prepared statement: the schema that its plan is for.
        var scope = ""

        // MARK: Opening and closing

        /// - Throws: ``PostgreSQLError``.
        init(_ options: Options, time: TimeSource) throws {
            let handle = Self.withStrings([
                ("connect_timeout", "5"), ("fallback_application_name", options.name), ("dbname", options.url.exposed),
                ("client_encoding", "UTF8"),
            ]) { PQconnectdbParams($0, $1, 1) }
            guard let handle else { throw PostgreSQLError.lost("no memory for a connection") }
            self.handle = handle
            self.patience = options.patience
            self.time = time
            // From here on, whatever is thrown, `deinit` gives the connection back.
            guard PQstatus(handle) == CONNECTION_OK else { throw PostgreSQLError.lost(Self.message(of: handle)) }
            // Notices would go to the standard error output.
            PQsetNoticeReceiver(handle, { _, _ in }, nil)
            PQsetnonblocking(handle, 1)
            PQenterPipelineMode(handle)
            self.isPooled = true
            let pid = try self.query("SELECT pg_backend_pid()::int8").integer(0, 0)
            self.isPooled = pid != Int64(PQbackendPID(handle))
        }

        deinit { PQfinish(self.handle) }

        private static func withStrings<Value>(
            _ pairs: [(String, String)],
            _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Value,
        ) -> Value {
            let copies = pairs.map { (strdup($0.0), strdup($0.1)) }
            defer { for copy in copies { free(copy.0); free(copy.1) } }
            let keys = copies.map { UnsafePointer($0.0) } + [nil]
            let values = copies.map { UnsafePointer($0.1) } + [nil]
            return body(keys, values)
        }

        private static func message(of handle: OpaquePointer) -> String {
            String(cString: PQerrorMessage(handle)).split(separator: "\n").joined(separator: "; ")
        }

        // MARK: Statements

        /// Sends a statement, waits for it and for all that was sent before, and returns what it gave.
        func query(_ sql: String, _ values: WireValues = WireValues()) throws -> PostgreSQLResult {
            try self.send(sql, values, isWanted: true)
            guard let result = try self.settle().last else { throw PostgreSQLError.lost("a result is missing") }
            return result
        }

        /// Sends a statement and does not wait.
        /// - Parameter isWanted: whether ``settle()`` returns what it gives.
        func send(_ sql: String, _ values: WireValues = WireValues(), isWanted: Bool = false) throws {
            guard !self.isBroken else { throw PostgreSQLError.lost("the connection is lost") }
            guard !self.isPooled else {
                self.awaited.append(.execution(nil, isWanted: isWanted))
                return try self.require(
                    Self.withPointers(values) { values, lengths, formats, types in
                        PQsendQueryParams(self.handle, sql, Int32(types.count), types, values, lengths, formats, 1)
                    })
            }
            let statement = Statement(scope: self.scope, sql: sql, types: values.types)
            let name = try self.statements[statement] ?? self.prepare(statement)
            self.awaited.append(.execution(statement, isWanted: isWanted))
            try self.require(
                Self.withPointers(values) { values, lengths, formats, types in
                    PQsendQueryPrepared(self.handle, name, Int32(types.count), values, lengths, formats, 1)
                })
        }

        private func prepare(_ statement: Statement) throws -> String {
            if self.statements.count >= Self.maximumStatements {
                self.statements = [:]
                self.awaited.append(.execution(nil, isWanted: false))
                try self.require(PQsendQueryParams(self.handle, "DEALLOCATE ALL", 0, nil, nil, nil, nil, 1))
            }
            self.statementCount += 1
            let name = "s\(self.statementCount)"
            self.statements[statement] = name
            self.awaited.append(.preparation(statement))
            try self.require(
                PQsendPrepare(self.handle, name, statement.sql, Int32(statement.types.count), statement.types))
            return name
        }

        private func require(_ isSent: Int32) throws {
            guard isSent == 1 else { throw self.loss() }
        }

        private func loss() -> PostgreSQLError {
            self.isBroken = true
            let reason = Self.message(of: self.handle)
            return .lost(reason.isEmpty ? "the connection is lost" : reason)
        }

        private static func withPointers(
            _ values: WireValues,
            _ body: ([UnsafePointer<CChar>?], [Int32], [Int32], [UInt32]) -> Int32,
        ) -> Int32 {
            values.bytes.withUnsafeBytes { bytes in
                // An empty buffer may have no address, which would be NULL.
                let none = UnsafeRawPointer(bitPattern: 1)
                let base = bytes.baseAddress ?? none
                let pointers = values.offsets.map { offset in
                    offset.flatMap { base?.advanced(by: $0).assumingMemoryBound(to: CChar.self) }
                }
                return body(pointers, values.lengths, values.formats, values.types)
            }
        }

        // MARK: Answers

        /// Waits for everything that was sent and returns what the wanted statements gave, in order.
        /// - Throws: the first ``PostgreSQLError``.
        @discardableResult
        func settle() throws -> [PostgreSQLResult] {
            guard !self.awaited.isEmpty else { return [] }
            try self.require(PQpipelineSync(self.handle))
            let deadline = self.time.now + self.patience
            try self.flush(until: deadline)
            let awaited = self.awaited
            self.awaited = []
            var wanted: [PostgreSQLResult] = []
            var failure: PostgreSQLError?
            for item in awaited {
                do {
                    let result = try self.answer(until: deadline)
                    if case .execution(_, isWanted: true) = item { wanted.append(result) }
                } catch {
                    // A statement that failed is prepared anew: it may be its preparation that is out of date.
                    switch item {
                    case .preparation(let statement): self.statements[statement] = nil
                    case .execution(let statement, _): if let statement { self.statements[statement] = nil }
                    }
                    guard !self.isBroken else { throw error }
                    failure = failure ?? error
                }
            }
            _ = try self.next(until: deadline)
            if let failure { throw failure }
            return wanted
        }

        /// The result of one statement, and the end mark behind it.
        private func answer(until deadline: Tick) throws(PostgreSQLError) -> PostgreSQLResult {
            guard let result = try self.next(until: deadline) else { throw self.loss() }
            let taken = PostgreSQLResult(result)
            _ = try self.next(until: deadline)
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK: return taken
            case PGRES_PIPELINE_ABORTED: throw PostgreSQLError(state: "25P02", message: "an earlier statement failed")
            default:
                let state = PQresultErrorField(result, 67).map { String(cString: $0) } ?? ""  // PG_DIAG_SQLSTATE
                let reason = PQresultErrorField(result, 77).map { String(cString: $0) }  // PG_DIAG_MESSAGE_PRIMARY
                let error = PostgreSQLError(state: state, message: reason ?? Self.message(of: self.handle))
                self.isBroken = self.isBroken || error.isLost || PQstatus(self.handle) != CONNECTION_OK
                throw error
            }
        }

        private func next(until deadline: Tick) throws(PostgreSQLError) -> OpaquePointer? {
            while PQisBusy(self.handle) != 0 {
                try self.wait(for: Int16(POLLIN), until: deadline)
                guard PQconsumeInput(self.handle) == 1 else { throw self.loss() }
            }
            return PQgetResult(self.handle)
        }

        private func flush(until deadline: Tick) throws(PostgreSQLError) {
            while true {
                switch PQflush(self.handle) {
                case 0: return
                case 1:
                    // The server may have to be read before it takes more.
                    let ready = try self.wait(for: Int16(POLLIN | POLLOUT), until: deadline)
                    if ready & Int16(POLLIN) != 0, PQconsumeInput(self.handle) != 1 { throw self.loss() }
                default: throw self.loss()
                }
            }
        }

        @discardableResult
        private func wait(for events: Int16, until deadline: Tick) throws(PostgreSQLError) -> Int16 {
            while true {
                let left = (deadline - self.time.now).nanoseconds / 1_000_000
                guard left > 0 else {
                    self.isBroken = true
                    throw PostgreSQLError.lost("no answer within \(self.patience)")
                }
                var descriptor = pollfd(fd: PQsocket(self.handle), events: events, revents: 0)
                let count = poll(&descriptor, 1, Int32(clamping: left))
                if count > 0 { return descriptor.revents }
                guard count == 0 || errno == EINTR else { throw self.loss() }
            }
        }

        // MARK: Notifications

        /// What others have notified since the last call: the texts behind the channel's name.
        func notifications() -> [String] {
            guard PQconsumeInput(self.handle) == 1 else {
                self.isBroken = true
                return []
            }
            var texts: [String] = []
            while let notification = PQnotifies(self.handle) {
                texts.append(String(cString: notification.pointee.extra))
                PQfreemem(notification)
            }
            return texts
        }

        /// Whether the connection rests as it was left. The server says something unasked when it closes it; that, or the
        /// end of the connection, is waiting to be read then.
        var isAtRest: Bool {
            var descriptor = pollfd(fd: PQsocket(self.handle), events: Int16(POLLIN), revents: 0)
            return !self.isBroken && PQstatus(self.handle) == CONNECTION_OK && poll(&descriptor, 1, 0) == 0
        }

        /// Nobody may use this connection again.
        func abandon() { self.isBroken = true }

        /// What to poll for something to read.
        var socket: Int32 { PQsocket(self.handle) }
    }
#endif
