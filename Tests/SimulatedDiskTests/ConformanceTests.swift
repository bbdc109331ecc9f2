import Essentials
import EssentialsTesting
import EventSourcing
import EventSourcingTesting
import Ledger
import LedgerTesting
import Messaging
import MessagingTesting
import Sagas
import SagasTesting
import StorageSQLite
import StorageSQLiteTesting
import Testing

@Suite(.timeLimit(.minutes(10)))
struct ConformanceTests {
    @Test(arguments: EventStoreConformance.allCases)
    func `a store on the simulated disk keeps the rule`(_ rule: EventStoreConformance) async throws {
        try await rule.check { try SimulatedDisk().open().transactor.map { $0 } }
    }

    @Test(arguments: EventStoreConformance.allCases)
    func `a store on the simulated disk behind threads keeps the rule`(_ rule: EventStoreConformance) async throws {
        try await rule.check {
            try SQLiteStore(path: "log.sqlite", service: "test", configuration: .init(on: SimulatedDisk()))
                .transactor.map { $0 }
        }
    }

    @Test(arguments: MessagingConformance.allCases)
    func `an inbox on the simulated disk keeps the rule`(_ rule: MessagingConformance) async throws {
        try await rule.check {
            try SimulatedDisk().open(migrations: SQLiteStore.kitMigrations).transactor.map { $0 }
        }
    }

    @Test(arguments: LedgerConformance.allCases)
    func `a ledger on the simulated disk keeps the rule`(_ rule: LedgerConformance) async throws {
        try await rule.check {
            try SimulatedDisk().open(migrations: SQLiteStore.kitMigrations).transactor.map { $0 }
        }
    }

    @Test(arguments: SagaJournalConformance.allCases)
    func `a journal of sagas on the simulated disk keeps the rule`(_ rule: SagaJournalConformance) async throws {
        let store = try SimulatedDisk().open(migrations: SQLiteStore.kitMigrations)
        try await rule.check(store.transactor.map { $0 as any SagaUnit })
    }
}
