#if PostgreSQL
    import Essentials
    import EventSourcing
    import EventSourcingTesting
    import Testing

    @testable import StoragePostgreSQL

    /// Dense order is what makes a reader with a position safe. Here is what it is worth.
    @Suite(.postgreSQL, .timeLimit(.minutes(5)))
    struct OrderTests {
        private static let writers = 24
        private static let rounds = 25

        @Test func `24 writers in two processes and a tailing reader lose nothing and see dense order`() async throws {
            let (server, database) = try SharedServer.server()
            let schema = server.freshSchema()
            let stores = [
                try await PostgreSQLStore.open(database, schema: schema, service: "test"),
                try await PostgreSQLStore.open(.test(server), schema: schema, service: "test"),
            ]
            #expect(stores[0].source == stores[1].source)
            let history = LogHistory()
            let total = Self.writers * Self.rounds * 2
            async let tailed = Self.tail(stores[1], count: total)
            try await withThrowingTaskGroup { group in
                for writer in 0..<Self.writers {
                    group.addTask { try await Self.write(writer, to: stores[writer % 2], history) }
                }
                try await group.waitForAll()
            }
            let log = try await stores[0].transactor.read { try $0.readAll(after: .start, limit: .max) }
            #expect(history.anomalies(in: log) == [])
            #expect(history.acknowledgedTransactions == Self.writers * Self.rounds)
            #expect(try await tailed == log)
        }

        /// Every second transaction is a plain append, the others are closures with a read in between.
        private static func write(_ writer: Int, to store: PostgreSQLStore, _ history: LogHistory) async throws {
            let sample = SampleEvents(seed: UInt64(writer))
            let stream = sample.stream()
            for round in 0..<Int64(self.rounds) {
                let events = sample.events(2)
                let version = StreamVersion(round * 2)
                let end =
                    if round % 2 == 0 {
                        try await store.append(events, to: stream, expecting: .exactly(version))
                    } else {
                        try await store.transactor.write { unit throws in
                            _ = try unit.query("SELECT count(*) AS events FROM events")
                            return try unit.append(events, to: stream, expecting: .exactly(version))
                        }
                    }
                history.acknowledged(
                    events.enumerated().map { index, event in
                        let back = Int64(events.count - 1 - index)
                        return RecordedEvent(
                            event: event, source: store.source, stream: stream,
                            version: StreamVersion(end.version.value - back),
                            position: Position(end.position.value - back))
                    })
            }
        }

        /// Reads what comes behind the last position, again and again, as every follower does.
        private static func tail(_ store: PostgreSQLStore, count: Int) async throws -> [RecordedEvent] {
            var seen: [RecordedEvent] = []
            while seen.count < count {
                let after = seen.last?.position ?? .start
                await store.transactor.commits.wait(after: after)
                seen += try await store.transactor.read { try $0.readAll(after: after, limit: 100) }
            }
            return seen
        }

        @Test func `the same reader over a sequence loses an event`() async throws {
            let (server, _) = try SharedServer.server()
            let schema = server.freshSchema()
            let options = PostgreSQLConnection.Options(url: Redacted(server.url), patience: .seconds(20), name: "naive")
            let (slow, fast) = (
                try PostgreSQLConnection(options, time: .system), try PostgreSQLConnection(options, time: .system)
            )
            _ = try slow.query("CREATE TABLE \(schema) (position bigserial PRIMARY KEY, name text)")
            _ = try slow.query("BEGIN")
            _ = try slow.query("INSERT INTO \(schema) (name) VALUES ('first')")
            _ = try fast.query("INSERT INTO \(schema) (name) VALUES ('second')")
            var last: Int64 = 0
            var seen: [String] = []
            func read() throws {
                let rows = try fast.query(
                    "SELECT position, name FROM \(schema) WHERE position > \(last) ORDER BY position")
                for row in 0..<rows.rowCount {
                    last = rows.integer(row, 0)
                    seen.append(rows.text(row, 1))
                }
            }
            try read()
            _ = try slow.query("COMMIT")
            try read()
            #expect(seen == ["second"])
            #expect(try fast.query("SELECT count(*) FROM \(schema)").integer(0, 0) == 2)
        }
    }
#endif
