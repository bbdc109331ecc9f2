public import Essentials

/// An alert on a measured value that leaves its bounds.
public struct ThresholdRule: Hashable, Sendable {
    /// On which side of the threshold trouble is.
    public enum Side: Hashable, Sendable {
        case above, below
    }

    /// What is measured.
    @nonexhaustive
    public enum Quantity: String, Hashable, Sendable, CaseIterable {
        /// The 99th percentile of durations, in seconds.
        case latency
        /// The share of requests that failed, in `0...1`.
        case errors
        /// The share of time or of probes in which the service answered, in `0...1`.
        case availability
        /// The share of a pool that is in use, in `0...1`.
        case pool
    }

    public var name: String
    public var quantity: Quantity
    public var side: Side
    public var threshold: Double
    /// Over which window the value is measured.
    public var window: Duration
    /// For how long the value is out of bounds before the alert fires.
    public var after: Duration
    /// For how long it is within bounds before the alert clears.
    public var clearAfter: Duration

    public init(
        name: String, _ quantity: Quantity, _ side: Side, _ threshold: Double, window: Duration = .seconds(300),
        after: Duration = .zero, clearAfter: Duration = .seconds(60)
    ) {
        self.name = name
        self.quantity = quantity
        self.side = side
        self.threshold = threshold
        self.window = window
        self.after = after
        self.clearAfter = clearAfter
    }

    /// p99 > 1 s, errors > 5 %, availability < 99.9 %, pool > 80 %. Values on the threshold are within bounds.
    public static let standard: [ThresholdRule] = [
        ThresholdRule(name: "latency", .latency, .above, 1),
        ThresholdRule(name: "errors", .errors, .above, 0.05),
        ThresholdRule(name: "availability", .availability, .below, 0.999),
        ThresholdRule(name: "pool", .pool, .above, 0.8, window: .seconds(60)),
    ]

    /// Whether the value is out of bounds; nil without a value.
    public func isBroken(by value: Double?) -> Bool? {
        guard let value, !value.isNaN else { return nil }
        return switch self.side {
        case .above: value > self.threshold
        case .below: value < self.threshold
        }
    }
}

/// The alerts of rules for many subjects: services, routes, pools. A value: time and measurements come in.
public struct ThresholdAlerts: Sendable {
    /// An alert has fired or cleared.
    public struct Change: Hashable, Sendable {
        public var rule: ThresholdRule
        public var subject: String
        public var transition: AlertMachine.Transition
        /// The value at this moment.
        public var value: Double?
    }

    /// One that fires.
    public struct Firing: Hashable, Sendable {
        public var rule: ThresholdRule
        public var subject: String
    }

    private struct Key: Hashable, Comparable {
        var rule: Int
        var subject: String

        static func < (left: Key, right: Key) -> Bool { (left.rule, left.subject) < (right.rule, right.subject) }
    }

    public let rules: [ThresholdRule]
    private let maximumSubjects: Int
    private var machines: [Key: AlertMachine] = [:]

    /// - Parameter maximumSubjects: how many alerts are watched at once, over all rules. Default: 10,000.
    public init(_ rules: [ThresholdRule] = ThresholdRule.standard, maximumSubjects: Int = 10_000) {
        self.rules = rules
        self.maximumSubjects = maximumSubjects
    }

    public var firing: [Firing] {
        self.machines.filter { $0.value.isFiring }.keys.sorted().map {
            Firing(rule: self.rules[$0.rule], subject: $0.subject)
        }
    }

    /// Evaluates all rules of a quantity for one subject.
    /// - Parameter value: nil when nothing was measured, which changes nothing.
    public mutating func evaluate(
        _ quantity: ThresholdRule.Quantity, of subject: String, is value: Double?, at now: Tick
    ) -> [Change] {
        self.rules.indices.compactMap { index in
            let rule = self.rules[index]
            guard rule.quantity == quantity else { return nil }
            let key = Key(rule: index, subject: subject)
            guard self.machines[key] != nil || self.machines.count < self.maximumSubjects else { return nil }
            var machine = self.machines[key] ?? AlertMachine(after: rule.after, clearAfter: rule.clearAfter)
            let transition = machine.evaluate(rule.isBroken(by: value), at: now)
            // Who is quiet needs no place.
            self.machines[key] = machine.state == .inactive ? nil : machine
            return transition.map { Change(rule: rule, subject: subject, transition: $0, value: value) }
        }
    }
}
