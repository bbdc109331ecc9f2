#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A base-2 exponential histogram of OpenTelemetry's metrics data model: bucket `i` holds what is greater than
/// `base^i` and at most `base^(i+1)`, where `base` is 2 to the power of 2^-scale.
///
/// It begins at the greatest scale and halves its resolution as often as it takes to keep the values within `maximumSize`
/// buckets. At 160 buckets a range of one microsecond to one hour is known to within 10 %.
public struct ExponentialHistogram: Hashable, Sendable {
    /// Counts of neighbouring buckets.
    public struct Buckets: Hashable, Sendable {
        /// The index of the first one.
        public internal(set) var offset = 0
        public internal(set) var counts: [UInt64] = []

        public init(offset: Int = 0, counts: [UInt64] = []) {
            self.offset = offset
            self.counts = counts
        }

        public var total: UInt64 { self.counts.reduce(0, &+) }

        fileprivate var range: Range<Int> { self.offset..<self.offset + self.counts.count }
    }

    public static let maximumScale = 20
    public static let minimumScale = -10

    public internal(set) var scale: Int
    public internal(set) var count: UInt64 = 0
    public internal(set) var sum = 0.0
    public internal(set) var minimum = Double.infinity
    public internal(set) var maximum = -Double.infinity
    /// How many values were zero, or too small for a normal number.
    public internal(set) var zeroCount: UInt64 = 0
    public internal(set) var positive = Buckets()
    public internal(set) var negative = Buckets()
    public let maximumSize: Int

    /// - Parameters:
    ///   - maximumSize: how many buckets each sign may have, at least 2. Default: 160.
    ///   - scale: the scale to begin with, in `-10...20`. Default: 20.
    public init(maximumSize: Int = 160, scale: Int = Self.maximumScale) {
        precondition(maximumSize >= 2, "an exponential histogram needs two buckets")
        precondition((Self.minimumScale...Self.maximumScale).contains(scale), "scales are -10 to 20")
        self.maximumSize = maximumSize
        self.scale = scale
    }

    /// A histogram as it was received.
    init(
        scale: Int, count: UInt64, sum: Double, minimum: Double, maximum: Double, zeroCount: UInt64, positive: Buckets,
        negative: Buckets
    ) {
        self.maximumSize = max(160, positive.counts.count, negative.counts.count)
        self.scale = scale
        self.count = count
        self.sum = sum
        self.minimum = minimum
        self.maximum = maximum
        self.zeroCount = zeroCount
        self.positive = positive
        self.negative = negative
    }

