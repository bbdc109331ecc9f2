import EventSourcing
import Foundation
import Messaging
import Testing

struct DefaultsTests {
    @Test func `the page's table of defaults is the code's`() throws {
        let group = ConsumerGroup<InMemoryUnit>.Configuration()
        let worker = EffectWorker<InMemoryUnit>.Configuration()
        let rows = [
            "| ConsumerGroup | pageSize | \(group.pageSize) events |",
            "| ConsumerGroup | maximumBatch | \(group.maximumBatch) events in one transaction |",
            "| ConsumerGroup | wait | \(self.text(group.wait)) |",
            "| ConsumerGroup | retry | \(self.text(group.retry)) |",
            "| ConsumerGroup | reconnect | \(self.text(group.reconnect)) |",
            "| ConsumerGroup | idleEvents | \(group.idleEvents) |",
            "| ConsumerGroup | patience | \(self.text(group.patience)) |",
            "| EffectWorker | concurrency | \(worker.concurrency) |",
            "| EffectWorker | timeout | \(self.text(worker.timeout)) |",
            "| EffectWorker | lease | \(self.text(worker.lease)) |",
            "| EffectWorker | retry | \(self.text(worker.retry)) |",
            "| EffectWorker | pollInterval | \(self.text(worker.pollInterval)) |",
            "| EffectWorker | patience | \(self.text(worker.patience)) |",
            "| EffectWorker | repeatsUnanswered | \(worker.repeatsUnanswered) |",
        ]
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "Docs/Messaging.md"), encoding: .utf8)
        let lines = page.split(separator: "\n").map(String.init)
        for row in rows { #expect(lines.contains(row)) }
    }

    private func text(_ duration: Duration) -> String {
        let milliseconds = duration / .milliseconds(1)
        return milliseconds < 1_000 ? "\(Int(milliseconds)) ms" : "\(Int(milliseconds / 1_000)) s"
    }

    private func text(_ policy: RetryPolicy) -> String {
        let attempts = policy.maximumAttempts == .max ? "for ever" : "\(policy.maximumAttempts) attempts"
        return "\(attempts), \(self.text(policy.firstDelay)) to \(self.text(policy.maximumDelay))"
    }
}
