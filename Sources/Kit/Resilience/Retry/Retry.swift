public import Essentials
import Synchronization

/// Tries again what failed in a way that may pass.
///
/// The last error is thrown unchanged. No attempt starts at or after ``Deadline/current``, a `retryAfter` of the
/// error is waited for, and a budget shared by all calls of this instance keeps retries a small share of the traffic.
public final class Retry: Strategy {
    /// How often, how fast, and what.
    public struct Configuration: Sendable {
        /// Attempts in all, the first included. At least 1. Default: 3.
        public var maximumAttempts = 3
        /// The waits between them. Default: 100 ms · 2ⁿ with full jitter, at most 30 seconds.
        public var backoff = Backoff.standard
        /// How many retries the traffic as a whole may cause; nil for no bound. Default: 20 % of calls, at least 10
        /// in 10 seconds.
        public var budget: RetryBudget.Configuration? = RetryBudget.Configuration()
        /// Which errors are worth another attempt. Default: ``Classifier/standard``.
        public var classifier = Classifier.standard

        public init() {}

        /// Four attempts, 1, 2 and 4 seconds apart, each wait up to 10 % longer.
        public static var patient: Configuration {
            var configuration = Configuration()
            configuration.maximumAttempts = 4
            configuration.backoff = .patient
            return configuration
        }

        /// Every setting that is out of range, as a sentence.
        public func problems() -> [String] {
            let attempts = self.maximumAttempts < 1 ? ["maximumAttempts must be at least 1"] : []
            return attempts + self.backoff.problems() + (self.budget?.problems() ?? [])
        }
    }

    /// What happened so far.
    public struct Snapshot: Hashable, Sendable {
        /// Calls that came in.
        public var calls = 0
        /// Attempts beyond the first.
        public var retries = 0
        /// Calls given up after the maximum number of attempts.
        public var exhausted = 0
        /// Retries not made because the budget was empty.
        public var suppressedByBudget = 0
        /// Retries not made because the deadline was too near.
        public var suppressedByDeadline = 0
        /// Retries not made because the callee asked for a pause beyond the maximum delay.
        public var suppressedByRetryAfter = 0
    }

    private struct State {
        var snapshot = Snapshot()
        var budget: RetryBudget?
    }

    public let name: String
    private let configuration: Configuration
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: what telemetry calls it. Default: `retry`.
    ///   - configuration: must have no problems.
    public init(named name: String = "retry", _ configuration: Configuration) {
        let problems = configuration.problems()
        precondition(problems.isEmpty, "retry '\(name)': \(problems.joined(separator: "; "))")
        self.name = name
        self.configuration = configuration
        self.state = Mutex(State(budget: configuration.budget.map { RetryBudget($0) }))
    }

    /// - Parameters:
    ///   - maximumAttempts: attempts in all, the first included. At least 1.
    ///   - backoff: the waits between them.
    ///   - classifier: which errors are worth another attempt.
    public convenience init(
        maximumAttempts: Int, backoff: Backoff = .standard, classifier: Classifier = .standard
    ) {
        var configuration = Configuration()
        configuration.maximumAttempts = maximumAttempts
        configuration.backoff = backoff
        configuration.classifier = classifier
        self.init(configuration)
    }

    public func snapshot() -> Snapshot { self.state.withLock(\.snapshot) }

    public func execute<Value: Sendable>(
        _ call: Call, next: @Sendable (Call) async throws -> Value
    ) async throws -> Value {
        let start = call.now
        self.state.withLock { state in
            state.snapshot.calls += 1
            state.budget?.deposit(at: start)
        }
        var machine = StateMachine(
            maximumAttempts: self.configuration.maximumAttempts, backoff: self.configuration.backoff)
        var attempt = call
        while true {
            do {
                return try await next(attempt)
            } catch {
                guard let delay = self.delay(after: error, in: &machine, call) else { throw error }
                try await call.time.sleep(for: delay)
                attempt.attempt = machine.attempt
            }
        }
    }

    /// How long to wait before the next attempt; nil when there shall be none.
    private func delay(after error: any Error, in machine: inout StateMachine, _ call: Call) -> Duration? {
        let verdict = self.configuration.classifier.verdict(on: error)
        let now = call.now
        let action = machine.attemptFailed(
            verdict, at: now, deadline: Deadline.current, fraction: call.chance.fraction())
        return self.state.withLock { state in
            switch action {
            case .retry(let delay):
                if state.budget?.withdraw(at: now) == false {
                    state.snapshot.suppressedByBudget += 1
                    return nil
                }
                state.snapshot.retries += 1
                return delay
            case .giveUp(.notTransient): break
            case .giveUp(.exhausted): state.snapshot.exhausted += 1
            case .giveUp(.deadline): state.snapshot.suppressedByDeadline += 1
            case .giveUp(.retryAfterTooLong): state.snapshot.suppressedByRetryAfter += 1
            }
            return nil
        }
    }
}

extension Retry {
    public var descriptor: StrategyDescriptor {
        let budget = self.configuration.budget.map {
            "\(Int(($0.ratio * 100).rounded())) % or \($0.floor) in \($0.window.brief)"
        }
        return StrategyDescriptor(
            kind: "Retry", name: self.name,
            settings: [
                "maximumAttempts": "\(self.configuration.maximumAttempts)",
                "backoff": "\(self.configuration.backoff)",
                "budget": budget ?? "none",
            ])
    }

    public func snapshot(at now: Tick) -> StrategySnapshot {
        let snapshot = self.snapshot()
        return StrategySnapshot(
            kind: "Retry", name: self.name,
            figures: [
                "calls": snapshot.calls, "retries": snapshot.retries, "exhausted": snapshot.exhausted,
                "suppressedByBudget": snapshot.suppressedByBudget,
                "suppressedByDeadline": snapshot.suppressedByDeadline,
                "suppressedByRetryAfter": snapshot.suppressedByRetryAfter,
            ])
    }
}
