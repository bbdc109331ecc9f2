#if PostgreSQL
    import Essentials
    import EventSourcing

    /// One log: a schema of a database. Begins and ends its transactions.
    struct PostgreSQLLog: Sendable {
        /// For messages: the database and the schema.
        let name: String
        let schema: String
        let source: EventSource
        /// Who appends holds this lock of the database.
        let lock: Int64

        init(database: String, schema: String, source: EventSource) {
            self.name = "\(database), schema \(schema)"
            self.schema = schema
            self.source = source
            self.lock = Self.lock(of: schema)
        }

        static func lock(of schema: String) -> Int64 { Int64(bitPattern: FNV1a.hash("mainstay/log/\(schema)")) }

        /// A transaction that writes. The settings last as long as it does, so that a connection may be anybody's.
        private static let settings = """
            SELECT set_config('search_path', $1, true), set_config('idle_in_transaction_session_timeout', '20s', true),
                CASE WHEN current_setting('synchronous_commit') IN ('off', 'local')
                    THEN set_config('synchronous_commit', 'on', true) END
            """
        private static let pathSetting = "SELECT set_config('search_path', $1, true)"
        private static let lockQuery = "SELECT pg_advisory_xact_lock($1)"
        private static let versionsQuery = """
            SELECT coalesce((SELECT version FROM events
                WHERE aggregate = asked.aggregate AND category = asked.category ORDER BY version DESC LIMIT 1), 0)
            FROM unnest($1::bytea[], $2::text[]) WITH ORDINALITY AS asked (aggregate, category, number) ORDER BY number
            """

        /// Begins a transaction that holds the log's lock.
        /// - Parameter streams: whose versions to ask for in the same round trip.
        func begin(_ connection: PostgreSQLConnection, knowing streams: [StreamID]) throws -> LogTail {
            try self.start(connection, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", Self.settings)
            var key = WireValues()
            key.append(self.lock)
            try connection.send(Self.lockQuery, key)
            // A statement of its own behind the lock: it sees what the one who held it before has committed.
            try connection.send(PostgreSQLUnit.headQuery, isWanted: true)
            let asked = Array(Set(streams))
            if !asked.isEmpty {
                var values = WireValues()
                values.ids(asked[...]) { $0.aggregateID }
                values.texts(asked[...]) { $0.category }
                try connection.send(Self.versionsQuery, values, isWanted: true)
            }
            let results = try connection.settle()
            let tail = LogTail(head: Position(results[0].integer(0, 0)))
            for (row, stream) in asked.enumerated() { tail.learn(stream, StreamVersion(results[1].integer(row, 0))) }
            return tail
        }

        /// Runs `body` in a transaction that sees one state and writes nothing.
        func read<Value>(_ connection: PostgreSQLConnection, _ body: (PostgreSQLUnit) throws -> Value) throws -> Value {
            do {
                try self.start(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", Self.pathSetting)
                let unit = PostgreSQLUnit(connection, source: self.source, tail: nil)
                let value = try body(unit)
                if let doom = unit.doom { throw doom }
                try connection.send("COMMIT")
                try connection.settle()
                return value
            } catch {
                self.rollBack(connection)
                throw self.explained(error)
            }
        }

        private func start(_ connection: PostgreSQLConnection, _ begin: String, _ settings: String) throws {
            connection.scope = self.schema
            try connection.send(begin)
            var path = WireValues()
            try path.append(SQLDialect.quoted(self.schema))
            try connection.send(settings, path)
        }

        /// Makes durable what the transaction did.
        /// - Throws: when nothing was kept, or, if the connection is lost, when that is not known; the message says which.
        func commit(_ connection: PostgreSQLConnection, _ tail: LogTail) throws {
            let unsent = tail.takeUnsent()
            if !unsent.isEmpty { try connection.send(EventRows.insert, EventRows.values(unsent)) }
            do {
                // Nothing is known of what was sent before until here: it must not be taken for the commit's own failure.
                try connection.send("COMMIT", isWanted: true)
                let result = try connection.settle().last
                guard result?.command == "COMMIT" else {
                    throw EventStoreError(.unavailable, "\(self.name): the transaction was rolled back at its end")
                }
            } catch let error as PostgreSQLError where connection.isBroken {
                throw EventStoreError(
                    .unavailable,
                    "\(self.name): \(error.message) during a commit; whether its transactions were kept is not known")
            }
        }

        /// Gives up whatever transaction there is. A connection on which that fails is of no use any more.
        func rollBack(_ connection: PostgreSQLConnection) {
            guard !connection.isBroken else { return }
            do {
                // What was still on its way is read first, whatever it says.
                do { try connection.settle() } catch let error as PostgreSQLError {
                    guard !error.isLost else { throw error }
                }
                try connection.send("ROLLBACK")
                try connection.settle()
            } catch {
                connection.abandon()
            }
        }

        func explained(_ error: any Error) -> any Error {
            (error as? PostgreSQLError).map { EventStoreError($0, database: self.name) } ?? error
        }
    }
#endif
