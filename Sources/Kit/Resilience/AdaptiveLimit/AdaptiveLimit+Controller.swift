package import Essentials

extension AdaptiveLimit {
    /// Finds how many calls should run at one time from how long they take. A value: samples in, a limit out.
    ///
    /// The gradient controller of Envoy's adaptive concurrency filter: `limit · gradient + √limit`, where the gradient is
    /// `(baseline · (1 + tolerance)) / sample`, baseline the time of a call without a queue, sample the median time of
    /// the latest window. While calls do not queue the gradient is 1 and the limit grows by its square root; a queue
    /// makes samples longer than the baseline and the limit shrinks to what causes them no longer.
    ///
    /// The baseline is found again from time to time by running one window at half the limit. (Envoy runs it at a limit
    /// of 3; half drains a standing queue as well and costs less of the throughput.)
    package struct Controller: Hashable, Sendable {
        private enum Phase: Hashable {
            /// Samples compare with the baseline. Can become draining, when the baseline is old.
            case following(since: Tick)
            /// The limit is halved. Can become following, after a window.
            case probing(restore: Double)
        }

        private var configuration: Configuration
        private var phase: Phase?
        private var exact: Double
        private var window: LatencyHistogram
        private var windowStart = Tick.distantPast
        /// The most calls that ran at one time in this window.
        private var peak = 0
        private var timedOut = 0
        /// The time of a call that does not wait; nil until the first window has ended.
        package private(set) var baseline: Duration?
        /// The limit when the baseline was found.
        private var limitOfBaseline = 0.0
        /// The median time of the latest window.
        package private(set) var sample: Duration?

        package init(_ configuration: Configuration) {
            self.configuration = configuration
            self.exact = Double(configuration.initialLimit)
            self.window = LatencyHistogram()
        }

        /// Calls that may run at one time.
        package var limit: Int {
            switch self.phase {
            case .probing(let restore): max(self.configuration.minimumLimit, Int(restore / 2))
            case .following, nil: Int(self.exact)
            }
        }

        /// Takes other settings. The limit stays, as far as the new bounds allow.
        package mutating func reconfigure(_ configuration: Configuration) {
            self.configuration = configuration
            self.exact = self.bounded(self.exact)
            if case .probing(let restore) = self.phase { self.phase = .probing(restore: self.bounded(restore)) }
        }

        private func bounded(_ limit: Double) -> Double {
            min(max(limit, Double(self.configuration.minimumLimit)), Double(self.configuration.maximumLimit))
        }

        /// A call has started; `running` counts it.
        package mutating func started(running: Int) {
            self.peak = max(self.peak, running)
        }

        /// A call has ended.
        /// - Parameters:
        ///   - start: when it began to run.
        ///   - signal: whether its time says how loaded the callee is.
        package mutating func ended(from start: Tick, at now: Tick, _ signal: Signal) {
            if self.phase == nil {
                self.phase = .following(since: now)
                self.windowStart = now
            }
            // A call from before the limit moved says how long calls took under the old one.
            guard start >= self.windowStart || self.baseline == nil else { return }
            switch signal {
            case .answered: self.window.record(now - start)
            case .timedOut:
                self.window.record(now - start)
                self.timedOut += 1
            case .unrelated: break
            }
            let isLong = now - self.windowStart >= self.configuration.window
            guard isLong, self.window.count >= self.configuration.minimumSamples else { return }
            self.close(at: now)
        }

        /// The window has enough in it.
        private mutating func close(at now: Tick) {
            let sample = self.window.quantile(0.5)
            self.sample = sample
            switch self.phase {
            case .probing(let restore):
                self.baseline = sample
                self.limitOfBaseline = restore
                self.exact = restore
                self.phase = .following(since: now)
            case .following(let since):
                self.measureBaseline(sample)
                self.adjust(to: sample)
                if now - since >= self.configuration.probeInterval {
                    self.phase = .probing(restore: self.exact)
                }
            case nil: preconditionFailure("a window cannot end before a call has")
            }
            self.window.clear()
            self.windowStart = now
            self.peak = 0
            self.timedOut = 0
        }

        /// Times that are shorter draw the baseline down, a tenth of the way each window, because the shortest of many
        /// noisy medians says little. And when the limit has been halved and calls still take as long, they do not queue:
        /// that is how long they take now.
        private mutating func measureBaseline(_ sample: Duration) {
            if let baseline = self.baseline, self.exact > self.limitOfBaseline / 2 {
                if sample < baseline { self.baseline = baseline - (baseline - sample) / 10 }
            } else {
                self.baseline = sample
                self.limitOfBaseline = self.exact
            }
        }

        private mutating func adjust(to sample: Duration) {
            guard let baseline = self.baseline else { return }
            let allowed = Double(baseline.nanoseconds) * (1 + self.configuration.tolerance)
            var gradient = min(1, max(0.5, allowed / Double(max(1, sample.nanoseconds))))
            if self.timedOut > 0 { gradient = min(gradient, 0.9) }
            // Calls that do not reach the limit say nothing about whether more of them would do.
            let isUsed = self.peak >= self.limit
            let headroom = isUsed || gradient < 1 ? self.exact.squareRoot() : 0
            let next = self.timedOut > 0 ? self.exact * gradient : self.exact * gradient + headroom
            self.exact = self.bounded(next)
        }

        /// What the time of a call says.
        package enum Signal: Hashable, Sendable, CaseIterable {
            /// It was answered: its time counts.
            case answered
            /// It ran out of time: it would have taken at least as long, and the limit must not grow.
            case timedOut
            /// It failed at once or was cancelled: its time says nothing.
            case unrelated
        }
    }
}
