import ArgumentParser
import Essentials
import Foundation

/// What the commands that read the console's numbers have in common.
struct ConsoleOptions: ParsableArguments {
    @Option(help: "The data directory. Default: ./.mainstay")
    var data = ".mainstay"

    @Flag(help: "Print JSON.")
    var json = false

    /// Asks the console of the platform that runs on the data directory.
    /// - Throws: a ``CommandFailure`` when none runs.
    func ask(_ path: String) async throws -> JSONValue {
        guard Instance.running(in: self.data) != nil else {
            throw CommandFailure.environment("nothing runs on \(self.data); mainstay up --data \(self.data) starts it")
        }
        var answer = JSONValue.null
        try await AdminClient.with(data: self.data) { answer = try await $0.call("GET", "console", path) }
        return answer
    }

    static func print(_ value: JSONValue) { Terminal.line(String(decoding: value.serialized, as: UTF8.self)) }
}

/// `mainstay status`: how everything is.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows how all services are; 1 when one is not healthy.")

    @OptionGroup var options: ConsoleOptions

    func run() async throws {
        let overview = try await self.options.ask("/console/api/overview")
        if self.options.json {
            ConsoleOptions.print(overview)
        } else {
            StatusTable.lines(overview).forEach { Terminal.line($0) }
        }
        let states = (overview["services"]?.array ?? []).map { $0["report"]?["state"]?.string }
        guard states.allSatisfy({ $0 == "healthy" || $0 == "unknown" }) else {
            throw CommandFailure.isFalse("not every service is healthy")
        }
    }
}

/// `mainstay traces`: what happened to requests.
struct TracesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "traces", abstract: "Lists traces, the newest first, or shows one as a tree.")

    @OptionGroup var options: ConsoleOptions
    @Argument(help: "A trace's id; without one, traces are listed.") var id: String?
    @Option(help: "Only traces that this service has a part in.") var service: String?
    @Option(help: "Only traces whose first span has this in its name.") var name: String?
    @Flag(help: "Only traces with errors.") var errors = false
    @Option(help: "Only traces that took this many milliseconds or more.") var slower: Int?

    func run() async throws {
        if let id { return try await self.show(id) }
        var query: [String] = []
        let allowed = CharacterSet.alphanumerics
        for (name, value) in [("service", self.service), ("name", self.name), ("slower", self.slower.map { "\($0)" })] {
            guard let text = value?.addingPercentEncoding(withAllowedCharacters: allowed) else { continue }
            query.append("\(name)=\(text)")
        }
        if self.errors { query.append("errors=1") }
        let answer = try await self.options.ask("/console/api/traces?" + query.joined(separator: "&"))
        if self.options.json { return ConsoleOptions.print(answer) }
        var rows = [["BEGAN", "TRACE", "SERVICE", "REQUEST", "SPANS", "ERRORS", "MS"]]
        for trace in answer["items"]?.array ?? [] {
            rows.append([
                trace["startedAt"]?.string ?? "", trace["traceId"]?.string ?? "", trace["service"]?.string ?? "",
                trace["name"]?.string ?? "", trace["spans"].text, trace["errors"].text, trace["milliseconds"].rounded,
            ])
        }
        Terminal.table(rows)
    }

    private func show(_ id: String) async throws {
        let trace = try await self.options.ask("/console/api/traces/\(id)")
        if self.options.json { return ConsoleOptions.print(trace) }
        var rows = [["MS", "TOOK", "SERVICE", "SPAN"]]
        for span in trace["spans"]?.array ?? [] {
            let indent = String(repeating: "  ", count: Int(span["depth"]?.integer ?? 0))
            let began = Double(span["startMicroseconds"].text).map { $0 / 1_000 } ?? 0
            let error = span["error"]?.string.map { "  ✗ \($0)" } ?? ""
            rows.append([
                String(format: "%.1f", began), span["milliseconds"].rounded, span["service"]?.string ?? "",
                indent + (span["name"]?.string ?? "") + error,
            ])
        }
        Terminal.table(rows)
        for event in trace["events"]?.array ?? [] {
            Terminal.line("event  \(event["time"]?.string ?? "")  \(event["type"]?.string ?? "")")
        }
    }
}

/// `mainstay top`: the same as `status`, again and again.
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Shows rates, errors and times of all services, live until interrupted.")

    @OptionGroup var options: ConsoleOptions
    @Option(help: "Seconds between two looks. Default: 2") var every = 2
    @Option(help: "How many looks; 0 for no end. Default: 0, on a pipe 1.") var count: Int?

    func run() async throws {
        let looks = self.count ?? (Terminal.isInteractive ? 0 : 1)
        var done = 0
        while looks == 0 || done < looks {
            let overview = try await self.options.ask("/console/api/overview")
            if self.options.json {
                ConsoleOptions.print(overview)
            } else {
                if Terminal.isInteractive { Terminal.clear() }
                StatusTable.lines(overview).forEach { Terminal.line($0) }
            }
            done += 1
            if looks == 0 || done < looks { try await TimeSource.system.sleep(for: .seconds(max(1, self.every))) }
        }
    }
}

/// The overview as lines of text.
enum StatusTable {
    static func lines(_ overview: JSONValue) -> [String] {
        var rows = [["SERVICE", "STATE", "SINCE", "REQUESTS/S", "ERRORS", "P50 MS", "P95 MS", "P99 MS"]]
        for service in overview["services"]?.array ?? [] {
            let (report, rates) = (service["report"] ?? .null, service["rates"] ?? .null)
            rows.append([
                report["service"]?.string ?? "", report["state"]?.string ?? "", report["since"]?.string ?? "-",
                rates["requestsPerSecond"].rounded, "\(rates["errorRatio"].percent) %",
                rates["p50Milliseconds"].rounded, rates["p95Milliseconds"].rounded, rates["p99Milliseconds"].rounded,
            ])
        }
        let open = (overview["breakers"]?.array ?? []).filter { $0["state"]?.string != "CLOSED" }.map {
            "breaker  \($0["service"]?.string ?? "") → \($0["pipeline"]?.string ?? "")  \($0["state"]?.string ?? "")"
        }
        let broken = (overview["broken"]?.array ?? []).map {
            "alert  \($0["subject"]?.string ?? ""): \($0["rule"]?.string ?? "") beyond \($0["threshold"].rounded)"
        }
        return Terminal.aligned(rows) + open + broken
    }
}

extension JSONValue? {
    /// A number or a text as it is.
    fileprivate var text: String {
        switch self {
        case .number(let text), .string(let text): text
        default: ""
        }
    }

    fileprivate var rounded: String { Double(self.text).map { String(format: "%.1f", $0) } ?? "-" }
    fileprivate var percent: String { Double(self.text).map { String(format: "%.1f", $0 * 100) } ?? "-" }
}
