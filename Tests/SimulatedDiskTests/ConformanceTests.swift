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

@Suite(.timeLimit(.minutes(3)))
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
}
