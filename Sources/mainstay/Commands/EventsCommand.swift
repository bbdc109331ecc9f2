import ArgumentParser
import Chassis
import Essentials
import EventSourcing
import Foundation
import Messaging
import StorageSQLite

/// `mainstay events`: reads and checks the logs of the services.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Follows, reads and verifies the logs of the services.",
        subcommands: [Tail.self, Read.self, Replay.self, Verify.self])

    struct Options: ParsableArguments {
        @Option(help: "The data directory. Default: ./.mainstay")
        var data = ".mainstay"

        @Flag(help: "Print one JSON object a line (CloudEvents).")
        var json = false
    }

    struct Tail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the events of a running service as they come.")

        @OptionGroup var options: Options
        @Option(help: "Which service.") var service = "orders"
        @Flag(help: "Begin with the first event instead of the next.") var fromStart = false

        func run() async throws {
            guard Instance.running(in: self.options.data) != nil else {
                throw CommandFailure.environment(
                    "no mainstay runs on \(self.options.data), so nothing comes; events read shows what is there")
            }
            try await AdminClient.with(data: self.options.data) { try await self.follow($0) }
        }

        private func follow(_ client: AdminClient) async throws {
            var cursor = self.fromStart ? nil : try EventsCommand.end(of: self.service, self.options)
            while true {
                let after = cursor.map { "&after=\($0)" } ?? ""
                let page = try await client.call("GET", self.service, "/internal/events?limit=200&wait=20\(after)")
                let decoded = try CloudEventCoding.decodePage(page.serialized)
                for event in decoded.events { EventsCommand.show(event, self.options) }
                cursor = decoded.next.description
            }
        }
    }

    struct Read: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints one stream, such as order-UUID.")

        @OptionGroup var options: Options
        @Argument(help: "The stream: CATEGORY-UUID.") var stream: String

        func run() async throws {
            guard let stream = StreamID(self.stream) else {
                throw CommandFailure.usage("a stream is named CATEGORY-UUID, not '\(self.stream)'")
            }
            for service in EventsCommand.services(in: self.options.data) {
                let store = try EventsCommand.open(service, self.options)
                var version = StreamVersion.zero
                while true {
                    let after = version
                    let page = try await store.transactor.read { try $0.read(stream, after: after, limit: 500) }
                    for event in page { EventsCommand.show(event, self.options) }
                    guard let last = page.last else { break }
                    version = last.version
                }
                if version > .zero { return }
            }
            throw CommandFailure.isFalse("no service has a stream \(self.stream)")
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Empties a read model and builds it again from the first event.")

        @OptionGroup var options: Options
        @Argument(help: "The read model.") var projection: String
        @Option(help: "Which service it belongs to. Default: the one that has it.") var service: String?

        func run() async throws {
            try await AdminClient.with(data: self.options.data) { client in
                for service in self.service.map({ [$0] }) ?? KeyRegistry.services {
                    let names = try await client.call("GET", service, "/internal/read-models")["items"]?.array ?? []
                    guard names.contains(.string(self.projection)) else { continue }
                    _ = try await client.call("POST", service, "/internal/read-models/\(self.projection)/rebuild")
                    Terminal.line("\(self.projection) of \(service) is built again")
                    return
                }
                throw CommandFailure.isFalse("no read model is called '\(self.projection)'")
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks that every log is dense and every ledger balances, and prints digests of logs and tables."
        )

        @OptionGroup var options: Options

        func run() async throws {
            var rows = [["SERVICE", "EVENTS", "LOG", "READ MODELS", "LEDGER"]]
            var problems: [String] = []
            for service in EventsCommand.services(in: self.options.data) {
                let store = try EventsCommand.open(service, self.options)
                let report = try await store.transactor.read { try LogReport($0) }
                problems += report.problems.map { "\(service): \($0)" }
                rows.append([
                    service, String(report.events), report.logDigest, report.tableDigest, report.ledgers,
                ])
            }
            Terminal.table(rows)
            guard problems.isEmpty else { throw CommandFailure.isFalse(problems.joined(separator: "\n")) }
        }
    }

    static func services(in directory: String) -> [String] {
        KeyRegistry.services.filter { FileManager.default.fileExists(atPath: "\(directory)/\($0).sqlite") }
    }

    static func open(_ service: String, _ options: Options) throws -> SQLiteStore {
        guard let blueprint = ServiceBlueprint.named(service) else {
            throw CommandFailure.usage("no service is called '\(service)'")
        }
        var configuration = SQLiteStore.Configuration()
        configuration.isReadOnly = true
        do {
            return try SQLiteStore(
                path: "\(options.data)/\(service).sqlite", service: service,
                migrations: SQLiteStore.kitMigrations + blueprint.migrations, configuration: configuration)
        } catch let error as EventStoreError {
            throw CommandFailure.environment(error.message)
        }
    }

    private static func end(of service: String, _ options: Options) throws -> String {
        let store = try Self.open(service, options)
        return Cursor(epoch: store.source.epoch, position: store.transactor.commits.head).description
    }

    private static func show(_ event: RecordedEvent, _ options: Options) {
        if options.json {
            Terminal.line(String(decoding: CloudEventCoding.encode(event), as: UTF8.self))
        } else {
            let data = String(decoding: event.event.data, as: UTF8.self)
            Terminal.line("\(event.position) \(event.timestamp) \(event.stream)@\(event.version) \(event.type) \(data)")
        }
    }
}
