public import Essentials

/// When a host is asked for its health, and what its answers mean: a value that a timer drives.
///
/// ```swift
/// if check.begin(at: now) { /* ask; then */ check.answered(nil, at: later) }
/// ```
public struct ActiveCheck: Hashable, Sendable {
    public struct Configuration: Hashable, Sendable {
        /// From the begin of one check to that of the next. More than zero. Default: 10 s.
        public var interval: Duration = .seconds(10)
        /// The same while the host is failing, so that its return is noticed. More than zero. Default: 1 s.
        public var failingInterval: Duration = .seconds(1)
        /// After how long a check without an answer has failed. More than zero. Default: 5 s.
        public var timeout: Duration = .seconds(5)
        /// Checks in a row that fail before the host is failing. At least 1. Default: 1.
        public var failuresToFail = 1
        /// Checks in a row that pass before it is passing again. At least 1. Default: 1.
        public var successesToPass = 1

        public init() {}

        /// Every setting that is out of range, as a sentence.
        public func problems() -> [String] {
            var problems: [String] = []
            if self.interval <= .zero { problems.append("interval must be more than zero") }
            if self.failingInterval <= .zero { problems.append("failingInterval must be more than zero") }
            if self.timeout <= .zero { problems.append("timeout must be more than zero") }
            if self.failuresToFail < 1 { problems.append("failuresToFail must be at least 1") }
            if self.successesToPass < 1 { problems.append("successesToPass must be at least 1") }
            return problems
        }
    }

    public enum State: Hashable, Sendable {
        /// Not yet checked; used as if it passed. May become passing or failing.
        case unknown
        /// May become failing.
        case passing
        /// With the reason of the last check. May become passing.
        case failing(String)
    }

    public let configuration: Configuration
    public private(set) var state = State.unknown
    /// When the check under way is over at the latest; nil between checks.
    private var deadline: Tick?
    private var began: Tick?
    private let first: Tick
    /// Answers in a row that speak against the state.
    private var streak = 0

    /// - Parameter now: when the first check is due.
    public init(_ configuration: Configuration = Configuration(), at now: Tick) {
        let problems = configuration.problems()
        precondition(problems.isEmpty, "active check: \(problems.joined(separator: "; "))")
        self.configuration = configuration
        self.first = now
    }

    /// Whether calls go there.
    public var isPassing: Bool {
        switch self.state {
        case .unknown, .passing: true
        case .failing: false
        }
    }

    private var nextBegin: Tick {
        guard let began = self.began else { return self.first }
        return began + (self.isPassing ? self.configuration.interval : self.configuration.failingInterval)
    }

    /// When to look at it again: the next check is due, or the one under way out of time.
    public var due: Tick { self.deadline ?? self.nextBegin }

    /// Begins a check if one is due.
    /// - Returns: whether the host is to be asked now.
    public mutating func begin(at now: Tick) -> Bool {
        guard self.deadline == nil, now >= self.nextBegin else { return false }
        self.deadline = now + self.configuration.timeout
        self.began = now
        return true
    }

    /// The host answered the check under way; late answers are ignored.
    /// - Parameter failure: nil when it is well.
    /// - Returns: whether ``isPassing`` changed.
    public mutating func answered(_ failure: String?, at now: Tick) -> Bool {
        guard let deadline = self.deadline else { return false }
        self.deadline = nil
        return self.note(now >= deadline ? "Health check timeout" : failure)
    }

    /// Ends a check that is out of time.
    /// - Returns: whether ``isPassing`` changed.
    public mutating func expire(at now: Tick) -> Bool {
        guard let deadline = self.deadline, now >= deadline else { return false }
        self.deadline = nil
        return self.note("Health check timeout")
    }

    private mutating func note(_ failure: String?) -> Bool {
        switch (self.state, failure) {
        case (.unknown, nil):
            self.state = .passing
            self.streak = 0
            return false
        case (.passing, nil): self.streak = 0
        case (.failing, let reason?):
            self.state = .failing(reason)
            self.streak = 0
        case (.unknown, let reason?), (.passing, let reason?):
            self.streak += 1
            return self.turn(.failing(reason), after: self.configuration.failuresToFail)
        case (.failing, nil):
            self.streak += 1
            return self.turn(.passing, after: self.configuration.successesToPass)
        }
        return false
    }

    private mutating func turn(_ state: State, after count: Int) -> Bool {
        guard self.streak >= count else { return false }
        self.state = state
        self.streak = 0
        return true
    }
}
