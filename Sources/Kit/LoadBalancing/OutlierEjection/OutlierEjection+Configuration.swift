extension OutlierEjection {
    /// When an endpoint is an outlier, and for how long it is then left alone. Names and defaults are Envoy's.
    public struct Configuration: Hashable, Sendable {
        /// Failures in a row that eject an endpoint. At least 1. Default: 5.
        public var consecutiveFailures = 5
        /// How often success rates are compared and ejections reviewed. More than zero. Default: 10 s.
        public var interval: Duration = .seconds(10)
        /// The first ejection lasts as long; each that follows on it once more. More than zero. Default: 30 s.
        public var baseEjectionTime: Duration = .seconds(30)
        /// No ejection lasts longer. At least the base. Default: 5 minutes.
        public var maximumEjectionTime: Duration = .seconds(300)
        /// The share of endpoints that may be ejected at one time, in percent; one may always be, when there are two or
        /// more. In 0...100. Default: 10.
        public var maximumEjectionPercent = 10
        /// Calls in an interval that an endpoint needs for its success rate to count. At least 1. Default: 100.
        public var successRateRequestVolume = 100
        /// Endpoints with that many calls that a comparison needs. At least 2. Default: 5.
        public var successRateMinimumHosts = 5
        /// An endpoint whose success rate lies more than so many standard deviations below the mean of all is ejected.
        /// More than zero. Default: 1.9.
        public var successRateDeviations = 1.9
        /// When fewer endpoints than this share are left, all are used, ejected or not: it is then likelier that the
        /// cause lies elsewhere, and the few left would be crushed. In percent, 0...100; 0 for never. Default: 50.
        public var panicThreshold = 50

        public init() {}

        /// Every setting that is out of range, as a sentence.
        public func problems() -> [String] {
            var problems: [String] = []
            if self.consecutiveFailures < 1 { problems.append("consecutiveFailures must be at least 1") }
            if self.interval <= .zero { problems.append("interval must be more than zero") }
            if self.baseEjectionTime <= .zero { problems.append("baseEjectionTime must be more than zero") }
            if self.maximumEjectionTime < self.baseEjectionTime {
                problems.append("maximumEjectionTime must not be below baseEjectionTime")
            }
            if !(0...100).contains(self.maximumEjectionPercent) {
                problems.append("maximumEjectionPercent must lie in 0...100")
            }
            if self.successRateRequestVolume < 1 { problems.append("successRateRequestVolume must be at least 1") }
            if self.successRateMinimumHosts < 2 { problems.append("successRateMinimumHosts must be at least 2") }
            if self.successRateDeviations <= 0 { problems.append("successRateDeviations must be more than zero") }
            if !(0...100).contains(self.panicThreshold) { problems.append("panicThreshold must lie in 0...100") }
            return problems
        }
    }
}
