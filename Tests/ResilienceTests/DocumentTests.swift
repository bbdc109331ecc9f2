import Foundation
import Resilience
import Testing

@Suite("The page on resilience")
struct DocumentTests {
    private func rows(columns: Int) throws -> [[String]] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "Docs/Resilience.md"), encoding: .utf8)
        return page.split(separator: "\n").filter { $0.hasPrefix("| ") }
            .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
            .filter { $0.count == columns }
    }

    @Test func `names the defaults that the code has`() throws {
        let kinds: Set = ["Retry", "CircuitBreaker", "Bulkhead"]
        let documented = try self.rows(columns: 3).filter { kinds.contains($0[0]) && $0[1] != "" }
        let pipeline = Pipeline.standard(named: "any")
        let actual = pipeline.descriptor.strategies.filter { kinds.contains($0.kind) }
            .flatMap { strategy in strategy.settings.map { [strategy.kind, $0.name, $0.value] } }
        #expect(Set(documented.filter { row in actual.contains { $0[1] == row[1] } }) == Set(actual))
    }

    @Test func `names every figure and state of the snapshots`() throws {
        let pipeline = Pipeline {
            Retry(maximumAttempts: 2)
            CircuitBreaker(named: "a")
            Bulkhead(named: "b", maximumConcurrency: 1, queueLimit: 1)
            RateLimiter(named: "c", capacity: 1, refill: Rate(1, per: .seconds(1)))
        }
        let documented = try Set(self.rows(columns: 3).map { "\($0[0]): \($0[2])" })
        for strategy in pipeline.snapshot().strategies {
            let figures = strategy.figures.map(\.name).joined(separator: ", ")
            #expect(documented.contains("\(strategy.kind): \(figures)"))
        }
        let statuses: [CircuitBreaker.Status] = [
            .closed(recentFailures: 0), .open(remaining: .zero), .halfOpen(running: 0, successes: 0),
        ]
        #expect(statuses.map(\.name) == ["CLOSED", "OPEN", "HALF_OPEN"])
    }
}
