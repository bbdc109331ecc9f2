import Essentials
import EssentialsTesting
import EventSourcing
import StorageSQLite
import StorageSQLiteTesting

extension SimulatedDisk {
    /// Opens a database of the disk on the thread of the caller.
    func open(
        _ path: String = "log.sqlite", migrations: [Migration] = [], seed: UInt64 = 1,
        _ change: (inout SQLiteStore.Configuration) -> Void = { _ in },
    ) throws -> SQLiteStore {
        var configuration = SQLiteStore.Configuration(on: self)
        change(&configuration)
        return try SQLiteStore(
            path: path, service: "test", migrations: migrations, configuration: configuration, ids: .seeded(seed),
            writeExecutor: InlineExecutor(), readExecutor: InlineExecutor())
    }
}

extension SQLiteStore {
    func log() async throws -> [RecordedEvent] {
        try await self.transactor.read { try $0.readAll(after: .start, limit: .max) }
    }
}
