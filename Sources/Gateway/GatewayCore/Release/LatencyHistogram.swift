import Essentials

/// How long calls took, in buckets that grow by a fifth: a quantile is right within a tenth, in 96 numbers.
public struct LatencyHistogram: Hashable, Sendable {
    private static let bucketCount = 96
    /// The upper end of the first bucket, in nanoseconds: 50 microseconds.
    private static let first = 50_000.0
    private static let growth = 1.2
    /// Upper ends, in nanoseconds: from 50 µs to about half an hour.
    private static let bounds: [Int64] = {
        var bound = Self.first
        return (0..<Self.bucketCount).map { _ in
            defer { bound *= Self.growth }
            return Int64(bound)
        }
    }()

    private(set) var counts = [Int](repeating: 0, count: LatencyHistogram.bucketCount)
    public private(set) var total = 0

    public init() {}

    public mutating func record(_ took: Duration) {
        let nanoseconds = took.nanoseconds
        var (low, high) = (0, Self.bucketCount - 1)
        while low < high {
            let middle = (low + high) / 2
            if Self.bounds[middle] < nanoseconds { low = middle + 1 } else { high = middle }
        }
        self.counts[low] += 1
        self.total += 1
    }

    /// The upper end of the bucket in which the quantile lies; zero without calls.
    /// - Parameter quantile: in 0...1.
    public func quantile(_ quantile: Double) -> Duration {
        guard self.total > 0 else { return .zero }
        var missing = max(1, Int((Double(self.total) * quantile).rounded(.up)))
        for (index, count) in self.counts.enumerated() {
            missing -= count
            if missing <= 0 { return .nanoseconds(Self.bounds[index]) }
        }
        preconditionFailure("the counts add up to the total")
    }

    /// How many standard deviations the ranks of these calls lie above those of `other`: the Mann-Whitney U test (1947)
    /// with its correction for ties. Zero while either has no calls.
    public func excess(over other: LatencyHistogram) -> Double {
        let (mine, others) = (Double(self.total), Double(other.total))
        guard mine > 0, others > 0 else { return 0 }
        var below = 0.0
        var wins = 0.0
        var ties = 0.0
        for (own, foreign) in zip(self.counts, other.counts) {
            wins += Double(own) * (below + Double(foreign) / 2)
            below += Double(foreign)
            let tied = Double(own + foreign)
            ties += tied * tied * tied - tied
        }
        let all = mine + others
        let variance = mine * others / 12 * ((all + 1) - ties / (all * (all - 1)))
        return variance > 0 ? (wins - mine * others / 2) / variance.squareRoot() : 0
    }
}
