#if PostgreSQL
    import Essentials
    import EssentialsTesting
    import EventSourcing
    import Synchronization
    import Testing

    @testable import StoragePostgreSQL

    @Suite struct PoolMachineTests {
        private var machine = PoolMachine(limit: 2, maximumWaiting: 2, idleTime: .seconds(60))

        @Test mutating func `who comes when all slots are lent waits, and is served in order`() {
            #expect(self.machine.ask(1) == .use(0))
            #expect(self.machine.ask(2) == .use(1))
            #expect(self.machine.ask(3) == .wait)
            #expect(self.machine.ask(4) == .wait)
            #expect(self.machine.ask(5) == .refuse)
            #expect(self.machine.release(1, at: Self.second(0)) == .handOver(slot: 1, to: 3))
            #expect(self.machine.release(0, at: Self.second(0)) == .handOver(slot: 0, to: 4))
            #expect(self.machine.inUse == 2)
        }

        @Test mutating func `who gives up is not served any more`() {
            for id in UInt64(1)...4 { _ = self.machine.ask(id) }
            let gaveUp = [self.machine.giveUp(3), self.machine.giveUp(3)]
            #expect(gaveUp == [true, false])
            #expect(self.machine.release(0, at: Self.second(0)) == .handOver(slot: 0, to: 4))
            let isTooLate = !self.machine.giveUp(4)
            #expect(isTooLate)
        }

        @Test mutating func `the slot that was used last is lent first, and one that rests too long is closed once`() {
            _ = self.machine.ask(1)
            _ = self.machine.ask(2)
            #expect(self.machine.release(1, at: Self.second(0)) == .rest(idle: []))
            #expect(self.machine.release(0, at: Self.second(1)) == .rest(idle: []))
            #expect(self.machine.ask(3) == .use(0))
            #expect(self.machine.release(0, at: Self.second(60)) == .rest(idle: [1]))
            #expect(self.machine.ask(4) == .use(0))
            #expect(self.machine.release(0, at: Self.second(200)) == .rest(idle: []))
        }

        private static func second(_ second: Int64) -> Tick { Tick(nanoseconds: second * 1_000_000_000) }
    }

    @Suite(.postgreSQL, .timeLimit(.minutes(5)))
    struct PoolTests {
        @Test func `300 workers share 90 connections, and nobody goes without`() async throws {
            let (server, _) = try SharedServer.server()
            let reports = Reports()
            let database = try PostgreSQLDatabase.test(server) { configuration in
                configuration.writeConnections = 30
                configuration.readConnections = 60
                configuration.observe = { reports.add($0) }
            }
            let store = try await PostgreSQLStore.open(database, schema: server.freshSchema(), service: "test")
            try await withThrowingTaskGroup { group in
                for _ in 0..<300 {
                    group.addTask {
                        for _ in 0..<5 {
                            let rows = try await store.transactor.read { try $0.query("SELECT 1 AS one") }
                            #expect(rows.count == 1)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let statistics = database.statistics
            #expect(statistics.read.opened <= 60 && statistics.write.opened <= 30)
            #expect(statistics.read.refused == 0 && statistics.read.waiting == 0 && statistics.read.inUse == 0)
            #expect(reports.all.first == .saturated(pool: "read", inUse: 48, limit: 60))
            #expect(reports.all.last == .relaxed(pool: "read"))
        }

        @Test func `who waits too long for a connection is told so, and the connection is not lost`() async throws {
            let (server, _) = try SharedServer.server()
            let clock = TestClock()
            var configuration = PostgreSQLDatabase.Configuration()
            configuration.readConnections = 1
            configuration.waitLimit = .seconds(5)
            let database = try PostgreSQLDatabase(
                url: Redacted(server.url), configuration: configuration, time: TimeSource(clock))
            let store = try await PostgreSQLStore.open(database, schema: server.freshSchema(), service: "test")
            let gate = try PostgreSQLConnection(
                .init(url: Redacted(server.url), patience: .seconds(20), name: "gate"), time: .system)
            _ = try gate.query("SELECT pg_advisory_lock(4711)")
            async let first = store.transactor.read {
                try $0.query("SELECT 1 AS one FROM pg_advisory_xact_lock(4711)").count
            }
            while database.statistics.read.inUse == 0 { await Task.yield() }
            async let second = store.transactor.read { try $0.query("SELECT 1 AS one").count }
            while database.statistics.read.waiting == 0 { await Task.yield() }
            clock.advance(by: .seconds(5))
            do {
                _ = try await second
                Issue.record("the second reader got a connection")
            } catch let error as EventStoreError {
                #expect(error.code == .unavailable)
            }
            _ = try gate.query("SELECT pg_advisory_unlock(4711)")
            #expect(try await first == 1)
            #expect(try await store.transactor.read { try $0.query("SELECT 1 AS one").count } == 1)
            #expect(database.statistics.read.refused == 1)
        }

        @Test func `a connection is made anew when it is old`() async throws {
            let (server, _) = try SharedServer.server()
            let clock = TestClock()
            var configuration = PostgreSQLDatabase.Configuration()
            configuration.maximumAge = .seconds(60)
            let database = try PostgreSQLDatabase(
                url: Redacted(server.url), configuration: configuration, time: TimeSource(clock))
            let store = try await PostgreSQLStore.open(database, schema: server.freshSchema(), service: "test")
            for expected in [1, 1, 2] {
                _ = try await store.transactor.read { try $0.head() }
                #expect(database.statistics.read.opened == expected)
                clock.advance(by: .seconds(40))
            }
        }
    }

    private final class Reports: Sendable {
        private let state = Mutex<[PoolReport]>([])

        var all: [PoolReport] { self.state.withLock { $0 } }
        func add(_ report: PoolReport) { self.state.withLock { $0.append(report) } }
    }
#endif
