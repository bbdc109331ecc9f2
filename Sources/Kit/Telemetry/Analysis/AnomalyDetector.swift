public import Essentials

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Compares each component with its own past and names the one that became slow or fails.
///
/// A value: spans come in with their own times, anomalies come out. Until it has learnt a component's usual intervals it
/// says nothing about it. While something is odd nothing is learnt, for at most `forget`; what lasts longer is the new usual.
public struct AnomalyDetector: Sendable {
    public struct Configuration: Hashable, Sendable {
        /// How long one measurement is. Default: 10 seconds.
        public var interval: Duration = .seconds(10)
        /// Intervals with fewer requests are not judged. Default: 5.
        public var minimumRequests = 5
        /// How many usual intervals it takes to know a component. Default: 12.
        public var learning = 12
        /// How many times as long as usual work must take. Default: 1.5.
        public var slowdown = 1.5
        /// By how many standard deviations of usual intervals. Default: 5.
        public var deviations = 5.0
        /// How much longer it must take in absolute terms. Default: 5 milliseconds.
        public var minimumIncrease: Duration = .milliseconds(5)
        /// How many more of all requests must fail than usual. Default: 0.05.
        public var errorIncrease = 0.05
        /// How many odd intervals in a row raise an anomaly. Default: 2.
        public var confirmations = 2
        /// How many usual ones end it. Default: 3.
        public var recoveries = 3
        /// After how many odd intervals the odd is the usual. Default: 180.
        public var forget = 180
        /// How many components are watched. Default: 500.
        public var maximumComponents = 500

        public init() {}
    }

    public enum Symptom: String, Hashable, Sendable, CaseIterable {
        case latency, errors
    }

    /// Something that is not as it was.
    public struct Anomaly: Hashable, Sendable {
        public var symptom: Symptom
        /// The service, and what it called when that is the cause.
        public var component: TimeShares.Component
        /// The usual value: seconds, or the share of requests that fail.
        public var usual: Double
        /// The value now.
        public var observed: Double
        /// The end of the interval in which it was noticed.
        public var since: Timestamp
    }

    public enum Change: Hashable, Sendable {
        case raised(Anomaly)
        case ended(Anomaly)
    }

    private struct Key: Hashable, Comparable {
        var component: TimeShares.Component
        var symptom: Symptom

        static func < (left: Key, right: Key) -> Bool {
            (left.component, left.symptom.rawValue) < (right.component, right.symptom.rawValue)
        }
    }

    private struct Interval {
        var requests = 0
        var errors = 0
        var logarithms = 0.0
    }

    private let configuration: Configuration
    private var current: [TimeShares.Component: Interval] = [:]
    private var baselines: [Key: Baseline] = [:]
    private var open: [Key: Anomaly] = [:]
    private var number: Int64?

    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    /// What is odd now, by component.
    public var anomalies: [Anomaly] { self.open.sorted { $0.key < $1.key }.map(\.value) }

    /// Counts a trace. Close intervals with ``advance(to:)``.
    public mutating func add(_ trace: Trace) {
        for share in TimeShares(trace).shares { self.add(share) }
    }

    public mutating func add(_ share: TimeShares.Share) {
        guard self.current[share.component] != nil || self.current.count < self.configuration.maximumComponents else {
            return
        }
        self.current[share.component, default: Interval()].requests += 1
        if share.isError { self.current[share.component]?.errors += 1 }
        // A microsecond is as good as nothing; the logarithm of nothing is not.
        self.current[share.component]?.logarithms += log(max(1e-6, share.time.fractionalSeconds))
    }

    /// Judges what was counted when an interval has ended by `now`. Each change is told once.
    public mutating func advance(to now: Timestamp) -> [Change] {
        let number = now.microseconds / max(1, self.configuration.interval.nanoseconds / 1_000)
        guard let begun = self.number else {
            self.number = number
            return []
        }
        guard number > begun else { return [] }
        self.number = number
        let intervals = self.current
        self.current = [:]
        return intervals.keys.sorted().flatMap { component -> [Change] in
            guard let interval = intervals[component], interval.requests >= self.configuration.minimumRequests else {
                return []
            }
            let requests = Double(interval.requests)
            return [
                self.judge(
                    Key(component: component, symptom: .latency), interval.logarithms / requests, requests, at: now),
                self.judge(
                    Key(component: component, symptom: .errors), Double(interval.errors) / requests, requests, at: now),
            ].compactMap(\.self)
        }
    }

    private mutating func judge(_ key: Key, _ value: Double, _ requests: Double, at now: Timestamp) -> Change? {
        guard self.baselines[key] != nil || self.baselines.count < 2 * self.configuration.maximumComponents else {
            return nil
        }
        var baseline = self.baselines[key] ?? Baseline()
        defer { self.baselines[key] = baseline }
        // What has raised an anomaly must be half as odd only to keep it.
        let scale = self.open[key] == nil ? 1 : 0.5
        let isOdd =
            baseline.count >= self.configuration.learning
            && (key.symptom == .latency
                ? self.isSlow(value, baseline, scale) : self.isFailing(value, requests, baseline, scale))
        guard isOdd else {
            if self.open[key] == nil { baseline.learn(value, isKnown: baseline.count >= self.configuration.learning) }
            baseline.odd = 0
            baseline.usual += 1
            guard let anomaly = self.open[key], baseline.usual >= self.configuration.recoveries else { return nil }
            self.open[key] = nil
            return .ended(anomaly)
        }
        baseline.odd += 1
        baseline.usual = 0
        if baseline.odd >= self.configuration.forget {
            baseline = Baseline()
            return self.open.removeValue(forKey: key).map { .ended($0) }
        }
        guard self.open[key] == nil, baseline.odd >= self.configuration.confirmations else { return nil }
        let isLatency = key.symptom == .latency
        let anomaly = Anomaly(
            symptom: key.symptom, component: key.component, usual: isLatency ? exp(baseline.mean) : baseline.mean,
            observed: isLatency ? exp(value) : value, since: now)
        self.open[key] = anomaly
        return .raised(anomaly)
    }

    private func isSlow(_ value: Double, _ baseline: Baseline, _ scale: Double) -> Bool {
        let increase = value - baseline.mean
        return increase >= scale * log(self.configuration.slowdown)
            && increase >= scale * self.configuration.deviations * baseline.deviation
            && exp(value) - exp(baseline.mean) >= scale * self.configuration.minimumIncrease.fractionalSeconds
    }

    /// More failures than the usual share explains by four standard deviations of a binomial distribution, and three.
    private func isFailing(_ value: Double, _ requests: Double, _ baseline: Baseline, _ scale: Double) -> Bool {
        let expected = baseline.mean * requests
        let chance = 4 * (expected * (1 - baseline.mean)).squareRoot() + 3
        return value >= baseline.mean + scale * self.configuration.errorIncrease
            && value * requests >= expected + scale * chance
    }

    /// What is usual: mean and variance of interval values, the last hundred or so weighing most.
    private struct Baseline {
        var count = 0
        var mean = 0.0
        var variance = 0.0
        var odd = 0
        var usual = 0

        var deviation: Double { self.variance.squareRoot() }

        /// What lies far off is learnt as if it were three standard deviations away: trouble does not hide itself.
        mutating func learn(_ value: Double, isKnown: Bool) {
            self.count += 1
            let weight = max(1 / Double(self.count), 0.01)
            let bound = isKnown ? max(3 * self.deviation, 1e-3) : .infinity
            let difference = max(-bound, min(bound, value - self.mean))
            self.mean += weight * difference
            self.variance = (1 - weight) * (self.variance + weight * difference * difference)
        }
    }
}
