#if PostgreSQL
    import Essentials
    import EventSourcing
    import EventSourcingTesting
    import Foundation
    import StoragePostgreSQL
    import Synchronization
    import Testing

    @Suite(.postgreSQL, .timeLimit(.minutes(30)))
    struct KillTests {
        /// `make kill-database` asks for more.
        private static let kills = ProcessInfo.processInfo.environment["KILLS"].flatMap(Int.init) ?? 3

        @Test func `a server that is killed under load loses nothing that was acknowledged`() async throws {
            let server = try TestServer()
            let store = try await PostgreSQLStore.open(.test(server), service: "test")
            let chance = Chance(seed: 7)
            let book = AppendBook()
            for kill in 0..<Self.kills {
                try await withThrowingTaskGroup { group in
                    for writer in 0..<16 {
                        group.addTask {
                            await Self.appendUntilRefused(store, SampleEvents(seed: UInt64(kill * 16 + writer)), book)
                        }
                    }
                    // Some way into the load, and wherever in a transaction that may be.
                    let target = Position(
                        try await store.transactor.read { try $0.head() }.value + Int64(20 + chance.below(280)))
                    await store.transactor.commits.wait(after: target)
                    try server.kill()
                    try await group.waitForAll()
                }
                try server.restart()
                let log = try await store.transactor.read { try $0.readAll(after: .start, limit: .max) }
                let (acknowledged, doubtful) = book.contents
                let kept = Set(log.map(\.id))
                #expect(acknowledged.isSubset(of: kept), "kill \(kill)")
                #expect(kept.isSubset(of: acknowledged.union(doubtful)), "kill \(kill)")
                #expect(LogHistory().anomalies(in: log) == [], "kill \(kill)")
            }
            #expect(book.contents.acknowledged.count >= Self.kills * 20)
        }

        private static func appendUntilRefused(
            _ store: PostgreSQLStore, _ sample: SampleEvents, _ book: AppendBook
        ) async {
            let stream = sample.stream()
            while true {
                let event = sample.event()
                do {
                    try await store.append([event], to: stream, expecting: .any)
                    book.acknowledged(event.id)
                } catch {
                    return book.doubted(event.id)
                }
            }
        }
    }

    /// Which events were acknowledged, and of which nobody knows.
    private final class AppendBook: Sendable {
        private let state = Mutex((acknowledged: Set<UniqueID>(), doubtful: Set<UniqueID>()))

        var contents: (acknowledged: Set<UniqueID>, doubtful: Set<UniqueID>) { self.state.withLock { $0 } }

        func acknowledged(_ id: UniqueID) { self.state.withLock { _ = $0.acknowledged.insert(id) } }
        func doubted(_ id: UniqueID) { self.state.withLock { _ = $0.doubtful.insert(id) } }
    }
#endif
