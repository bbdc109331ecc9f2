import ArgumentParser
import Essentials
import Foundation

/// `mainstay sagas`: sees and steers the sagas of the services that run them.
struct SagasCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sagas", abstract: "Lists, shows, retries and compensates sagas.",
        subcommands: [List.self, Show.self, Retry.self, Compensate.self])

    /// The services that run sagas.
    static let owners = ["orders", "transfers"]

    struct Options: ParsableArguments {
        @Option(help: "The data directory. Default: ./.mainstay")
        var data = ".mainstay"

        @Flag(help: "Print JSON.")
        var json = false
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists sagas, in the order of their ids.")

        @OptionGroup var options: Options

        @Option(help: "Only sagas in this state: running, waiting, compensating, completed, compensated, parked.")
        var status: String?

        @Option(help: "The most sagas of each service. Default: 50")
        var limit = 50

        func run() async throws {
            try await AdminClient.with(data: self.options.data) { try await self.list($0) }
        }

        private func list(_ client: AdminClient) async throws {
            var rows: [[String]] = [["SERVICE", "ID", "SAGA", "STATUS", "UPDATED"]]
            var all: [JSONValue] = []
            for service in SagasCommand.owners {
                let filter = self.status.map { "&status=\($0)" } ?? ""
                let page = try await client.call("GET", service, "/internal/sagas?limit=\(self.limit)\(filter)")
                for item in page["items"]?.array ?? [] {
                    all.append(item.setting("service", to: .string(service)))
                    rows.append(
                        [service]
                            + ["id", "definition", "status", "updatedAt"].map { item[$0]?.string ?? "-" })
                }
            }
            if self.options.json {
                Terminal.line(String(decoding: JSONValue.array(all).serialized, as: UTF8.self))
            } else {
                Terminal.table(rows)
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows one saga: every step, its attempts, and where and why it failed.")

        @OptionGroup var options: Options
        @Argument(help: "The saga's id.") var id: String

        func run() async throws {
            try await AdminClient.with(data: self.options.data) { try await self.show($0) }
        }

        private func show(_ client: AdminClient) async throws {
            let (_, saga) = try await SagasCommand.find(self.id, client)
            guard !self.options.json else {
                Terminal.line(String(decoding: saga.serialized, as: UTF8.self))
                return
            }
            for member in ["id", "definition", "status", "startedAt", "updatedAt"] {
                if let text = saga[member]?.string { Terminal.line("\(member): \(text)") }
            }
            for (title, member) in [("failed", "failure"), ("parked", "parkedBecause")] {
                guard let why = saga[member] else { continue }
                let parts = ["step", "rejection", "reason", "message"].compactMap { why[$0]?.string }
                Terminal.line("\(title): \(parts.joined(separator: ", "))")
            }
            var rows = [["STEP", "KIND", "ACTION", "ATTEMPTS", "COMPENSATION", "ERROR"]]
            for step in saga["steps"]?.array ?? [] {
                rows.append([
                    step["name"]?.string ?? "-", step["kind"]?.string ?? "-",
                    step["action"]?["status"]?.string ?? "-",
                    step["action"]?["attempts"]?.integer.map(String.init) ?? "-",
                    step["compensation"]?["status"]?.string ?? "-",
                    step["action"]?["error"]?.string ?? step["compensation"]?["error"]?.string ?? "",
                ])
            }
            Terminal.table(rows)
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lets a parked or waiting saga go on now.")

        @OptionGroup var options: Options
        @Argument(help: "The saga's id.") var id: String

        func run() async throws { try await SagasCommand.order("retry", self.id, self.options) }
    }

    struct Compensate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Turns a saga round: it undoes what it has done.")

        @OptionGroup var options: Options
        @Argument(help: "The saga's id.") var id: String

        func run() async throws { try await SagasCommand.order("compensate", self.id, self.options) }
    }

    private static func find(_ id: String, _ client: AdminClient) async throws -> (String, JSONValue) {
        for service in Self.owners {
            if let saga = try? await client.call("GET", service, "/internal/sagas/\(id)") { return (service, saga) }
        }
        throw CommandFailure.isFalse("no saga has the id \(id)")
    }

    private static func order(_ verb: String, _ id: String, _ options: Options) async throws {
        try await AdminClient.with(data: options.data) { client in
            let (service, _) = try await Self.find(id, client)
            let saga = try await client.call("POST", service, "/internal/sagas/\(id)/\(verb)")
            Terminal.line(
                options.json
                    ? String(decoding: saga.serialized, as: UTF8.self)
                    : "\(verb) of \(id): \(saga["status"]?.string ?? "done")")
        }
    }
}
