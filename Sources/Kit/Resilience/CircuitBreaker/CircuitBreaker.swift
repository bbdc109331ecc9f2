public import Essentials
import Synchronization

/// Stops calling what keeps failing, and finds out carefully when it works again.
///
/// *Closed* lets calls through. When the rules of the configuration say that too much fails, it *opens* and refuses at
/// once. After `recoveryTime` it is *half-open*: a few probes go through, any failure opens it again, enough
/// successes close it. Cancelled calls count as nothing; answers to calls from before a change of state are not
/// counted.
public final class CircuitBreaker: Gate {
    private struct State {
        var machine: StateMachine
        var configuration: Configuration
        /// When a call counts as slow; of the configuration.
        var slowAfter: Duration?
        /// What the copies of the front hold.
        var shortcut: StateMachine.Shortcut
        var counts = Counts()
    }

    private struct Counts {
        var admitted = 0
        var rejected = 0
        var successes = 0
        var failures = 0

        mutating func add(_ other: Counts) {
            self.admitted &+= other.admitted
            self.rejected &+= other.rejected
            self.successes &+= other.successes
            self.failures &+= other.failures
        }
    }

    /// Answers most calls without the machine.
    private struct Front {
        var shortcut: StateMachine.Shortcut
        var counts = Counts()
    }

    public let name: String
    private let state: Mutex<State>
    private let front: Striped<Front>
    /// Whether the time of every call is measured. Only then is the clock read when a call succeeds.
    private let timesCalls: Atomic<Bool>

    /// - Parameters:
    ///   - name: what it protects; refusals and telemetry carry it.
    ///   - configuration: must have no problems.
    public init(named name: String, _ configuration: Configuration = Configuration()) {
        let problems = configuration.problems()
        precondition(problems.isEmpty, "circuit breaker '\(name)': \(problems.joined(separator: "; "))")
        self.name = name
        let machine = StateMachine(configuration)
        self.front = Striped(Front(shortcut: machine.shortcut))
        self.state = Mutex(
            State(
                machine: machine, configuration: configuration, slowAfter: configuration.slowCalls?.duration,
                shortcut: machine.shortcut))
        self.timesCalls = Atomic(configuration.countsAllCalls)
    }

    /// - Throws: ``Refusal`` with `circuitOpen`.
    public func enter(_ call: Call, at now: Tick) throws(Refusal) -> Entry {
        let (permit, isProbe) = try self.ask(at: now)
        if isProbe { self.report(.halfOpened, call) }
        return .admitted(permit)
    }

    public func leave(_ permit: Resilience.Permit, _ outcome: Outcome, of call: Call) {
        let change: StateMachine.Change?
        switch outcome {
        case .success:
            let now = self.timesCalls.load(ordering: .relaxed) ? call.now : permit.entered
            change = self.end(permit, .success, at: now)
        case .failure(let error):
            change = self.end(permit, self.outcome(of: error), at: call.now)
        }
        if let change { self.report(change, call) }
    }

    /// Changes the state, and then what the front answers by.
    private func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        self.state.withLock { state in
            let result = body(&state)
            let shortcut = state.machine.shortcut
            if shortcut != state.shortcut {
                state.shortcut = shortcut
                self.front.forEach { $0.shortcut = shortcut }
            }
            return result
        }
    }

    private func ask(at now: Tick) throws(Refusal) -> (Resilience.Permit, isProbe: Bool) {
        let answer = self.front.withOwn { front -> StateMachine.Admission? in
            let admission = front.shortcut.admission(at: now)
            switch admission {
            case .proceed: front.counts.admitted &+= 1
            case .rejectOpen: front.counts.rejected &+= 1
            case .probe, .rejectProbing, .rejectIsolated, nil: break
            }
            return admission
        }
        return try self.follow(answer ?? self.askMachine(at: now), at: now)
    }

    private func askMachine(at now: Tick) -> StateMachine.Admission {
        self.change { state in
            let admission = state.machine.admit(at: now)
            switch admission {
            case .proceed, .probe: state.counts.admitted &+= 1
            case .rejectOpen, .rejectProbing, .rejectIsolated: state.counts.rejected &+= 1
            }
            return admission
        }
    }

    private func follow(
        _ admission: StateMachine.Admission, at now: Tick
    ) throws(Refusal) -> (Resilience.Permit, isProbe: Bool) {
        switch admission {
        case .proceed(let permit):
            return (Resilience.Permit(id: permit.generation, entered: now), false)
        case .probe(let permit):
            return (Resilience.Permit(id: permit.generation, entered: now), true)
        case .rejectOpen(let cause, let retryAfter):
            throw Refusal(.circuitOpen, by: self.name, cause.reason, retryAfter: retryAfter)
        case .rejectProbing(let running, let limit):
            throw Refusal(.circuitOpen, by: self.name, .circuitProbing(running: running, limit: limit))
        case .rejectIsolated:
            throw Refusal(.circuitOpen, by: self.name, .circuitIsolated)
        }
    }

    private func end(
        _ permit: Resilience.Permit, _ outcome: StateMachine.Outcome, at now: Tick
    ) -> StateMachine.Change? {
        let isSettled = self.front.withOwn { front in
            guard outcome == .success, front.shortcut == .passes(generation: permit.id) else { return false }
            front.counts.successes &+= 1
            return true
        }
        if isSettled { return nil }
        return self.change { state in
            switch outcome {
            case .success: state.counts.successes &+= 1
            case .failure: state.counts.failures &+= 1
            case .nothing: break
            }
            let isSlow = state.slowAfter.map { now - permit.entered >= $0 } ?? false
            return state.machine.record(
                outcome, slow: isSlow, of: StateMachine.Permit(generation: permit.id), at: now)
        }
    }

    private func report(_ change: StateMachine.Change, _ call: Call) {
        call.report(.breakerChanged(strategy: self.name, from: change.from.rawValue, to: change.to.rawValue))
    }

    private func outcome(of error: any Error) -> StateMachine.Outcome {
        switch self.state.withLock(\.configuration.classifier).verdict(on: error) {
        case .transient, .permanent: .failure
        case .answered: .success
        case .ignored: .nothing
        }
    }
}

