import Essentials

/// Compares how two versions answer the same kind of requests at the same time.
public struct ReleaseAnalysis: Hashable, Sendable {
    /// What counts as worse.
    public struct Configuration: Hashable, Sendable {
        /// Percentage points by which the success rate may be lower. At least 0. Default: 1.
        public var maximumSuccessDrop = 1.0
        /// How many times the old version's 95th percentile of latency is accepted. At least 1. Default: 1.5.
        public var maximumLatencyRatio = 1.5
        /// Requests that the new version must have had before it is judged bad. At least 1. Default: 10.
        public var requestsToReject = 10
        /// Requests that it must have had before it is judged good. At least 1. Default: 100.
        public var requestsToAccept = 100
        /// Standard deviations at which a difference is no accident while it is looked at again and again. Default: 4.
        public var alarmingDeviations = 4.0
        /// The same when a step ends, looked at once. Default: 2.33, for 99 %.
        public var finalDeviations = 2.33

        public init() {}

        /// Every setting that is out of range, as a sentence.
        public func problems() -> [String] {
            var problems: [String] = []
            if self.maximumSuccessDrop < 0 { problems.append("maximumSuccessDrop must not be below zero") }
            if self.maximumLatencyRatio < 1 { problems.append("maximumLatencyRatio must be at least 1") }
            if self.requestsToReject < 1 { problems.append("requestsToReject must be at least 1") }
            if self.requestsToAccept < 1 { problems.append("requestsToAccept must be at least 1") }
            if self.alarmingDeviations <= 0 { problems.append("alarmingDeviations must be more than zero") }
            if self.finalDeviations <= 0 { problems.append("finalDeviations must be more than zero") }
            return problems
        }
    }

    /// One version.
    public struct Sample: Hashable, Sendable {
        public private(set) var successes = 0
        public private(set) var failures = 0
        public private(set) var latency = LatencyHistogram()

        public var requests: Int { self.successes + self.failures }
        /// 1 without requests.
        public var successRate: Double {
            self.requests == 0 ? 1 : Double(self.successes) / Double(self.requests)
        }

        public init() {}

        /// The latency of failures counts for nothing: fast failures would look like speed.
        mutating func record(isSuccess: Bool, took: Duration) {
            if isSuccess {
                self.successes += 1
                self.latency.record(took)
            } else {
                self.failures += 1
            }
        }
    }

    /// What the numbers say, with the numbers.
    public enum Verdict: Hashable, Sendable {
        case worse(String)
        /// No difference that matters.
        case good
        /// Too few requests to say.
        case unclear
    }

    public let configuration: Configuration
    public private(set) var old = Sample()
    public private(set) var new = Sample()

    public init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    public mutating func record(isNew: Bool, isSuccess: Bool, took: Duration) {
        if isNew {
            self.new.record(isSuccess: isSuccess, took: took)
        } else {
            self.old.record(isSuccess: isSuccess, took: took)
        }
    }

    /// Judges the new version from now on, against what the old one did so far.
    public mutating func forgetNew() { self.new = Sample() }

    /// How many standard deviations the success rate of the new version lies below that of the old one, less what is
    /// accepted: the two-proportion z-test. Zero while either has no requests.
    public var successDeviations: Double {
        guard self.old.requests > 0, self.new.requests > 0 else { return 0 }
        let (before, after) = (Double(self.old.requests), Double(self.new.requests))
        // Half a failure more in each, so that rates of 0 and 1 have a spread (Agresti and Caffo 2000, halved).
        let pooled = (Double(self.old.failures + self.new.failures) + 0.5) / (before + after + 1)
        let spread = (pooled * (1 - pooled) * (1 / before + 1 / after)).squareRoot()
        let drop = self.old.successRate - self.new.successRate - self.configuration.maximumSuccessDrop / 100
        return spread > 0 ? drop / spread : 0
    }

    /// - Parameter isFinal: whether a step ends here, so that this is the one look at it.
    public func verdict(isFinal: Bool) -> Verdict {
        guard self.new.requests >= self.configuration.requestsToReject else { return .unclear }
        let bound = isFinal ? self.configuration.finalDeviations : self.configuration.alarmingDeviations
        // Without an old version to compare with, all that fails is its own.
        if self.old.requests == 0 {
            if self.new.successRate < 0.5 {
                return .worse("success \(Self.percent(self.new.successRate)) and nothing to compare")
            }
        } else if self.successDeviations > bound {
            return .worse(
                "success \(Self.percent(self.new.successRate)) of \(self.new.requests) against "
                    + "\(Self.percent(self.old.successRate)) of \(self.old.requests), "
                    + "\(Self.tenths(self.successDeviations)) deviations")
        } else if let slower = self.slower(bound) {
            return .worse(slower)
        }
        return self.new.requests >= self.configuration.requestsToAccept ? .good : .unclear
    }

    private func slower(_ bound: Double) -> String? {
        let (before, after) = (self.old.latency.quantile(0.95), self.new.latency.quantile(0.95))
        guard self.new.latency.total >= self.configuration.requestsToReject, before > .zero,
            after.fractionalSeconds > before.fractionalSeconds * self.configuration.maximumLatencyRatio
        else { return nil }
        let deviations = self.new.latency.excess(over: self.old.latency)
        guard deviations > bound else { return nil }
        return
            "95 % within \(after.milliseconds) ms against \(before.milliseconds) ms, \(Self.tenths(deviations)) deviations"
    }

    private static func percent(_ rate: Double) -> String { "\(Self.tenths(rate * 100)) %" }

    private static func tenths(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }
}
