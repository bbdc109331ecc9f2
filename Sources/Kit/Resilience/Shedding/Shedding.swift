public import Essentials
import Synchronization

/// Drops calls early when the queue behind it does not empty any more, the least important first.
///
/// A queue that is short at times is at work; one that is never short only adds waiting. Then a share of the calls is
/// dropped before they queue: background first, then standard, and within a priority always the same groups
/// (``CallTraits/group``), so that a customer's page is not half there. When the queue empties, they come back, more
/// slowly than they went.
///
/// ```swift
/// let limit = AdaptiveLimit(named: "orders")
/// Pipeline(named: "orders") {
///     Shedding(named: "orders", before: limit)
///     limit
/// }
/// ```
public final class Shedding: Gate {
    /// When to drop, and how fast.
    public struct Configuration: Hashable, Sendable {
        /// A queue whose longest wait stays above this for a window is overloaded. More than zero. Default: 20 ms.
        public var target: Duration = .milliseconds(20)
        /// How long the wait is watched before the threshold moves. More than zero. Default: 100 ms.
        public var window: Duration = .milliseconds(100)
        /// The share of the calls let in that is dropped after an overloaded window. In 0.001...1. Default: 0.05.
        public var raiseBy = 0.05
        /// The share that is let in again after a good one. In 0.001...1, not above `raiseBy`. Default: 0.02.
        public var lowerBy = 0.02
        /// Calls of this priority and above are never dropped here. Default: critical.
        public var protects = CallPriority.critical

        public init() {}

        /// Every setting that is out of range, as a sentence.
        public func problems() -> [String] {
            var problems: [String] = []
            if self.target <= .zero { problems.append("target must be more than zero") }
            if self.window <= .zero { problems.append("window must be more than zero") }
            if !(0.001...1).contains(self.raiseBy) { problems.append("raiseBy must lie in 0.001...1") }
            if !(0.001...1).contains(self.lowerBy) { problems.append("lowerBy must lie in 0.001...1") }
            if self.lowerBy > self.raiseBy { problems.append("lowerBy must not be above raiseBy") }
            return problems
        }
    }

    /// What happened so far, by priority.
    public struct Snapshot: Hashable, Sendable {
        public var admitted: [CallPriority: Int]
        public var shed: [CallPriority: Int]
        /// The share of the ranks below `protects` that is dropped now, in percent.
        public var level: Int
    }

    private struct State {
        var configuration: Configuration
        var machine: StateMachine
        var admitted = [Int](repeating: 0, count: CallPriority.allCases.count)
        var shed = [Int](repeating: 0, count: CallPriority.allCases.count)
    }

    public let name: String
    private let gauge: any PressureGauge
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: what it protects; refusals and telemetry carry it.
    ///   - gauge: the layer inside that queues.
    ///   - configuration: must have no problems.
    public init(
        named name: String, before gauge: any PressureGauge, _ configuration: Configuration = Configuration()
    ) {
        let problems = configuration.problems()
        precondition(problems.isEmpty, "load shedding '\(name)': \(problems.joined(separator: "; "))")
        self.name = name
        self.gauge = gauge
        self.state = Mutex(State(configuration: configuration, machine: StateMachine(configuration)))
    }

    /// Takes other settings. What is dropped now stays dropped, unless it is protected now.
    /// - Throws: ``InvalidConfiguration``, and then nothing has changed.
    public func reconfigure(_ configuration: Configuration) throws(InvalidConfiguration) {
        try InvalidConfiguration.check(self.name, configuration.problems())
        self.state.withLock { state in
            state.configuration = configuration
            state.machine.reconfigure(configuration)
        }
    }

    /// - Throws: ``Refusal`` with `overloaded`.
    public func enter(_ call: Call, at now: Tick) throws(Refusal) -> Entry {
        let priority = call.priority
        let part = CallTraits.current.group.map { StableHash.of($0, below: StateMachine.parts) }
        let rank = StateMachine.rank(priority, part: part ?? call.chance.below(StateMachine.parts))
        let wait = self.gauge.longestWait(at: now)
        let decision = self.state.withLock { state in
            let decision = state.machine.arrive(rank: rank, wait: wait, at: now)
            if decision == .proceed {
                state.admitted[priority.rawValue] += 1
            } else {
                state.shed[priority.rawValue] += 1
            }
            return decision
        }
        switch decision {
        case .proceed: return .admitted(Permit())
        case .shed(let waiting):
            throw Refusal(
                .overloaded, by: self.name,
                .shed(priority: priority, waiting: waiting, target: self.configuration.target), retryAfter: .seconds(1))
        }
    }

    public func leave(_ permit: Permit, _ outcome: Outcome, of call: Call) {}
}

extension Shedding {
    public var configuration: Configuration { self.state.withLock(\.configuration) }

    public var descriptor: StrategyDescriptor {
        let configuration = self.configuration
        return StrategyDescriptor(
            kind: "Shedding", name: self.name,
            settings: [
                "target": configuration.target.brief, "window": configuration.window.brief,
                "raiseBy": "\(configuration.raiseBy)", "lowerBy": "\(configuration.lowerBy)",
                "protects": "\(configuration.protects)",
            ])
    }

    public func snapshot() -> Snapshot {
        self.state.withLock { state in
            let ranks = max(1, state.configuration.protects.rawValue * StateMachine.parts)
            return Snapshot(
                admitted: Self.byPriority(state.admitted), shed: Self.byPriority(state.shed),
                level: state.machine.threshold * 100 / ranks)
        }
    }

    private static func byPriority(_ counts: [Int]) -> [CallPriority: Int] {
        Dictionary(uniqueKeysWithValues: CallPriority.allCases.map { ($0, counts[$0.rawValue]) })
    }

    public func snapshot(at now: Tick) -> StrategySnapshot {
        let snapshot = self.snapshot()
        func figure(_ counts: [CallPriority: Int], _ priority: CallPriority) -> Int { counts[priority] ?? 0 }
        return StrategySnapshot(
            kind: "Shedding", name: self.name,
            figures: [
                "level": snapshot.level,
                "admittedCritical": figure(snapshot.admitted, .critical),
                "admittedImportant": figure(snapshot.admitted, .important),
                "admittedStandard": figure(snapshot.admitted, .standard),
                "admittedBackground": figure(snapshot.admitted, .background),
                "shedCritical": figure(snapshot.shed, .critical),
                "shedImportant": figure(snapshot.shed, .important),
                "shedStandard": figure(snapshot.shed, .standard),
                "shedBackground": figure(snapshot.shed, .background),
            ])
    }
}
