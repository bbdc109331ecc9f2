import Essentials
import EventSourcing
import StorageSQLite
import StorageSQLiteTesting
import Testing

struct SimulationSnippets {
    @Test func `what was acknowledged survives the loss of power`() async throws {
        // snippet Docs/Simulation.md
        let disk = SimulatedDisk(.init(seed: 7))
        func open() throws -> SQLiteStore {
            try SQLiteStore(
                path: "orders.sqlite", service: "orders", migrations: SQLiteStore.kitMigrations,
                configuration: .init(on: disk), writeExecutor: InlineExecutor(), readExecutor: InlineExecutor())
        }
        let store = try open()
        // Acknowledged: it must survive.
        try await store.transactor.write { try $0.setCheckpoint("mails", to: Position(7)) }
        // The power goes; `store` is dead.
        disk.crash()
        let again = try open()
        // end
        #expect(try await again.transactor.read { try $0.checkpoint("mails") } == Position(7))
    }
}
