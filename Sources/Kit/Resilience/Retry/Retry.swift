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

    fileprivate struct State {
        var configuration: Configuration
        var snapshot = Snapshot()
        /// The retries; the calls that they are a share of are in ``Front``.
        var budget: RetryBudget?
    }

    /// What every call adds to.
    private struct Front {
        var calls = 0
        var budget: RetryBudget?
    }

    public let name: String
    private let state: Mutex<State>
    private let front: Striped<Front>

    /// - Parameters:
    ///   - name: what telemetry calls it. Default: `retry`.
    ///   - configuration: must have no problems.
    public init(named name: String = "retry", _ configuration: Configuration) {
        let problems = configuration.problems()
        precondition(problems.isEmpty, "retry '\(name)': \(problems.joined(separator: "; "))")
        self.name = name
        let budget = configuration.budget.map { RetryBudget($0) }
        self.state = Mutex(State(configuration: configuration, budget: budget))
        self.front = Striped(Front(budget: budget))
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

    public func snapshot() -> Snapshot {
        var snapshot = self.state.withLock(\.snapshot)
        self.front.forEach { snapshot.calls += $0.calls }
        return snapshot
    }

    public func execute<Value: Sendable>(
        _ call: Call, next: @Sendable (Call) async throws -> Value
    ) async throws -> Value {
        self.begin(at: call.now)
        var attempts: Attempts?
        var attempt = call
        while true {
            do {
                return try await next(attempt)
            } catch {
                guard let delay = self.delay(after: error, in: &attempts, call) else { throw error }
                try await call.time.sleep(for: delay)
                attempt.attempt += 1
            }
        }
    }

    /// The attempts of a call that has failed: boxed, because most calls never need them.
    final class Attempts: Sendable {
        let machine: StateMachine

        init(_ machine: StateMachine) {
            self.machine = machine
        }
    }

    /// A call came in.
    func begin(at now: Tick) {
        self.front.withOwn { front in
            front.calls &+= 1
            front.budget?.deposit(at: now)
        }
    }

    /// How long to wait before the next attempt; nil when there shall be none.
    /// - Parameter attempts: of the call; nil before its first failure.
    func delay(after error: any Error, in attempts: inout Attempts?, _ call: Call) -> Duration? {
        let configuration = self.configuration
        let now = call.now
        var machine =
            attempts?.machine
            ?? StateMachine(
                maximumAttempts: configuration.maximumAttempts, backoff: configuration.backoff)
        let action = machine.attemptFailed(
            configuration.classifier.verdict(on: error), at: now, deadline: Deadline.current,
            fraction: configuration.backoff.jitter == .none ? 0 : call.chance.fraction())
        attempts = Attempts(machine)
        var calls = 0
        if case .retry = action { self.front.forEach { calls += $0.budget?.calls(at: now) ?? 0 } }
        let (delay, suppression) = self.state.withLock { $0.apply(action, calls: calls, at: now) }
        if let suppression { call.report(.retrySuppressed(strategy: self.name, suppression)) }
        if let delay { call.report(.retrying(strategy: self.name, attempt: machine.attempt, after: delay)) }
        return delay
    }

    /// Takes other settings for the calls that fail from now on. The counts stay, and so does the budget as long as
    /// its own settings do.
    /// - Throws: ``InvalidConfiguration``, and then nothing has changed.
    public func reconfigure(_ configuration: Configuration) throws(InvalidConfiguration) {
        try InvalidConfiguration.check(self.name, configuration.problems())
        self.state.withLock { state in
            if state.configuration.budget != configuration.budget {
                state.budget = configuration.budget.map { RetryBudget($0) }
                self.front.forEach { $0.budget = state.budget }
            }
            state.configuration = configuration
        }
    }
}

extension Retry.State {
    /// Asks the budget and counts.
    /// - Parameter calls: those of the budget's window.
    fileprivate mutating func apply(
        _ action: Retry.StateMachine.Action, calls: Int, at now: Tick
    ) -> (Duration?, PipelineEvent.Suppression?) {
        switch action {
        case .retry(let delay):
            guard self.budget?.withdraw(at: now, callsElsewhere: calls) != false else {
                self.snapshot.suppressedByBudget += 1
                return (nil, .budget)
            }
            self.snapshot.retries += 1
            return (delay, nil)
        case .giveUp(.notTransient):
            return (nil, nil)
        case .giveUp(.exhausted):
            self.snapshot.exhausted += 1
            return (nil, nil)
        case .giveUp(.deadline):
            self.snapshot.suppressedByDeadline += 1
            return (nil, .deadline)
        case .giveUp(.retryAfterTooLong):
            self.snapshot.suppressedByRetryAfter += 1
            return (nil, .retryAfter)
        }
    }
}

extension Retry {
    public var configuration: Configuration { self.state.withLock(\.configuration) }

    public var descriptor: StrategyDescriptor {
        let configuration = self.configuration
        let budget = configuration.budget.map {
            "\(Int(($0.ratio * 100).rounded())) % or \($0.floor) in \($0.window.brief)"
        }
        return StrategyDescriptor(
            kind: "Retry", name: self.name,
            settings: [
                "maximumAttempts": "\(configuration.maximumAttempts)",
                "backoff": "\(configuration.backoff)",
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
