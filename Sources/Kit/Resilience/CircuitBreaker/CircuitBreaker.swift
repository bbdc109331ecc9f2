public import Essentials
import Synchronization

/// Stops calling what keeps failing, and finds out carefully when it works again.
///
/// *Closed* lets calls through. `failureThreshold` failures within `monitoringPeriod` open it; *open* refuses at
/// once. After `recoveryTime` it is *half-open*: a few probes go through, any failure opens it again, enough
/// successes close it. Cancelled calls count as nothing; answers to calls from before a change of state are not
/// counted.
public final class CircuitBreaker: Strategy {
    /// When to open and when to close.
    public struct Configuration: Sendable {
        /// Failures within the monitoring period that open the breaker. At least 1. Default: 5.
        public var failureThreshold = 5
        /// How long a failure is remembered. More than zero. Default: 10 seconds.
        public var monitoringPeriod: Duration = .seconds(10)
        /// How long it stays open before it lets a probe through. More than zero. Default: 60 seconds.
        public var recoveryTime: Duration = .seconds(60)
        /// Successes in a row, while half-open, that close it. At least 1. Default: 3.
        public var successThreshold = 3
        /// Probes that may run at one time while half-open. At least 1. Default: 1.
        public var probeLimit = 1
        /// Which errors are failures of the callee. Default: ``Classifier/standard``.
        public var classifier = Classifier.standard

        public init() {}

        /// Every setting that is out of range, as a sentence.
        public func problems() -> [String] {
            var problems: [String] = []
            if self.failureThreshold < 1 { problems.append("failureThreshold must be at least 1") }
            if self.monitoringPeriod <= .zero { problems.append("monitoringPeriod must be more than zero") }
            if self.recoveryTime <= .zero { problems.append("recoveryTime must be more than zero") }
            if self.successThreshold < 1 { problems.append("successThreshold must be at least 1") }
            if self.probeLimit < 1 { problems.append("probeLimit must be at least 1") }
            return problems
        }
    }

    /// The state at one moment.
    public enum Status: Hashable, Sendable {
        case closed(recentFailures: Int)
        case open(remaining: Duration)
        case halfOpen(running: Int, successes: Int)

        /// `CLOSED`, `OPEN` or `HALF_OPEN`.
        public var name: String {
            switch self {
            case .closed: "CLOSED"
            case .open: "OPEN"
            case .halfOpen: "HALF_OPEN"
            }
        }
    }

    /// The state and what happened so far.
    public struct Snapshot: Hashable, Sendable {
        public var status: Status
        /// Calls let through.
        public var admitted: Int
        /// Calls refused.
        public var rejected: Int
        /// Outcomes of calls that were let through; late ones included, cancelled ones not.
        public var successes: Int
        public var failures: Int
        /// How often the state has changed.
        public var transitions: Int
    }

    private struct State {
        var machine: StateMachine
        var admitted = 0
        var rejected = 0
        var successes = 0
        var failures = 0
    }

    public let name: String
    private let configuration: Configuration
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: what it protects; refusals and telemetry carry it.
    ///   - configuration: must have no problems.
    public init(named name: String, _ configuration: Configuration = Configuration()) {
        let problems = configuration.problems()
        precondition(problems.isEmpty, "circuit breaker '\(name)': \(problems.joined(separator: "; "))")
        self.name = name
        self.configuration = configuration
        self.state = Mutex(State(machine: StateMachine(configuration)))
    }

    /// - Throws: ``Refusal`` with `circuitOpen`; what `next` throws.
    public func execute<Value: Sendable>(
        _ call: Call, next: @Sendable (Call) async throws -> Value
    ) async throws -> Value {
        let permit = try self.admit(at: call.now)
        do {
            let value = try await next(call)
            self.record(.success, of: permit, at: call.now)
            return value
        } catch {
            self.record(self.outcome(of: error), of: permit, at: call.now)
            throw error
        }
    }

    private func admit(at now: Tick) throws -> StateMachine.Permit {
        let admission = self.state.withLock { state in
            let admission = state.machine.admit(at: now)
            if case .proceed = admission { state.admitted += 1 } else { state.rejected += 1 }
            return admission
        }
        switch admission {
        case .proceed(let permit):
            return permit
        case .rejectOpen(.failures(let failures), let retryAfter):
            let reason = Refusal.Reason.circuitOpen(failures: failures, window: self.configuration.monitoringPeriod)
            throw Refusal(.circuitOpen, by: self.name, reason, retryAfter: retryAfter)
        case .rejectOpen(.probeFailed, let retryAfter):
            throw Refusal(.circuitOpen, by: self.name, .circuitReopened, retryAfter: retryAfter)
        case .rejectProbing(let running):
            let reason = Refusal.Reason.circuitProbing(running: running, limit: self.configuration.probeLimit)
            throw Refusal(.circuitOpen, by: self.name, reason)
        }
    }

    private func record(_ outcome: StateMachine.Outcome, of permit: StateMachine.Permit, at now: Tick) {
        self.state.withLock { state in
            switch outcome {
            case .success: state.successes += 1
            case .failure: state.failures += 1
            case .nothing: break
            }
            state.machine.record(outcome, of: permit, at: now)
        }
    }

    private func outcome(of error: any Error) -> StateMachine.Outcome {
        switch self.configuration.classifier.verdict(on: error) {
        case .transient, .permanent: .failure
        case .answered: .success
        case .ignored: .nothing
        }
    }
}

extension CircuitBreaker {
    public var descriptor: StrategyDescriptor {
        StrategyDescriptor(
            kind: "CircuitBreaker", name: self.name,
            settings: [
                "failureThreshold": "\(self.configuration.failureThreshold)",
                "monitoringPeriod": self.configuration.monitoringPeriod.brief,
                "recoveryTime": self.configuration.recoveryTime.brief,
                "successThreshold": "\(self.configuration.successThreshold)",
                "probeLimit": "\(self.configuration.probeLimit)",
            ])
    }

    /// The state and the counts at `now`, a tick of the pipeline's time source.
    public func status(at now: Tick) -> Snapshot {
        self.state.withLock { state in
            Snapshot(
                status: state.machine.status(at: now), admitted: state.admitted, rejected: state.rejected,
                successes: state.successes, failures: state.failures, transitions: Int(state.machine.transitions))
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
