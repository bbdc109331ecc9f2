import Essentials
import EssentialsTesting
import EventSourcing
import Foundation
import Messaging
import MessagingTesting
import StorageSQLite
import Testing

@Suite(.timeLimit(.minutes(10)))
struct MessagingStoreTests {
    @Test(arguments: MessagingConformance.allCases)
    func `the in-memory store keeps the rule`(_ rule: MessagingConformance) async throws {
        try await rule.check {
            let source = EventSource(service: "test", epoch: IDSource.seeded(1).next())
            return InMemoryStore(source: source).transactor.map { $0 }
        }
    }

    @Test(arguments: MessagingConformance.allCases)
    func `the SQLite store keeps the rule`(_ rule: MessagingConformance) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "inbox-\(IDSource.system.next())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        var configuration = SQLiteStore.Configuration()
        // Alone in its database, a consumer would wait for others in vain.
        configuration.gatherDelay = .zero
        try await rule.check { [configuration] in
            try SQLiteStore(
                path: directory.appending(path: "\(IDSource.system.next()).sqlite").path, service: "test",
                migrations: SQLiteMessaging.migrations, configuration: configuration
            ).transactor.map { $0 }
        }
    }
}
