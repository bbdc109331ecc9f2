import Essentials
import Foundation
import Testing

/// Writes the pictures and the table of `Docs/Resilience/Overload.md` anew: `make overload-plots`.
@Suite("The pictures of overload", .enabled(if: ProcessInfo.processInfo.environment["OVERLOAD_PLOTS"] != nil))
struct OverloadPlots {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Docs/Resilience")

    @Test func `are drawn`() throws {
        var rows: [String] = []
        for (scenario, file) in [
            (Scenario.step, "overload-step"), (.storm, "overload-storm"), (.slow, "overload-slow"),
            (.recovering, "overload-recovering"),
        ] {
            let outcomes = Scenario.Protection.allCases.map { scenario.play($0) }
            try Plot(scenario: scenario, outcomes: outcomes).svg
                .write(to: Self.folder.appending(path: "\(file).svg"), atomically: true, encoding: .utf8)
            rows += outcomes.map { Self.row($0) }
        }
        try self.replaceTable(rows)
    }

    private static func row(_ outcome: Scenario.Outcome) -> String {
        let scenario = outcome.scenario
        // Where the trouble is an outage there is nothing to use during it: look at the time after.
        let isOutage = scenario.capacity(at: .seconds(scenario.trouble.lowerBound)) == 0
        let watched =
            isOutage
            ? scenario.trouble.upperBound..<scenario.length
            : scenario.trouble.lowerBound..<max(scenario.trouble.upperBound, scenario.trouble.lowerBound + 7)
        let use = "\(Int((outcome.useOfCapacity(watched) * 100).rounded(.down))) %"
        let p99 = outcome.summary(watched).p99.map { "\((Double($0.milliseconds) / 1_000)) s" } ?? "–"
        let recovery = outcome.recovery.map { "\(Int($0)) s" } ?? "never"
        return "| \(scenario.name) | \(outcome.protection.title) | \(use) | \(p99) | \(recovery) | \(outcome.backlog) |"
    }

    private func replaceTable(_ rows: [String]) throws {
        let page = Self.folder.appending(path: "Overload.md")
        let lines = try String(contentsOf: page, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        let first = try #require(lines.firstIndex { $0.hasPrefix("| --- ") })
        let last = lines[first...].firstIndex { !$0.hasPrefix("|") } ?? lines.endIndex
        let text = lines[...first].map(String.init) + rows + lines[last...].map(String.init)
        try text.joined(separator: "\n").write(to: page, atomically: true, encoding: .utf8)
    }
}

extension Scenario.Protection {
    fileprivate var title: String {
        switch self {
        case .none: "none"
        case .pipeline: "default pipeline"
        case .patient: "same, breaker asks after 60 s"
        case .edge: "shedding and adaptive limit at the service"
        }
    }

    fileprivate var colour: String {
        switch self {
        case .none: "#c0392b"
        case .pipeline: "#1f5fa8"
        case .patient: "#7fb2e5"
        case .edge: "#2e8b57"
        }
    }
}

/// What was served in time, second by second.
private struct Plot {
    let scenario: Scenario
    let outcomes: [Scenario.Outcome]
    private let width = 720.0
    private let height = 300.0
    private let left = 50.0
    private let top = 40.0

    init(scenario: Scenario, outcomes: [Scenario.Outcome]) {
        self.scenario = scenario
        self.outcomes = outcomes
    }

    private var seconds: [Double] { Array(stride(from: 0, to: self.scenario.length, by: 1)) }
    private var ceiling: Double { 160 }

    private func x(_ second: Double) -> Double {
        self.left + second / self.scenario.length * (self.width - self.left - 20)
    }

    private func y(_ rate: Double) -> Double {
        self.top + (1 - min(rate, self.ceiling) / self.ceiling) * (self.height - self.top - 40)
    }

    private func line(_ values: [Double], _ style: String) -> String {
        let points = zip(self.seconds, values).map { "\(Int(self.x($0 + 0.5))),\(Int(self.y($1)))" }
        return "<polyline fill=\"none\" \(style) points=\"\(points.joined(separator: " "))\"/>"
    }

    private func text(_ x: Double, _ y: Double, _ text: String, _ extra: String = "") -> String {
        "<text x=\"\(Int(x))\" y=\"\(Int(y))\" \(extra)>\(text)</text>"
    }

    var svg: String {
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(Int(self.width))\" height=\"\(Int(self.height))\" "
                + "font-family=\"sans-serif\" font-size=\"11\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
            self.text(self.left, 16, self.scenario.name, "font-size=\"14\" font-weight=\"bold\""),
            "<rect x=\"\(Int(self.x(self.scenario.trouble.lowerBound)))\" y=\"\(Int(self.top))\" "
                + "width=\"\(Int(self.x(self.scenario.trouble.upperBound) - self.x(self.scenario.trouble.lowerBound)))\" "
                + "height=\"\(Int(self.height - self.top - 40))\" fill=\"#f5ecd8\"/>",
        ]
        for rate in stride(from: 0.0, through: self.ceiling, by: 40) {
            let (x, y) = (Int(self.width - 20), Int(self.y(rate)))
            parts.append("<line x1=\"\(Int(self.left))\" y1=\"\(y)\" x2=\"\(x)\" y2=\"\(y)\" stroke=\"#ddd\"/>")
            parts.append(self.text(self.left - 6, Double(y) + 4, "\(Int(rate))", "text-anchor=\"end\""))
        }
        for second in stride(from: 0, through: self.scenario.length, by: 10) {
            parts.append(self.text(self.x(second), self.height - 24, "\(Int(second)) s", "text-anchor=\"middle\""))
        }
        let capacity = self.seconds.map { self.scenario.capacity(at: .seconds($0 + 0.5)) }
        parts.append(self.line(capacity, "stroke=\"#888\" stroke-dasharray=\"5 4\""))
        for outcome in self.outcomes {
            let served = self.seconds.map { outcome.summary($0..<($0 + 1)).goodput }
            parts.append(self.line(served, "stroke=\"\(outcome.protection.colour)\" stroke-width=\"1.8\""))
        }
        parts.append(self.text(self.left, 32, "served in time, per second; capacity dashed; the trouble shaded"))
        var x = self.left
        for outcome in self.outcomes {
            let fill = "fill=\"\(outcome.protection.colour)\""
            parts.append(self.text(x, self.height - 6, outcome.protection.title, fill))
            x += Double(outcome.protection.title.count) * 6.2 + 18
        }
        return (parts + ["</svg>", ""]).joined(separator: "\n")
    }
}
