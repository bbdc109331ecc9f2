public import Essentials

/// Brings a new version into use step by step, and back at once when it is worse: a value that a timer and the traffic
/// drive. What it decides is done by somebody else.
///
/// ```
/// stable ─begin▶ preparing ─all gates pass▶ shifting(10 %) ─▶ shifting(50 %) ─▶ shifting(100 %) ─▶ stable (the other)
///                    └─ a gate fails ─▶ stable        └──────── worse, or told so ────────▶ stable (as before)
/// ```
public struct ReleaseMachine: Hashable, Sendable {
    public enum Colour: String, Hashable, Sendable {
        case blue, green

        public var other: Colour { self == .blue ? .green : .blue }
    }

    /// What must be so before any traffic moves.
    public enum Gate: String, Hashable, Sendable, CaseIterable {
        /// All hosts of the new version pass their checks.
        case healthy
        /// It was warmed up: caches, connections, compiled code.
        case warm
        /// Its smoke tests passed.
        case smoke = "smoke-tests"
    }

    public struct Configuration: Hashable, Sendable {
        /// Percentages of traffic for the new version, rising, the last 100. Default: 10, 50, 100.
        public var steps = [10, 50, 100]
        /// How long each step is watched at least. More than zero. Default: 30 s.
        public var hold = Duration.seconds(30)
        /// How long the gates may take. More than zero. Default: 5 min.
        public var preparation = Duration.seconds(300)
        /// The gates that are asked. Default: all.
        public var gates = Gate.allCases
        public var analysis = ReleaseAnalysis.Configuration()

        public init() {}

        /// Every setting that is out of range, as a sentence.
        public func problems() -> [String] {
            var problems = self.analysis.problems()
            let isRising = zip(self.steps, self.steps.dropFirst()).allSatisfy { $0 < $1 }
            if !isRising || self.steps.last != 100 || (self.steps.first ?? 0) < 1 {
                problems.append("steps must rise and end with 100")
            }
            if self.hold <= .zero { problems.append("hold must be more than zero") }
            if self.preparation <= .zero { problems.append("preparation must be more than zero") }
            return problems
        }
    }

    public enum State: Hashable, Sendable {
        /// All traffic goes to the active version. Next: preparing.
        case stable
        /// The other version is there, without traffic; these gates have not yet passed. Next: shifting, stable.
        case preparing(open: [Gate], since: Tick)
        /// The other version gets the percentage of this step. Next: shifting, stable.
        case shifting(step: Int, since: Tick)
    }

    /// What is to be done now.
    public enum Action: Hashable, Sendable {
        case none
        /// Ask these gates, and report each.
        case prepare([Gate])
        /// Send this percentage to the new version.
        case shift(percent: Int)
        /// The new version is the active one; the old one keeps running.
        case finish
        /// All traffic back to the active version, at once. With the reason.
        case rollBack(String)
    }

    /// Why an order was not carried out.
    public enum Refusal: String, Error, Hashable, Sendable {
        case underWay = "a release is under way"
        case notUnderWay = "no release is under way"
        case notShifting = "no traffic is being shifted: no release is under way, or its gates are open"
    }

    public let configuration: Configuration
    /// The version that has, or had before the release under way, all traffic.
    public private(set) var active: Colour
    public private(set) var state = State.stable
    /// Of this step.
    public private(set) var analysis: ReleaseAnalysis
    /// What ended the last release early.
    public private(set) var lastRollback: String?

    public init(_ configuration: Configuration = Configuration(), active: Colour = .blue) {
        let problems = configuration.problems()
        precondition(problems.isEmpty, "release: \(problems.joined(separator: "; "))")
        self.configuration = configuration
        self.active = active
        self.analysis = ReleaseAnalysis(configuration.analysis)
    }

    /// The share of traffic that a version gets, in percent.
    public func percent(of colour: Colour) -> Int {
        let new =
            switch self.state {
            case .stable, .preparing: 0
            case .shifting(let step, _): self.configuration.steps[step]
            }
        return colour == self.active ? 100 - new : new
    }

    // MARK: What happens

    /// Somebody wants the other version in use.
    public mutating func begin(at now: Tick) throws(Refusal) -> Action {
        guard self.state == .stable else { throw .underWay }
        self.lastRollback = nil
        guard !self.configuration.gates.isEmpty else { return self.enter(step: 0, at: now) }
        self.state = .preparing(open: self.configuration.gates, since: now)
        return .prepare(self.configuration.gates)
    }

    /// A gate was asked; late answers are ignored.
    public mutating func gate(_ gate: Gate, failure: String?, at now: Tick) -> Action {
        guard case .preparing(let open, let since) = self.state, open.contains(gate) else { return .none }
        if let failure { return self.rollBack("gate \(gate.rawValue): \(failure)") }
        let left = open.filter { $0 != gate }
        guard left.isEmpty else {
            self.state = .preparing(open: left, since: since)
            return .none
        }
        return self.enter(step: 0, at: now)
    }

    /// A request was answered, or not.
    public mutating func record(_ colour: Colour, isSuccess: Bool, took: Duration) {
        guard case .shifting = self.state else { return }
        self.analysis.record(isNew: colour != self.active, isSuccess: isSuccess, took: took)
    }

    /// Time has passed. Once a second is right for a rollback within five.
    public mutating func tick(at now: Tick) -> Action {
        switch self.state {
        case .stable: return .none
        case .preparing(let open, let since):
            guard now - since >= self.configuration.preparation else { return .none }
            return self.rollBack("no answer in time from gate \(open.map(\.rawValue).joined(separator: ", "))")
        case .shifting(let step, let since):
            let isFinal = now - since >= self.configuration.hold
            switch self.analysis.verdict(isFinal: isFinal) {
            case .worse(let reason): return self.rollBack(reason)
            case .unclear: return .none
            case .good: return isFinal ? self.advance(from: step, at: now) : .none
            }
        }
    }

    /// Somebody wants the next step now, whatever the numbers say.
    public mutating func promote(at now: Tick) throws(Refusal) -> Action {
        guard case .shifting(let step, _) = self.state else { throw .notShifting }
        return self.advance(from: step, at: now)
    }

    /// Somebody wants the old version back.
    public mutating func abort(_ reason: String = "told so") throws(Refusal) -> Action {
        guard self.state != .stable else { throw .notUnderWay }
        return self.rollBack(reason)
    }

    // MARK: Steps

    private mutating func advance(from step: Int, at now: Tick) -> Action {
        guard step + 1 == self.configuration.steps.count else { return self.enter(step: step + 1, at: now) }
        self.active = self.active.other
        self.state = .stable
        return .finish
    }

    private mutating func enter(step: Int, at now: Tick) -> Action {
        self.state = .shifting(step: step, since: now)
        // Full traffic to the new version is compared with the old one's numbers of the step before.
        if self.configuration.steps[step] < 100 || step == 0 {
            self.analysis = ReleaseAnalysis(self.configuration.analysis)
        } else {
            self.analysis.forgetNew()
        }
        return .shift(percent: self.configuration.steps[step])
    }

    private mutating func rollBack(_ reason: String) -> Action {
        self.state = .stable
        self.lastRollback = reason
        return .rollBack(reason)
    }
}
