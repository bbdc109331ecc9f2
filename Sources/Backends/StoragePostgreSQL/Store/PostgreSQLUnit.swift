#if PostgreSQL
    public import Essentials
    public import EventSourcing

    /// A transaction on a ``PostgreSQLStore``.
    ///
    /// A statement that the server refuses ends the transaction: whoever catches the error cannot go on in this unit.
    public final class PostgreSQLUnit: RelationalUnit {
        public let source: EventSource
        let connection: PostgreSQLConnection
        /// The end of the log; nil in a reading transaction.
        private let tail: LogTail?
        private let mark: LogTail.Mark?
        /// Whether the server holds a savepoint that this unit began.
        private(set) var hasSavepoint = false
        /// Why this transaction cannot be kept any more, though its closure may not know.
        private(set) var doom: (any Error)?
        private var knownHead: Position?

        init(_ connection: PostgreSQLConnection, source: EventSource, tail: LogTail?) {
            self.connection = connection
            self.source = source
            self.tail = tail
            self.mark = tail?.begin()
        }

        // MARK: The end of a writing unit

        /// Takes back what the unit has done.
        /// - Throws: what dooms the whole batch.
        func rollBack() throws {
            guard let tail, let mark else { return }
            tail.rollBack(to: mark, isSent: self.hasSavepoint)
            guard self.hasSavepoint else { return }
            // What is on its way may fail too, which changes nothing.
            do { try self.connection.settle() } catch let error as PostgreSQLError where !error.isLost {
                self.doom = error
            }
            try self.connection.send("ROLLBACK TO unit")
            try self.connection.send("RELEASE unit")
            try self.connection.settle()
        }

        /// Lets the work of the unit become the batch's.
        func release() throws {
            guard self.hasSavepoint else { return }
            try self.connection.send("RELEASE unit")
        }

        // MARK: Statements

        @discardableResult
        public func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
            let tail = try self.requireWriting()
            return try self.statement(sql, values, seeing: tail).changedRows
        }

        public func query(_ sql: String, _ values: [SQLValue]) throws -> [SQLRow] {
            let result = try self.statement(sql, values, seeing: self.tail)
            let columns = result.columnNames
            return try (0..<result.rowCount).map { row in
                SQLRow(columns: columns, values: try (0..<result.columnCount).map { try result.value(row, $0) })
            }
        }

        private func statement(_ sql: String, _ values: [SQLValue], seeing tail: LogTail?) throws -> PostgreSQLResult {
            guard !Self.isControl(sql) else {
                throw EventStoreError(.unavailable, "'\(sql)' is not for a unit of work: its store begins and ends it")
            }
            let wire = try WireValues(values)
            return try self.guarded {
                try self.beginSavepoint()
                try self.sendUnsent()
                return try self.connection.query(SQLDialect.cached(sql), wire)
            }
        }

        private static func isControl(_ sql: String) -> Bool {
            let word = sql.drop { $0.isWhitespace }.prefix { $0.isLetter }.uppercased()
            return [
                "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "SET", "RESET",
                "PREPARE",
                "DISCARD", "DEALLOCATE", "LISTEN", "PRAGMA",
            ].contains(word)
        }

        /// Runs statements; a failure of one is the end of the unit.
        private func guarded<Value>(_ body: () throws -> Value) throws -> Value {
            if let doom { throw doom }
            do {
                return try body()
            } catch {
                self.doom = error
                throw error
            }
        }

        private func requireWriting() throws -> LogTail {
            guard let tail else { throw EventStoreError(.readOnly, "a reading transaction cannot write") }
            return tail
        }

        /// What can fail by itself, or writes, is done inside a savepoint of the unit.
        private func beginSavepoint() throws {
            guard let tail, let mark, !self.hasSavepoint else { return }
            let earlier = tail.takeUnsent(before: mark)
            if !earlier.isEmpty { try self.connection.send(EventRows.insert, EventRows.values(earlier)) }
            try self.connection.send("SAVEPOINT unit")
            self.hasSavepoint = true
        }

        private func sendUnsent() throws {
            guard let own = self.tail?.takeUnsent(), !own.isEmpty else { return }
            try self.connection.send(EventRows.insert, EventRows.values(own))
        }

        // MARK: Appending

        @discardableResult
        public func append(
            _ events: [NewEvent], to stream: StreamID, expecting: ExpectedVersion,
        ) throws -> AppendResult {
            let tail = try self.requireWriting()
            if let doom { throw doom }
            let actual = try self.version(of: stream)
            if case .exactly(let expected) = expecting, expected != actual {
                throw EventStoreError.stale(stream, expected: expected, actual: actual)
            }
            for event in events { try EventRows.requireText(event) }
            return tail.append(events, to: stream, at: actual)
        }

        // MARK: Reading

        public func read(_ stream: StreamID, after version: StreamVersion, limit: Int) throws -> [RecordedEvent] {
            try self.events("WHERE aggregate = $1 AND version > $2 AND category = $3 ORDER BY version LIMIT $4") {
                $0.append(stream.aggregateID.bytes)
                $0.append(version.value)
                try $0.append(stream.category)
                $0.append(Int64(max(0, limit)))
            }
        }

        public func read(_ stream: StreamID, causedBy cause: UniqueID) throws -> [RecordedEvent] {
            try self.events("WHERE aggregate = $1 AND category = $2 AND causation = $3 ORDER BY version") {
                $0.append(stream.aggregateID.bytes)
                try $0.append(stream.category)
                $0.append(cause.bytes)
            }
        }

        public func readAll(after position: Position, limit: Int) throws -> [RecordedEvent] {
            try self.events("WHERE position > $1 ORDER BY position LIMIT $2") {
                $0.append(position.value)
                $0.append(Int64(max(0, limit)))
            }
        }

        private func events(_ condition: String, _ bind: (inout WireValues) throws -> Void) throws -> [RecordedEvent] {
            let result = try self.rows("SELECT * FROM events \(condition)", seesLog: true, bind)
            return try (0..<result.rowCount).map { try EventRows.event(result, $0, source: self.source) }
        }

        public func version(of stream: StreamID) throws -> StreamVersion {
            if let known = self.tail?.version(of: stream) { return known }
            let result = try self.rows(
                "SELECT version FROM events WHERE aggregate = $1 AND category = $2 ORDER BY version DESC LIMIT 1"
            ) {
                $0.append(stream.aggregateID.bytes)
                try $0.append(stream.category)
            }
            let version = StreamVersion(result.rowCount == 0 ? 0 : result.integer(0, 0))
            self.tail?.learn(stream, version)
            return version
        }

        public func head() throws -> Position {
            if let tail { return tail.head }
            if let knownHead { return knownHead }
            let head = Position(try self.rows(Self.headQuery) { _ in }.integer(0, 0))
            self.knownHead = head
            return head
        }

        static let headQuery = "SELECT coalesce(max(position), 0) FROM events"

        /// - Parameter seesLog: whether the rows may depend on events that have not been sent yet.
        private func rows(
            _ sql: String, seesLog: Bool = false, _ bind: (inout WireValues) throws -> Void,
        ) throws -> PostgreSQLResult {
            var values = WireValues()
            try bind(&values)
            return try self.guarded {
                if seesLog, self.tail?.unsent.isEmpty == false {
                    try self.beginSavepoint()
                    try self.sendUnsent()
                }
                return try self.connection.query(sql, values)
            }
        }

        // MARK: Checkpoints and snapshots

        public func checkpoint(_ name: String) throws -> Position {
            let result = try self.rows("SELECT position FROM checkpoints WHERE name = $1") { try $0.append(name) }
            return Position(result.rowCount == 0 ? 0 : result.integer(0, 0))
        }

        public func setCheckpoint(_ name: String, to position: Position) throws {
            try self.send(
                "INSERT INTO checkpoints VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET position = excluded.position"
            ) {
                try $0.append(name)
                $0.append(position.value)
            }
        }

        public func snapshot(of stream: StreamID) throws -> Snapshot? {
            let result = try self.rows(
                "SELECT version, schema_version, data FROM snapshots WHERE category = $1 AND aggregate = $2"
            ) {
                try $0.append(stream.category)
                $0.append(stream.aggregateID.bytes)
            }
            guard result.rowCount > 0 else { return nil }
            return Snapshot(
                version: StreamVersion(result.integer(0, 0)), schemaVersion: Int(result.integer(0, 1)),
                data: [UInt8](result.bytes(0, 2)))
        }

        public func saveSnapshot(_ snapshot: Snapshot, of stream: StreamID) throws {
            try self.send(
                """
                INSERT INTO snapshots VALUES ($1, $2, $3, $4, $5) ON CONFLICT (category, aggregate) DO UPDATE SET
                    version = excluded.version, schema_version = excluded.schema_version, data = excluded.data
                """
            ) {
                try $0.append(stream.category)
                $0.append(stream.aggregateID.bytes)
                $0.append(snapshot.version.value)
                $0.append(Int64(snapshot.schemaVersion))
                try $0.append(String(decoding: snapshot.data, as: UTF8.self))
            }
        }

        /// Writes without waiting: the batch waits for it before it commits.
        private func send(_ sql: String, _ bind: (inout WireValues) throws -> Void) throws {
            _ = try self.requireWriting()
            var values = WireValues()
            try bind(&values)
            try self.guarded {
                try self.beginSavepoint()
                try self.connection.send(sql, values)
            }
        }
    }
#endif
