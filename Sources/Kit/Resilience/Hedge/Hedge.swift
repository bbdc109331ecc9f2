public import Essentials
import Synchronization

/// Asks a second time when the first answer takes unusually long, and takes whichever comes first.
///
/// "Unusually long" is a quantile of the latest calls, so that a fixed small share of them is hedged; a budget bounds
/// that share when everything is slow at once. The loser is cancelled and waited for. Only calls whose traits say that
/// they are idempotent are hedged; all others pass through.
///
/// ```swift
/// let product = try await catalog.run(CallTraits(isIdempotent: true)) { try await client.product(id) }
/// ```
///
/// The idea is that of "The Tail at Scale" (Dean and Barroso, 2013).
public final class Hedge: Strategy {
    /// When to ask again, and how often.
    public struct Configuration: Sendable {
        /// The quantile of latency after which the hedge starts. In 0.5...0.999. Default: 0.95.
        public var quantile = 0.95
        /// Calls to see before the first hedge. At least 1. Default: 20.
        public var minimumSamples = 20
        /// The hedge never starts earlier. Not negative. Default: 1 ms.
        public var minimumDelay: Duration = .milliseconds(1)
        /// The hedge starts by then, even when calls usually take longer; nil for no bound. Default: none.
        public var maximumDelay: Duration?
        /// Further attempts for one call. 1...5. Default: 1.
        public var maximumHedges = 1
        /// How many hedges the traffic as a whole may cause. Default: 10 % of calls, at least 1 in 10 seconds.
        public var budget = Configuration.tenth
        /// Which failures are final answers (`answered`, `permanent`). Default: ``Classifier/standard``.
        public var classifier = Classifier.standard

        public init() {}

        private static var tenth: RetryBudget.Configuration {
            var budget = RetryBudget.Configuration()
            budget.ratio = 0.1
            budget.floor = 1
            return budget
        }

        /// Every setting that is out of range, as a sentence.
        public func problems() -> [String] {
            var problems: [String] = []
            if !(0.5...0.999).contains(self.quantile) { problems.append("quantile must lie in 0.5...0.999") }
            if self.minimumSamples < 1 { problems.append("minimumSamples must be at least 1") }
            if self.minimumDelay < .zero { problems.append("minimumDelay must not be negative") }
            if let maximum = self.maximumDelay, maximum < self.minimumDelay {
                problems.append("maximumDelay must not be below minimumDelay")
            }
            if !(1...5).contains(self.maximumHedges) { problems.append("maximumHedges must lie in 1...5") }
            return problems + self.budget.problems()
        }
    }

    /// What happened so far.
    public struct Snapshot: Hashable, Sendable {
        /// Calls that came in and may be hedged.
        public var calls = 0
        /// Calls that came in and may not, because they are not idempotent.
        public var passed = 0
        /// Further attempts started.
        public var hedges = 0
        /// Calls whose outcome is that of a further attempt.
        public var wins = 0
        /// Hedges not started because the budget was empty.
        public var suppressedByBudget = 0
        /// When the next hedge would start; nil until enough calls were seen.
        public var delay: Duration?
    }

    private struct State {
        var snapshot = Snapshot()
        var budget: RetryBudget
        var latency: LatencyQuantile
    }

    public let name: String
    private let configuration: Configuration
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: what telemetry calls it.
    ///   - configuration: must have no problems.
    public init(named name: String, _ configuration: Configuration = Configuration()) {
        let problems = configuration.problems()
        precondition(problems.isEmpty, "hedge '\(name)': \(problems.joined(separator: "; "))")
        self.name = name
        self.configuration = configuration
        self.state = Mutex(
            State(
                budget: RetryBudget(configuration.budget),
                latency: LatencyQuantile(configuration.quantile, minimum: configuration.minimumSamples)))
    }

    /// - Throws: what `next` throws: of the only attempt, of a final one, or of the last to fail.
    public func execute<Value: Sendable>(
        _ call: Call, next: @Sendable (Call) async throws -> Value
    ) async throws -> Value {
        let mayHedge = CallTraits.current.isIdempotent
        let start = call.now
        let delay: Duration? = self.state.withLock { state in
            guard mayHedge else {
                state.snapshot.passed += 1
                return nil
            }
            state.snapshot.calls += 1
            state.budget.deposit(at: start)
            return self.delay(in: state)
        }
        guard let delay else {
            let value = try await next(call)
            self.observe(call.now - start)
            return value
        }
        return try await self.race(call, after: delay, next)
    }

    private func delay(in state: borrowing State) -> Duration? {
        guard let quantile = state.latency.estimate else { return nil }
        let bounded = self.configuration.maximumDelay.map { min(quantile, $0) } ?? quantile
        return max(bounded, self.configuration.minimumDelay)
    }