extension CircuitBreaker.StateMachine.Change {
    fileprivate static var halfOpened: Self { Self(from: .open, to: .halfOpen) }
}

extension CircuitBreaker.StateMachine.Cause {
    fileprivate var reason: Refusal.Reason {
        switch self {
        case .failures(let failures, let window): .circuitOpen(failures: failures, window: window)
        case .failureRate(let percent, let calls): .circuitOpenByRate(failedPercent: percent, calls: calls)
        case .slowCallRate(let percent, let calls): .circuitOpenBySlowness(slowPercent: percent, calls: calls)
        case .probeFailed: .circuitReopened
        case .operated: .circuitOpenedByHand
        }
    }
}

// Using it alone, without a pipeline.
extension CircuitBreaker {
    /// Asks whether a call may go on. Each permit must be given back with ``end(_:succeeded:at:)``.
    /// - Throws: ``Refusal`` with `circuitOpen`.
    public func admit(at now: Tick) throws(Refusal) -> Resilience.Permit {
        try self.ask(at: now).0
    }

    /// The call that got `permit` has ended. `succeeded` is nil when it says nothing about the callee.
    public func end(_ permit: Resilience.Permit, succeeded: Bool?, at now: Tick) {
        _ = self.end(permit, succeeded.map { $0 ? .success : .failure } ?? .nothing, at: now)
    }
}

// What an operator may do.
extension CircuitBreaker {
    /// Refuses everything until ``reset()``.
    public func isolate() { self.change { $0.machine.isolate() } }

    /// Lets everything through and goes on counting until ``reset()``: to try settings without acting on them.
    public func observeOnly() { self.change { $0.machine.observeOnly() } }

    /// Refuses everything until `tick`, then probes as ever.
    public func open(until tick: Tick, at now: Tick) {
        self.change { $0.machine.open(until: tick, at: now) }
    }

    /// Closed, with nothing remembered.
    public func reset() { self.change { $0.machine.reset() } }

    /// Takes other settings; the state and what the window holds stay.
    /// - Throws: ``InvalidConfiguration``, and then nothing has changed.
    public func reconfigure(_ configuration: Configuration) throws(InvalidConfiguration) {
        try InvalidConfiguration.check(self.name, configuration.problems())
        self.change { state in
            state.machine.reconfigure(configuration)
            state.configuration = configuration
            state.slowAfter = configuration.slowCalls?.duration
        }
        self.timesCalls.store(configuration.countsAllCalls, ordering: .relaxed)
    }
}

extension CircuitBreaker {
    public var configuration: Configuration { self.state.withLock(\.configuration) }

    public var descriptor: StrategyDescriptor {
        let configuration = self.configuration
        var descriptor = StrategyDescriptor(kind: "CircuitBreaker", name: self.name)
        func set(_ name: String, _ value: String?) {
            if let value { descriptor.settings.append(.init(name: name, value: value)) }
        }
        set("failureThreshold", configuration.failureThreshold.map { "\($0)" })
        set("failureRate", configuration.failureRate?.description)
        set("slowCalls", configuration.slowCalls.map { "\($0.rate.description) of \($0.duration.brief)" })
        set("monitoringPeriod", configuration.countWindow == nil ? configuration.monitoringPeriod.brief : nil)
        set("countWindow", configuration.countWindow.map { "\($0)" })
        set("recoveryTime", configuration.recoveryTime.brief)
        set("successThreshold", "\(configuration.successThreshold)")
        set("probeLimit", "\(configuration.probeLimit)")
        return descriptor
    }

    /// The state and the counts at `now`, a tick of the pipeline's time source.
    public func status(at now: Tick) -> Snapshot {
        self.state.withLock { state in
            var counts = state.counts
            self.front.forEach { counts.add($0.counts) }
            return Snapshot(
                status: state.machine.status(at: now), admitted: counts.admitted, rejected: counts.rejected,
                successes: counts.successes, failures: counts.failures, transitions: Int(state.machine.transitions))
        }
    }

    public func snapshot(at now: Tick) -> StrategySnapshot {
        let snapshot = self.status(at: now)
        return StrategySnapshot(
            kind: "CircuitBreaker", name: self.name, state: snapshot.status.name,
            figures: [
                "admitted": snapshot.admitted, "rejected": snapshot.rejected, "successes": snapshot.successes,
                "failures": snapshot.failures, "transitions": snapshot.transitions,
            ])
    }
}

extension CircuitBreaker.RateRule: CustomStringConvertible {
    /// `50 % of at least 20`.
    public var description: String {
        "\(Int((self.threshold * 100).rounded())) % of at least \(self.minimumVolume)"
    }
}
