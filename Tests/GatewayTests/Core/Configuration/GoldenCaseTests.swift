import Foundation
import GatewayCore
import HTTPWire
import LoadBalancing
import Testing

/// A file of `Cases`: a configuration, a line of dashes, a request, a line of dashes, what is decided.
///
/// The request is `METHOD TARGET` and header lines; without one the configuration is what is judged. `RECORD=1` writes what
/// is decided now; look at the difference before it is committed.
struct GoldenCase: CustomTestStringConvertible, Sendable {
    var url: URL

    var testDescription: String {
        self.url.deletingPathExtension().lastPathComponent.replacingOccurrences(of: "-", with: " ")
    }

    static let all: [GoldenCase] = {
        let folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Cases")
        let found = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (found ?? []).filter { $0.pathExtension == "case" }.sorted { $0.path < $1.path }.map {
            GoldenCase(url: $0)
        }
    }()

    func run() throws {
        let text = try String(contentsOf: self.url, encoding: .utf8)
        var parts = text.components(separatedBy: "\n---\n")
        try #require(parts.count == 3, "\(self.url.lastPathComponent) has not three parts")
        let decided = try Self.decide(parts[0], parts[1])
        if ProcessInfo.processInfo.environment["RECORD"] != nil {
            parts[2] = decided + "\n"
            try parts.joined(separator: "\n---\n").write(to: self.url, atomically: true, encoding: .utf8)
        }
        #expect(decided + "\n" == parts[2])
    }

    private static func decide(_ yaml: String, _ request: String) throws -> String {
        let configuration: GatewayConfiguration
        do throws(ConfigurationRefused) {
            configuration = try GatewayConfiguration(yaml: yaml, known: ["users", "orders"])
        } catch {
            return error.problems.map { "refused: \($0)" }.joined(separator: "\n")
        }
        guard !request.isEmpty else { return "accepted" }
        var lines = request.split(separator: "\n").map(String.init)
        let start = lines.removeFirst().split(separator: " ").map(String.init)
        let fields = lines.map { line in
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            return (name: parts[0], value: String((parts.count > 1 ? parts[1] : "").drop { $0 == " " }))
        }
        let request = try RequestText(start[0], start[1], fields: fields)
        let table = configuration.table
        let decision = table.decide(request, peer: BalancingKey.of("client"), draw: 1)
        var decided = table.describe(decision, request).map { "\($0.name): \($0.value)" }
        // Whoever adds a route to the shop's is not to look after these files.
        guard configuration.routes != nil else { return decided.joined(separator: "\n") }
        for step in table.explain(request, peer: BalancingKey.of("client"), draw: 1).asked where !step.isChosen {
            decided.append("not \(step.route): \(step.failures.joined(separator: "; "))")
        }
        return decided.joined(separator: "\n")
    }
}

@Suite("Golden cases")
struct GoldenCaseTests {
    @Test func `there are at least forty`() {
        #expect(GoldenCase.all.count >= 40)
    }

    @Test(arguments: GoldenCase.all)
    func `a configuration decides about a request as its case says`(_ golden: GoldenCase) throws {
        try golden.run()
    }
}
