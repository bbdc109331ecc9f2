import Essentials
import Logging
import Resilience
import Synchronization

/// Tells operators when a pool fills up and when a breaker changes its state; of each not more often than they can read.
final class PipelineLog: PipelineObserver {
    /// Between two lines about the same layer.
    private static let pause = Duration.seconds(10)

    private let logger: Logger
    private let time: TimeSource
    private let told = Mutex<[String: Tick]>([:])

    init(_ logger: Logger, time: TimeSource) {
        self.logger = logger
        self.time = time
    }

    func pipeline(_ name: String, did event: PipelineEvent) {
        switch event {
        case .saturation(let strategy, isSaturated: true, let running, let limit):
            self.tell(
                "a pool is nearly full", strategy,
                ["running": "\(running)", "limit": "\(limit)", "share": "\(running * 100 / max(1, limit)) %"])
        case .breakerChanged(let strategy, let from, let to):
            self.tell("a circuit breaker changed its state", "\(strategy) \(to)", ["from": "\(from)", "to": "\(to)"])
        case .saturation, .refused, .retrying, .retrySuppressed, .custom: break
        }
    }

    private func tell(_ message: Logger.Message, _ layer: String, _ metadata: Logger.Metadata) {
        let now = self.time.now
        let isDue = self.told.withLock { told in
            if let last = told[layer], now - last < Self.pause { return false }
            told[layer] = now
            return true
        }
        guard isDue else { return }
        self.logger.warning(message, metadata: metadata.merging(["layer": "\(layer)"]) { first, _ in first })
    }
}
