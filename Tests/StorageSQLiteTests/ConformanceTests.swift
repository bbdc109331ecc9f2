import Essentials
import EventSourcing
import EventSourcingTesting
import StorageSQLite
import Testing

@Suite(.timeLimit(.minutes(10)))
struct ConformanceTests {
    @Test(arguments: EventStoreConformance.allCases)
    func `a file behind a thread of its own keeps the rule`(_ rule: EventStoreConformance) async throws {
        let directory = try TestDirectory()
        try await rule.check {
            try SQLiteStore(path: directory.freshPath(), service: "test").transactor.map { $0 }
        }
    }

    @Test(arguments: EventStoreConformance.allCases)
    func `a file without a thread keeps the rule`(_ rule: EventStoreConformance) async throws {
        let directory = try TestDirectory()
        try await rule.check { try SQLiteStore.open(directory.freshPath()).transactor.map { $0 } }
    }

    @Test(arguments: EventStoreConformance.allCases)
    func `a store in memory behind a thread of its own keeps the rule`(_ rule: EventStoreConformance) async throws {
        try await rule.check { try SQLiteStore(path: ":memory:", service: "test").transactor.map { $0 } }
    }

    @Test(arguments: EventStoreConformance.allCases)
    func `a store in memory without a thread keeps the rule`(_ rule: EventStoreConformance) async throws {
        try await rule.check { try SQLiteStore.open(":memory:").transactor.map { $0 } }
    }
}
