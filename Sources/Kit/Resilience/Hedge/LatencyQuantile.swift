import Essentials

/// Estimates a quantile of the latest durations of a stream, in fixed memory.
///
/// Two histograms take turns: one fills while the other, full, is remembered. So the estimate rests on the latest one to
/// two times `period` durations, and forgets what is older.
package struct LatencyQuantile: Hashable, Sendable {
    private let fraction: Double
    private let period: Int
    private let minimum: Int
    private var filling = LatencyHistogram()
    private var full = LatencyHistogram()
    private var sinceEstimate = 0
    /// The estimate; nil until `minimum` durations have been seen.
    package private(set) var estimate: Duration?

    /// - Parameters:
    ///   - fraction: which quantile, in 0...1.
    ///   - minimum: durations to see before the first estimate.
    ///   - period: durations that a histogram takes. At least `minimum`.
    package init(_ fraction: Double, minimum: Int, period: Int = 1_000) {
        self.fraction = fraction
        self.minimum = minimum
        self.period = max(minimum, period)
    }

    package mutating func record(_ duration: Duration) {
        self.filling.record(duration)
        self.sinceEstimate += 1
        let seen = self.filling.count + self.full.count
        guard seen >= self.minimum else { return }
        if self.estimate == nil || self.sinceEstimate >= 16 { self.refresh() }
        if self.filling.count == self.period {
            swap(&self.filling, &self.full)
            self.filling.clear()
        }
    }

    private mutating func refresh() {
        var sum = self.full
        sum.add(self.filling)
        self.estimate = sum.quantile(self.fraction)
        self.sinceEstimate = 0
    }
}