    private func observe(_ duration: Duration) {
        self.state.withLock { $0.latency.record(duration) }
    }

    /// Whether the budget grants a further attempt now; counts it.
    private func takeFromBudget(at now: Tick) -> Bool {
        self.state.withLock { state in
            guard state.budget.withdraw(at: now) else {
                state.snapshot.suppressedByBudget += 1
                return false
            }
            state.snapshot.hedges += 1
            return true
        }
    }

    private func settled(by attempt: Int) {
        guard attempt > 1 else { return }
        self.state.withLock { $0.snapshot.wins += 1 }
    }
}

extension Hedge {
    private enum Event<Value: Sendable>: Sendable {
        case timer(hasFired: Bool)
        case attempt(Int, Result<Value, any Error>)
    }

    /// Runs the first attempt and a timer side by side; each time the timer fires, one attempt more. The group ends when
    /// all that was started has ended: what lost has been cancelled.
    private func race<Value: Sendable>(
        _ call: Call, after delay: Duration, _ next: @Sendable (Call) async throws -> Value
    ) async throws -> Value {
        try await withoutActuallyEscaping(next) { next in
            await withTaskGroup(of: Event<Value>.self) { group in
                func start(_ attempt: Int) {
                    group.addTask { .attempt(attempt, await self.attempt(call, next)) }
                }
                func arm() {
                    group.addTask {
                        do {
                            try await call.time.sleep(for: delay)
                            return .timer(hasFired: true)
                        } catch {
                            return .timer(hasFired: false)
                        }
                    }
                }
                start(1)
                arm()
                var machine = StateMachine(maximumHedges: self.configuration.maximumHedges)
                var outcome: Result<Value, any Error>?
                while let event = await group.next() {
                    switch self.handle(event, in: &machine, call) {
                    case .wait: break
                    case .start(let attempt, let thenArm):
                        start(attempt)
                        if thenArm { arm() }
                    case .settle:
                        guard case .attempt(let attempt, let result) = event else { break }
                        self.settled(by: attempt)
                        outcome = result
                        group.cancelAll()
                    }
                }
                guard let outcome else {
                    preconditionFailure("the first attempt always ends, and the last one settles")
                }
                return outcome
            }
        }.get()
    }

    private func handle<Value>(
        _ event: Event<Value>, in machine: inout StateMachine, _ call: Call
    ) -> StateMachine.Action {
        switch event {
        case .timer(hasFired: false): .wait
        case .timer(hasFired: true): machine.timerFired(isAllowed: self.takeFromBudget(at: call.now))
        case .attempt(_, .success): machine.returned()
        case .attempt(_, .failure(let error)): machine.threw(isFinal: self.isFinal(error))
        }
    }

    private func isFinal(_ error: any Error) -> Bool {
        switch self.configuration.classifier.verdict(on: error) {
        case .answered, .permanent, .ignored: true
        case .transient: false
        }
    }

    /// One attempt. What it took is noted also when it was cancelled: it would have taken at least that long.
    private func attempt<Value: Sendable>(
        _ call: Call, _ next: @Sendable (Call) async throws -> Value
    ) async -> Result<Value, any Error> {
        let start = call.now
        do {
            let value = try await next(call)
            self.observe(call.now - start)
            return .success(value)
        } catch {
            if Task.isCancelled { self.observe(call.now - start) }
            return .failure(error)
        }
    }
}

extension Hedge {
    public var descriptor: StrategyDescriptor {
        StrategyDescriptor(
            kind: "Hedge", name: self.name,
            settings: [
                "quantile": "\(self.configuration.quantile)", "minimumSamples": "\(self.configuration.minimumSamples)",
                "minimumDelay": self.configuration.minimumDelay.brief,
                "maximumDelay": self.configuration.maximumDelay?.brief ?? "none",
                "maximumHedges": "\(self.configuration.maximumHedges)",
                "budget": self.configuration.budget.brief,
            ])
    }

    public func snapshot() -> Snapshot {
        self.state.withLock { state in
            var snapshot = state.snapshot
            snapshot.delay = self.delay(in: state)
            return snapshot
        }
    }

    public func snapshot(at now: Tick) -> StrategySnapshot {
        let snapshot = self.snapshot()
        return StrategySnapshot(
            kind: "Hedge", name: self.name,
            figures: [
                "calls": snapshot.calls, "passed": snapshot.passed, "hedges": snapshot.hedges, "wins": snapshot.wins,
                "suppressedByBudget": snapshot.suppressedByBudget,
                "delayMicroseconds": Int((snapshot.delay?.nanoseconds ?? 0) / 1_000),
            ])
    }
}

extension RetryBudget.Configuration {
    fileprivate var brief: String { "\(Int((self.ratio * 100).rounded())) % or \(self.floor) in \(self.window.brief)" }
}
