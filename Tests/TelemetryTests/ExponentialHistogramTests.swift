import Essentials
import Foundation
import Testing

@testable import Telemetry

@Suite struct ExponentialHistogramTests {
    /// The bucket by its definition, found with exact bounds where they exist.
    @Test(arguments: [-10, -3, -1, 0, 1, 3, 7, 20])
    func `a value lies above the lower and not above the upper bound of its bucket`(_ scale: Int) {
        let chance = Chance(seed: 11)
        for _ in 0..<2_000 {
            let value = exp2(chance.fraction() * 60 - 30)
            let index = ExponentialHistogram.index(of: value, scale: scale)
            let (lower, upper) = (
                ExponentialHistogram.bound(Double(index), scale: scale),
                ExponentialHistogram.bound(Double(index + 1), scale: scale)
            )
            // The bounds themselves are rounded; a few last places are theirs.
            #expect(value > lower * (1 - 4e-15) && value <= upper * (1 + 4e-15), "\(value) in \(index)")
        }
    }

    @Test(arguments: -4...20)
    func `a power of two is the last value of its bucket`(_ scale: Int) {
        for exponent in -20...20 {
            let value = exp2(Double(exponent))
            let index = ExponentialHistogram.index(of: value, scale: scale)
            let next = ExponentialHistogram.index(of: value.nextUp, scale: scale)
            let isBound = scale >= 0 || exponent % (1 << -scale) == 0
            #expect(next == (isBound ? index + 1 : index), "2^\(exponent) at scale \(scale)")
            if scale >= 0 { #expect(index == exponent << scale - 1) }
        }
    }

    @Test func `resolution falls just as far as the values need`() {
        var histogram = ExponentialHistogram(maximumSize: 4)
        for value in [2.0, 4, 1] { histogram.record(value) }
        #expect(histogram.scale == 0)
        #expect(histogram.positive.offset == -1)
        #expect(histogram.positive.counts == [1, 1, 1])
        for value in [8.0, 0.5] { histogram.record(value) }
        #expect(histogram.scale == -1)
        #expect(histogram.positive.total == 5)
        #expect(histogram.sum == 15.5 && histogram.minimum == 0.5 && histogram.maximum == 8)
    }

    @Test func `zero, negative values and what is no number have their places`() {
        var histogram = ExponentialHistogram()
        for value in [0, -1.5, -1.5, 3, .nan, .infinity, .leastNonzeroMagnitude] { histogram.record(value) }
        #expect(histogram.count == 5)
        #expect(histogram.zeroCount == 2)
        #expect(histogram.negative.total == 2)
        #expect(histogram.positive.total == 1)
        #expect(histogram.value(atQuantile: 0) == -1.5)
        #expect(histogram.value(atQuantile: 0.6) == 0)
        #expect(histogram.value(atQuantile: 1) == 3)
    }

    @Test(arguments: 0..<6 as Range<UInt64>)
    func `quantiles are within the width of a bucket of the sorted values`(seed: UInt64) throws {
        let chance = Chance(seed: seed)
        var histogram = ExponentialHistogram()
        var values: [Double] = []
        for _ in 0..<3_000 {
            let value = exp2(chance.fraction() * 12 - 10)
            values.append(value)
            histogram.record(value)
        }
        values.sort()
        let base = exp2(exp2(Double(-histogram.scale)))
        for quantile in [0.01, 0.5, 0.9, 0.99, 0.999] {
            let exact = values[max(1, Int((quantile * 3_000).rounded(.up))) - 1]
            let estimate = try #require(histogram.value(atQuantile: quantile))
            #expect(estimate <= exact * base && estimate >= exact / base, "\(quantile)")
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `merging is recording all values in one`(seed: UInt64) {
        let chance = Chance(seed: seed)
        var (left, right, all) = (
            ExponentialHistogram(maximumSize: 20), ExponentialHistogram(maximumSize: 20),
            ExponentialHistogram(maximumSize: 20)
        )
        for index in 0..<400 {
            let value = Double(Int(exp2(chance.fraction() * (index % 2 == 0 ? 30 : 4))))
            if index % 2 == 0 { left.record(value) } else { right.record(value) }
            all.record(value)
        }
        left.merge(right)
        #expect(left.scale == all.scale)
        #expect(left.positive == all.positive)
        #expect(left.count == all.count && left.sum == all.sum && left.maximum == all.maximum)
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `counts up to a power of two are exact`(seed: UInt64) {
        let chance = Chance(seed: seed)
        var histogram = ExponentialHistogram()
        var values: [Double] = [0]
        histogram.record(0)
        for _ in 0..<1_000 {
            let value = chance.below(4) == 0 ? exp2(Double(chance.below(12) - 6)) : exp2(chance.fraction() * 14 - 7)
            values.append(value)
            histogram.record(value)
        }
        #expect(histogram.scale >= 0)
        for exponent in -8...8 {
            let bound = exp2(Double(exponent))
            #expect(histogram.count(upToPowerOfTwo: exponent) == UInt64(values.count { $0 <= bound }))
        }
    }
}
