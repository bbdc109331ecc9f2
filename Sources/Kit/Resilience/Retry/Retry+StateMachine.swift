package import Essentials

extension Retry {
    /// The attempts of one call. A value: it decides whether and when to try again.
    package struct StateMachine: Sendable {
        package enum Action: Hashable, Sendable {
            /// Ask the budget, wait, try again.
            case retry(after: Duration)
            case giveUp(Stop)
        }

        /// Why there is no further attempt.
        package enum Stop: Hashable, Sendable {
            /// The classifier did not call the error transient.
            case notTransient
            /// The maximum number of attempts has been made.
            case exhausted
            /// The next attempt would start at or after the deadline.
            case deadline
            /// The callee asked for a longer pause than the maximum delay.
            case retryAfterTooLong
        }

        private let maximumAttempts: Int
        private let backoff: Backoff
        /// The attempt that runs now, from 1.
        package private(set) var attempt = 1
        private var previous: Duration?

        package init(maximumAttempts: Int, backoff: Backoff) {
            self.maximumAttempts = maximumAttempts
            self.backoff = backoff
        }

        /// The running attempt failed.
        /// - Parameter fraction: chance for the jitter, in `0..<1`.
        package mutating func attemptFailed(
            _ verdict: Verdict, at now: Tick, deadline: Deadline?, fraction: Double
        ) -> Action {
            let retryAfter: Duration
            switch verdict {
            case .transient(let pause): retryAfter = pause ?? .zero
            case .permanent, .answered, .ignored: return .giveUp(.notTransient)
            }
            guard self.attempt < self.maximumAttempts else { return .giveUp(.exhausted) }
            guard retryAfter <= self.backoff.maximumDelay else { return .giveUp(.retryAfterTooLong) }
            let delay = max(
                retryAfter,
                self.backoff.delay(beforeRetry: self.attempt - 1, after: self.previous, fraction: fraction))
            if let deadline, deadline.hasPassed(at: now + delay) { return .giveUp(.deadline) }
            self.attempt += 1
            self.previous = delay
            return .retry(after: delay)
        }
    }
}
