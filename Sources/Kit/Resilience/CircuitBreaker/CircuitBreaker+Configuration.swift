import Essentials

extension CircuitBreaker {
    /// When to open and when to close.
    public struct Configuration: Sendable {
        /// Failures in the window that open the breaker; nil for no such rule. At least 1. Default: 5.
        public var failureThreshold: Int? = 5
        /// How far back the window reaches. At least 10 milliseconds. Default: 10 seconds.
        public var monitoringPeriod: Duration = .seconds(10)
        /// When set, the window is the last so many calls, and not a time. In 1...65,536. Default: nil.
        public var countWindow: Int?
        /// The share of failures that opens the breaker; nil for no such rule. Default: nil.
        public var failureRate: RateRule?
        /// The share of slow calls that opens the breaker; nil for no such rule. Default: nil.
        public var slowCalls: SlowCallRule?
        /// How long it stays open before it lets a probe through. More than zero. Default: 60 seconds.
        public var recoveryTime: Duration = .seconds(60)
        /// Successes in a row, while half-open, that close it. At least 1. Default: 3.
        public var successThreshold = 3
        /// Probes that may run at one time while half-open. At least 1. Default: 1.
        public var probeLimit = 1
        /// Which errors are failures of the callee. Default: ``Classifier/standard``.
        public var classifier = Classifier.standard

        /// 5 failures in 10 seconds open it for 60 seconds; 3 successes close it: for dependencies that, once down, stay
        /// down until somebody has repaired them.
        public init() {}

        /// Asks again after 2 seconds instead of a minute, and closes when one probe succeeds: for dependencies that come
        /// back within seconds. One probe in two seconds costs a dependency that stays down next to nothing, and one
        /// that is back is used at once. What ``Pipeline/standard(named:_:time:chance:observer:)`` has.
        public static var prompt: Configuration {
            var configuration = Configuration()
            configuration.recoveryTime = .seconds(2)
            configuration.successThreshold = 1
            return configuration
        }

        /// Opens when half of at least 20 calls in 10 seconds fail, whatever their number.
        public static var failureRate: Configuration {
            var configuration = Configuration()
            configuration.failureThreshold = nil
            configuration.failureRate = RateRule(0.5, minimumVolume: 20)
            return configuration
        }

        /// Stands around a ``Bulkhead`` and opens when that is saturated: 5 calls refused within a second stop all
        /// calls for a second, so that what runs can be finished.
        public static var saturation: Configuration {
            var configuration = Configuration()
            configuration.monitoringPeriod = .seconds(1)
            configuration.recoveryTime = .seconds(1)
            configuration.classifier = .saturation
            return configuration
        }

        /// Every setting that is out of range, as a sentence.
        public func problems() -> [String] {
            var problems: [String] = []
            if let threshold = self.failureThreshold, threshold < 1 {
                problems.append("failureThreshold must be at least 1")
            }
            if self.failureThreshold == nil, self.failureRate == nil, self.slowCalls == nil {
                problems.append("one of failureThreshold, failureRate and slowCalls must be set")
            }
            if self.monitoringPeriod < .milliseconds(10) { problems.append("monitoringPeriod must be at least 10 ms") }
            if let count = self.countWindow, !(1...65_536).contains(count) {
                problems.append("countWindow must lie in 1...65,536")
            }
            problems += self.failureRate?.problems(of: "failureRate") ?? []
            problems += self.slowCalls?.rate.problems(of: "slowCalls.rate") ?? []
            if let rule = self.slowCalls, rule.duration <= .zero {
                problems.append("slowCalls.duration must be more than zero")
            }
            if self.recoveryTime <= .zero { problems.append("recoveryTime must be more than zero") }
            if self.successThreshold < 1 { problems.append("successThreshold must be at least 1") }
            if self.probeLimit < 1 { problems.append("probeLimit must be at least 1") }
            return problems
        }

        var extent: OutcomeWindow.Extent { self.countWindow.map { .calls($0) } ?? .time(self.monitoringPeriod) }

        /// Whether single failures are not enough: the window must see all calls.
        var countsAllCalls: Bool { self.failureRate != nil || self.slowCalls != nil || self.countWindow != nil }
    }

    /// A share of the calls in the window.
    public struct RateRule: Hashable, Sendable {
        /// More than 0, at most 1.
        public var threshold: Double
        /// Fewer calls in the window say nothing. At least 1.
        public var minimumVolume: Int

        /// - Parameters:
        ///   - threshold: the share at which the breaker opens. More than 0, at most 1.
        ///   - minimumVolume: fewer calls in the window say nothing. At least 1.
        public init(_ threshold: Double, minimumVolume: Int) {
            self.threshold = threshold
            self.minimumVolume = minimumVolume
        }

        func problems(of name: String) -> [String] {
            var problems: [String] = []
            if !(self.threshold > 0 && self.threshold <= 1) {
                problems.append("\(name).threshold must be more than 0 and at most 1")
            }
            if self.minimumVolume < 1 { problems.append("\(name).minimumVolume must be at least 1") }
            return problems
        }
    }

    /// What is slow, and how much of it is too much.
    public struct SlowCallRule: Hashable, Sendable {
        /// A call that takes this long is slow. More than zero.
        public var duration: Duration
        public var rate: RateRule

        /// - Parameters:
        ///   - duration: a call that takes this long is slow. More than zero.
        ///   - rate: the share of slow calls that opens the breaker.
        public init(of duration: Duration, _ rate: RateRule) {
            self.duration = duration
            self.rate = rate
        }
    }

    /// The state at one moment.
    @nonexhaustive
    public enum Status: Hashable, Sendable {
        case closed(recentFailures: Int)
        case open(remaining: Duration)
        case halfOpen(running: Int, successes: Int)
        /// Shut by hand, until it is reset.
        case isolated
        /// Counts and never refuses, until it is reset.
        case metricsOnly(recentFailures: Int)

        /// `CLOSED`, `OPEN`, `HALF_OPEN`, `ISOLATED` or `METRICS_ONLY`.
        public var name: String {
            switch self {
            case .closed: "CLOSED"
            case .open: "OPEN"
            case .halfOpen: "HALF_OPEN"
            case .isolated: "ISOLATED"
            case .metricsOnly: "METRICS_ONLY"
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
}
