import Essentials

/// How often and after what pauses something that failed is tried again.
public struct RetryPolicy: Hashable, Sendable {
    /// How many tries there are in all before it is a dead letter; at least 1.
    public var maximumAttempts: Int
    /// The pause after the first failure. Each further pause is twice as long.
    public var firstDelay: Duration
    /// The longest pause.
    public var maximumDelay: Duration

    public init(
        maximumAttempts: Int = 8, firstDelay: Duration = .milliseconds(100), maximumDelay: Duration = .seconds(30)
    ) {
        precondition(maximumAttempts >= 1, "at least one attempt is needed, not \(maximumAttempts)")
        self.maximumAttempts = maximumAttempts
        self.firstDelay = firstDelay
        self.maximumDelay = maximumDelay
    }

    /// The pause after so many failures, from 1.
    public func delay(afterFailures failures: Int) -> Duration {
        var delay = self.firstDelay
        var doublings = failures - 1
        while doublings > 0, delay > .zero, delay < self.maximumDelay {
            delay *= 2
            doublings -= 1
        }
        return min(delay, self.maximumDelay)
    }

    /// When to try again after so many failures; nil when no try is left.
    func nextAttempt(afterFailures failures: Int, kind: FailureKind, now: Timestamp) -> Timestamp? {
        switch kind {
        case .permanent: nil
        case .transient, .outage: failures < self.maximumAttempts ? now + self.delay(afterFailures: failures) : nil
        }
    }
}
