package import Essentials

extension OutlierEjection {
    /// Decides which endpoints are outliers. A value: outcomes and time in, ejections out.
    package struct StateMachine: Hashable, Sendable {
        private struct Host: Hashable {
            /// Failures since the last success.
            var streak = 0
            /// In this interval.
            var calls = 0
            var successes = 0
            /// Nil while it is in use.
            var ejectedUntil: Tick?
            /// How many base times the next ejection lasts, less one. Falls by one in each interval in use.
            var multiplier = 0
            /// False for one that left; its number waits for another.
            var isMember = true
        }

        private let configuration: Configuration
        private var hosts: [Host]
        private var intervalStart: Tick?
        private var latest = Tick.distantPast
        /// Ejections that the maximum percentage did not allow.
        package private(set) var withheld = 0
        /// Ejections and returns.
        package private(set) var changes = 0
        /// Those that came back and were not yet forgotten.
        private var returned: [Bool]

        package init(endpoints: Int, _ configuration: Configuration) {
            self.configuration = configuration
            self.hosts = [Host](repeating: Host(), count: endpoints)
            self.returned = [Bool](repeating: false, count: endpoints)
        }

        /// One more endpoint, with the next number.
        package mutating func append() {
            self.hosts.append(Host())
            self.returned.append(false)
        }

        /// The number belongs to another endpoint from now on, or to none.
        package mutating func reset(_ endpoint: Int, isMember: Bool = true) {
            self.hosts[endpoint] = Host()
            self.hosts[endpoint].isMember = isMember
            self.returned[endpoint] = false
        }

        package func isEjected(_ endpoint: Int) -> Bool { self.hosts[endpoint].ejectedUntil != nil }

        /// Whether it came back since ``forgetReturns()``.
        package func hasReturned(_ endpoint: Int) -> Bool { self.returned[endpoint] }

        package mutating func forgetReturns() {
            for index in self.returned.indices { self.returned[index] = false }
        }

        /// A call to an endpoint has ended.
        /// - Returns: what was ejected, and why: this endpoint, or others when an interval is over.
        package mutating func record(_ endpoint: Int, isSuccess: Bool, at now: Tick) -> [Ejection] {
            var ejections = self.advance(to: now)
            self.hosts[endpoint].calls += 1
            if isSuccess {
                self.hosts[endpoint].successes += 1
                self.hosts[endpoint].streak = 0
            } else {
                self.hosts[endpoint].streak += 1
                if self.hosts[endpoint].streak >= self.configuration.consecutiveFailures {
                    let reason = Ejection.Reason.consecutiveFailures(self.hosts[endpoint].streak)
                    self.hosts[endpoint].streak = 0
                    if let ejection = self.eject(endpoint, reason) { ejections.append(ejection) }
                }
            }
            return ejections
        }

        /// Brings back those whose time is over, and compares success rates when an interval is over.
        package mutating func advance(to now: Tick) -> [Ejection] {
            self.latest = max(self.latest, now)
            guard let start = self.intervalStart else {
                self.intervalStart = self.latest
                return []
            }
            guard self.latest - start >= self.configuration.interval else { return [] }
            let passed = Int((self.latest - start).nanoseconds / self.configuration.interval.nanoseconds)
            let boundary = start + self.configuration.interval * passed
            self.intervalStart = boundary
            self.review(intervals: passed, at: boundary)
            let outliers = self.outliers()
            for index in self.hosts.indices {
                self.hosts[index].calls = 0
                self.hosts[index].successes = 0
            }
            return outliers.compactMap { self.eject($0.endpoint, $0.reason) }
        }

        /// As Envoy does it, at the end of an interval and not before.
        private mutating func review(intervals: Int, at boundary: Tick) {
            for index in self.hosts.indices {
                if let until = self.hosts[index].ejectedUntil {
                    guard until <= boundary else { continue }
                    self.hosts[index].ejectedUntil = nil
                    self.hosts[index].streak = 0
                    self.returned[index] = true
                    self.changes += 1
                } else {
                    self.hosts[index].multiplier = max(0, self.hosts[index].multiplier - intervals)
                }
            }
        }

        private func outliers() -> [(endpoint: Int, reason: Ejection.Reason)] {
            let judged = self.hosts.indices.filter { index in
                self.hosts[index].ejectedUntil == nil
                    && self.hosts[index].calls >= self.configuration.successRateRequestVolume
            }
            guard judged.count >= self.configuration.successRateMinimumHosts else { return [] }
            let rates = judged.map { Double(self.hosts[$0].successes) / Double(self.hosts[$0].calls) }
            let mean = rates.reduce(0, +) / Double(rates.count)
            let variance = rates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rates.count)
            let bound = mean - self.configuration.successRateDeviations * variance.squareRoot()
            // Rates that are all the same lie off their own mean by what rounding does.
            return zip(judged, rates).filter { bound - $0.1 > 1e-9 }.map { endpoint, rate in
                (endpoint, .successRate(percent: Int((rate * 100).rounded()), bound: Int((bound * 100).rounded())))
            }
        }

        private mutating func eject(_ endpoint: Int, _ reason: Ejection.Reason) -> Ejection? {
            guard self.hosts[endpoint].ejectedUntil == nil else { return nil }
            let ejected = self.hosts.count { $0.ejectedUntil != nil }
            let members = self.hosts.count { $0.isMember }
            let isAllowed =
                (ejected + 1) * 100 <= self.configuration.maximumEjectionPercent * members
                || ejected == 0 && members > 1 && self.configuration.maximumEjectionPercent > 0
            guard isAllowed else {
                self.withheld += 1
                return nil
            }
            self.changes += 1
            self.hosts[endpoint].multiplier += 1
            let time = min(
                self.configuration.baseEjectionTime * self.hosts[endpoint].multiplier,
                self.configuration.maximumEjectionTime)
            self.hosts[endpoint].ejectedUntil = self.latest + time
            return Ejection(endpoint: endpoint, reason: reason, duration: time)
        }

        /// Endpoints to choose from, and whether that is all of them for panic.
        package var selection: (endpoints: [Int], isPanic: Bool) {
            let healthy = self.hosts.indices.filter { self.hosts[$0].ejectedUntil == nil }
            let isPanic = healthy.count * 100 < self.configuration.panicThreshold * self.hosts.count
            return isPanic || healthy.isEmpty ? (Array(self.hosts.indices), !self.hosts.isEmpty) : (healthy, false)
        }

        package var ejected: [Int] { self.hosts.indices.filter { self.hosts[$0].ejectedUntil != nil } }
    }
}