    /// Counts one value. What is no number or infinite is left out.
    public mutating func record(_ value: Double) {
        guard value.isFinite else { return }
        self.count += 1
        self.sum += value
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)
        let magnitude = abs(value)
        guard magnitude >= .leastNormalMagnitude else {
            self.zeroCount += 1
            return
        }
        if value > 0 {
            self.add(1, at: Self.index(of: magnitude, scale: self.scale), to: \.positive)
        } else {
            self.add(1, at: Self.index(of: magnitude, scale: self.scale), to: \.negative)
        }
    }

    /// Adds what another histogram has counted; the coarser scale of both wins.
    public mutating func merge(_ other: ExponentialHistogram) {
        guard other.count > 0 else { return }
        self.count += other.count
        self.sum += other.sum
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        self.zeroCount += other.zeroCount
        if other.scale < self.scale { self.coarsen(by: self.scale - other.scale) }
        for (path, buckets) in [(\Self.positive, other.positive), (\Self.negative, other.negative)] {
            for (index, count) in buckets.counts.enumerated() where count > 0 {
                // The scale may fall while this goes on.
                self.add(count, at: (buckets.offset + index) >> (other.scale - self.scale), to: path)
            }
        }
    }

    /// What was counted since `earlier`, an older state of the same histogram. Its minimum and maximum are not known and
    /// are those of everything.
    public func since(_ earlier: ExponentialHistogram) -> ExponentialHistogram {
        guard earlier.count <= self.count, earlier.scale >= self.scale else { return self }
        var earlier = earlier
        earlier.coarsen(by: earlier.scale - self.scale)
        var rest = self
        rest.count -= earlier.count
        rest.sum -= earlier.sum
        rest.zeroCount -= min(rest.zeroCount, earlier.zeroCount)
        rest.positive.remove(earlier.positive)
        rest.negative.remove(earlier.negative)
        return rest
    }

    /// The value below which the share of all values lies: between the bounds of its bucket as if they were spread evenly
    /// by their logarithm, and never outside minimum and maximum.
    /// - Parameter quantile: in `0...1`.
    public func value(atQuantile quantile: Double) -> Double? {
        guard self.count > 0 else { return nil }
        if quantile <= 0 { return self.minimum }
        let rank = max(1, (quantile * Double(self.count)).rounded(.up))
        var seen = 0.0
        for (index, count) in self.negative.counts.enumerated().reversed() where count > 0 {
            if seen + Double(count) >= rank {
                let share = (rank - seen) / Double(count)
                return self.clamp(-Self.bound(Double(self.negative.offset + index) + 1 - share, scale: self.scale))
            }
            seen += Double(count)
        }
        seen += Double(self.zeroCount)
        if seen >= rank { return self.clamp(0) }
        for (index, count) in self.positive.counts.enumerated() where count > 0 {
            if seen + Double(count) >= rank {
                let share = (rank - seen) / Double(count)
                return self.clamp(Self.bound(Double(self.positive.offset + index) + share, scale: self.scale))
            }
            seen += Double(count)
        }
        return self.maximum
    }

    /// How many values are at most 2 to the power of `exponent`. Exact at every scale of at least 0, and below it for
    /// exponents that are bounds of buckets; else what lies in the bucket around it is not counted.
    public func count(upToPowerOfTwo exponent: Int) -> UInt64 {
        let end = self.scale >= 0 ? exponent << self.scale : exponent >> -self.scale
        let whole = max(0, min(self.positive.counts.count, end - self.positive.offset))
        return self.negative.total + self.zeroCount + self.positive.counts[..<whole].reduce(0, &+)
    }

    private func clamp(_ value: Double) -> Double { max(self.minimum, min(self.maximum, value)) }

    private mutating func add(_ count: UInt64, at index: Int, to path: WritableKeyPath<Self, Buckets>) {
        let range = self[keyPath: path].range
        let low = range.isEmpty ? index : min(range.lowerBound, index)
        let high = range.isEmpty ? index : max(range.upperBound - 1, index)
        var shift = 0
        while (high >> shift) - (low >> shift) >= self.maximumSize { shift += 1 }
        if shift > 0 { self.coarsen(by: shift) }
        self[keyPath: path].add(count, at: index >> shift)
    }

    /// Halves the resolution `shift` times.
    private mutating func coarsen(by shift: Int) {
        self.scale -= shift
        self.positive.coarsen(by: shift)
        self.negative.coarsen(by: shift)
    }

    /// The upper bound of the bucket before `position`.
    static func bound(_ position: Double, scale: Int) -> Double { exp2(scalbn(position, Int32(-scale))) }

    /// The bucket of a positive normal number. Exact powers of two belong to the bucket that ends with them.
    static func index(of value: Double, scale: Int) -> Int {
        let exponent = Int(value.exponent)
        let isPower = value.significandBitPattern == 0
        if scale <= 0 { return (isPower ? exponent - 1 : exponent) >> -scale }
        if isPower { return (exponent << scale) - 1 }
        // The logarithm of the significand alone, so that the error stays within the last bit of a small number.
        let fraction = Int(log2(value.significand) * Double(1 << scale))
        return exponent << scale + min(fraction, 1 << scale - 1)
    }
}

extension ExponentialHistogram.Buckets {
    fileprivate mutating func add(_ count: UInt64, at index: Int) {
        if self.counts.isEmpty {
            self.offset = index
            self.counts = [count]
        } else if index < self.offset {
            self.counts.insert(contentsOf: repeatElement(0, count: self.offset - index), at: 0)
            self.offset = index
            self.counts[0] = count
        } else {
            let position = index - self.offset
            if position >= self.counts.count {
                self.counts.append(contentsOf: repeatElement(0, count: position + 1 - self.counts.count))
            }
            self.counts[position] += count
        }
    }

    fileprivate mutating func remove(_ other: Self) {
        for (index, count) in other.counts.enumerated() where self.range.contains(other.offset + index) {
            let position = other.offset + index - self.offset
            self.counts[position] -= min(self.counts[position], count)
        }
    }

    fileprivate mutating func coarsen(by shift: Int) {
        guard !self.counts.isEmpty else { return }
        let offset = self.offset >> shift
        var merged = [UInt64](repeating: 0, count: ((self.range.upperBound - 1) >> shift) - offset + 1)
        for (index, count) in self.counts.enumerated() { merged[((self.offset + index) >> shift) - offset] += count }
        self.offset = offset
        self.counts = merged
    }
}
