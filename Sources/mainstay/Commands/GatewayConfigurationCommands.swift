import ArgumentParser
import Essentials
import Foundation
import GatewayCore
import LoadBalancing

extension GatewayCommand {
    /// Reads the section `gateway` of a file.
    /// - Throws: a ``CommandFailure`` that names every problem.
    fileprivate static func configuration(_ file: String?) throws -> GatewayConfiguration {
        guard let file else { return GatewayConfiguration() }
        return try Settings.load(file: file, environment: [:], flags: [:]).gateway
    }

    fileprivate static func show(_ json: JSONValue) {
        Terminal.line(String(decoding: json.serializedInOrder, as: UTF8.self))
    }

    /// `mainstay gateway check`.
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Validates a configuration file and prints every problem.")

        @Argument(help: "The YAML file.")
        var file: String

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() async throws {
            do {
                _ = try GatewayCommand.configuration(self.file)
            } catch let failure as CommandFailure where self.json {
                // The first line says that it is refused.
                let lines = failure.message.split(separator: "\n").map { $0.drop { $0 == " " } }
                let problems = lines.count > 1 ? Array(lines.dropFirst()) : lines
                GatewayCommand.show([
                    "file": .string(self.file), "accepted": false,
                    "problems": .array(problems.map { .string(String($0)) }),
                ])
                throw ExitCode(failure.exitCode)
            }
            if self.json {
                GatewayCommand.show(["file": .string(self.file), "accepted": true, "problems": []])
            } else {
                Terminal.line("\(self.file): no problems")
            }
        }
    }

    /// `mainstay gateway explain`.
    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says where a request goes, and what kept every other route from being the one.")

        @Argument(help: "The method, such as GET.") var method: String
        @Argument(help: "Path and query, such as /v1/orders?page=2.") var target: String
        @Option(name: [.customShort("H"), .long], help: "A header: 'Name: value'. May be repeated.")
        var header: [String] = []
        @Option(help: "A YAML file with settings. Default: the shop's routes.") var config: String?
        @Option(help: "The client's address, which decides about splits that go by it.") var client = "127.0.0.1"
        @Flag(help: "Print one JSON object.") var json = false

        func run() async throws {
            let table = try GatewayCommand.configuration(self.config).table
            let request = try self.request()
            let explanation = table.explain(request, peer: BalancingKey.of(self.client))
            let lines = table.describe(explanation.decision, request)
            if self.json {
                let decision = lines.map { JSONValue.array([.string($0.name), .string($0.value)]) }
                GatewayCommand.show(explanation.json.setting("decision", to: .array(decision)))
                return
            }
            Terminal.line(explanation.summary)
            for line in lines { Terminal.line("  \(line.name): \(line.value)") }
            for step in explanation.asked where !step.isChosen {
                Terminal.line("not \(step.route): \(step.failures.joined(separator: "; "))")
            }
        }

        private func request() throws -> RequestText {
            let fields = try self.header.map { text in
                guard let colon = text.firstIndex(of: ":") else {
                    throw CommandFailure.usage("a header is 'Name: value', not '\(text)'")
                }
                let value = text[text.index(after: colon)...].drop { $0 == " " }
                return (name: String(text[..<colon]), value: String(value))
            }
            do {
                return try RequestText(self.method, self.target, fields: fields)
            } catch {
                throw CommandFailure.isFalse("this is no HTTP request and refused before any route is asked: \(error)")
            }
        }
    }

    /// `mainstay gateway diff`.
    struct Diff: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says what another configuration would change, without changing anything.")

        @Argument(help: "The YAML file in force.") var old: String
        @Argument(help: "The YAML file that would replace it.") var new: String
        @Flag(help: "Print one JSON object.") var json = false

        func run() async throws {
            let changes = try GatewayCommand.configuration(self.old).changes(to: GatewayCommand.configuration(self.new))
            if self.json {
                GatewayCommand.show([
                    "changes": .array(
                        changes.map { change in
                            [
                                "kind": .string(change.kind.rawValue), "subject": .string(change.subject),
                                "details": .array(change.details.map { .string($0) }),
                            ]
                        })
                ])
            } else if changes.isEmpty {
                Terminal.line("no changes")
            } else {
                for change in changes { Terminal.line(change.description) }
            }
        }
    }

    /// `mainstay gateway schema`.
    struct Schema: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the JSON Schema of the configuration file, for editors.")

        func run() async throws {
            FileHandle.standardOutput.write(Data(GatewayConfiguration.schemaText.utf8))
        }
    }
}
