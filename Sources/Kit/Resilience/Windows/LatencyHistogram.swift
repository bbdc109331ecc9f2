import Essentials

/// Counts durations in buckets that grow with them: 16 to each doubling, so a quantile is at most 1/16 too long.
///
/// From one microsecond to about an hour; what is shorter or longer counts as that. The memory is fixed: about two
/// kilobytes. The bucketing is that of HdrHistogram (Gil Tene) with four significant bits.
package struct LatencyHistogram: Hashable, Sendable {
    private static let subBuckets = 16
    private static let octaves = 32

    private var buckets: [UInt32]
    package private(set) var count = 0

    package init() {
        self.buckets = [UInt32](repeating: 0, count: Self.subBuckets * Self.octaves)
    }

    package mutating func record(_ duration: Duration) {
        let bucket = Self.bucket(of: duration)
        self.buckets[bucket] &+= 1
        self.count += 1
    }

    /// Forgets everything.
    package mutating func clear() {
        for index in self.buckets.indices { self.buckets[index] = 0 }
        self.count = 0
    }

    /// Adds the counts of another one.
    package mutating func add(_ other: LatencyHistogram) {
        for index in self.buckets.indices { self.buckets[index] &+= other.buckets[index] }
        self.count += other.count
    }

    /// The upper edge of the bucket in which the quantile lies; zero when nothing was recorded.
    /// - Parameter fraction: in 0...1.
    package func quantile(_ fraction: Double) -> Duration {
        guard self.count > 0 else { return .zero }
        let rank = max(1, Int((fraction * Double(self.count)).rounded(.up)))
        var seen = 0
        for (index, bucket) in self.buckets.enumerated() where bucket > 0 {
            seen += Int(bucket)
            if seen >= rank { return Self.upperEdge(of: index) }
        }
        preconditionFailure("the buckets hold as many as were counted")
    }

    private static func bucket(of duration: Duration) -> Int {
        let microseconds = max(0, duration.nanoseconds / 1_000)
        guard microseconds >= Int64(self.subBuckets) else { return Int(microseconds) }
        let magnitude = 63 - microseconds.leadingZeroBitCount
        let shift = magnitude - 4
        let index = (shift + 1) * self.subBuckets + Int(microseconds >> Int64(shift)) - self.subBuckets
        return min(index, self.subBuckets * self.octaves - 1)
    }

    private static func upperEdge(of index: Int) -> Duration {
        guard index >= self.subBuckets else { return .microseconds(index + 1) }
        let shift = index / self.subBuckets - 1
        let mantissa = index % self.subBuckets + self.subBuckets
        return .microseconds(Int64(mantissa + 1) << Int64(shift))
    }
}
