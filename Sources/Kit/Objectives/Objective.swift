/// A service level objective: which share of events must be good over a window.
public struct Objective: Hashable, Sendable {
    public var name: String
    /// The share of events that must be good, in `0..<1`: 0.999 for three nines.
    public var target: Double
    /// The window over which it is promised. Default: 30 days.
    public var window: Duration

    public init(name: String, target: Double, window: Duration = .seconds(30 * 86_400)) {
        precondition(target >= 0 && target < 1, "an objective of \(target) leaves no error budget")
        precondition(window > .zero, "an objective needs a window")
        self.name = name
        self.target = target
        self.window = window
    }

    /// The share of events that may be bad.
    public var budget: Double { 1 - self.target }
}

/// How many events there were, and how many of them were bad.
public struct EventCount: Hashable, Sendable {
    public var total: Int
    public var bad: Int

    public init(total: Int = 0, bad: Int = 0) {
        self.total = total
        self.bad = bad
    }

    /// Zero when there were none: silence spends nothing.
    public var badRatio: Double { self.total == 0 ? 0 : Double(self.bad) / Double(self.total) }

    public static func + (left: EventCount, right: EventCount) -> EventCount {
        EventCount(total: left.total + right.total, bad: left.bad + right.bad)
    }

    public static func - (left: EventCount, right: EventCount) -> EventCount {
        EventCount(total: left.total - right.total, bad: left.bad - right.bad)
    }
}

/// What is left of an objective's error budget.
public struct ErrorBudget: Hashable, Sendable {
    /// How many bad events the window's events allow.
    public var allowed: Double
    /// How many there were.
    public var spent: Int

    public init(_ objective: Objective, _ count: EventCount) {
        self.allowed = objective.budget * Double(count.total)
        self.spent = count.bad
    }

    /// The share of the budget that is spent; more than 1 when the objective is missed. Zero without any events.
    public var spentShare: Double { self.allowed > 0 ? Double(self.spent) / self.allowed : 0 }

    /// The share that is left; negative when the objective is missed.
    public var remainingShare: Double { 1 - self.spentShare }
}
