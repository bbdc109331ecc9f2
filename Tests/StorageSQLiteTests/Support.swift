import Essentials
import EssentialsTesting
import EventSourcing
import EventSourcingTesting
import Foundation
import StorageSQLite

/// A directory of its own for each test, gone with it.
final class TestDirectory: Sendable {
    let url: URL

    init() throws {
        self.url = FileManager.default.temporaryDirectory.appending(path: "storage-\(IDSource.system.next())")
        try FileManager.default.createDirectory(at: self.url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: self.url) }

    func path(_ name: String = "log.sqlite") -> String { self.url.appending(path: name).path }

    func freshPath() -> String { self.path("\(IDSource.system.next()).sqlite") }

    func read(_ name: String) throws -> Data {
        let path = self.path(name)
        return FileManager.default.fileExists(atPath: path) ? try Data(contentsOf: URL(filePath: path)) : Data()
    }

    func write(_ data: Data, to name: String) throws { try data.write(to: URL(filePath: self.path(name))) }
}

/// The files of a database at one instant, as a crash would leave them.
struct DiskImage {
    var database: Data
    var log: Data

    init(database: Data, log: Data) {
        self.database = database
        self.log = log
    }

    init(of name: String = "log.sqlite", in directory: TestDirectory) throws {
        self.init(database: try directory.read(name), log: try directory.read("\(name)-wal"))
    }

    /// Puts the files down as a database of another name, without the shared memory, which no crash of a machine leaves.
    func restore(as name: String, in directory: TestDirectory) throws -> String {
        try directory.write(self.database, to: name)
        try directory.write(self.log, to: "\(name)-wal")
        return directory.path(name)
    }
}

extension SQLiteStore {
    static func open(
        _ path: String, service: String = "test", migrations: [Migration] = [], isReadOnly: Bool = false,
        _ change: (inout Configuration) -> Void = { _ in },
    ) throws -> SQLiteStore {
        var configuration = Configuration()
        configuration.isReadOnly = isReadOnly
        configuration.busyTimeout = .zero
        change(&configuration)
        return try SQLiteStore(
            path: path, service: service, migrations: migrations, configuration: configuration,
            writeExecutor: InlineExecutor(), readExecutor: InlineExecutor())
    }

    func log() async throws -> [RecordedEvent] {
        try await self.transactor.read { try $0.readAll(after: .start, limit: .max) }
    }
}
