import Essentials
import EssentialsTesting
import Resilience
import Testing

@Suite("Latencies are counted in fixed memory")
struct LatencyTests {
    @Test(arguments: 0..<32 as Range<UInt64>)
    func `a quantile is at most a sixteenth above the true one, and never below`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var histogram = LatencyHistogram()
        var all: [Int64] = []
        for _ in 0..<500 {
            let microseconds = Int64.random(
                in: 1...(1 << Int64.random(in: 1...31, using: &generator)), using: &generator)
            histogram.record(.microseconds(microseconds))
            all.append(microseconds)
        }
        all.sort()
        for percent in [1, 50, 90, 95, 99, 100] {
            let exact = all[max(1, (all.count * percent + 99) / 100) - 1]
            let estimate = histogram.quantile(Double(percent) / 100).nanoseconds / 1_000
            #expect(estimate > exact)
            #expect(Double(estimate) <= Double(exact) * 17 / 16 + 1)
        }
    }

    @Test func `two histograms added count as one`() {
        var (left, right, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for number in 1...100 {
            let duration = Duration.milliseconds(number)
            if number.isMultiple(of: 3) { left.record(duration) } else { right.record(duration) }
            both.record(duration)
        }
        left.add(right)
        #expect(left == both)
        left.clear()
        #expect(left == LatencyHistogram())
    }

    @Test func `there is no estimate before enough was seen, and old durations are forgotten`() {
        var latency = LatencyQuantile(0.9, minimum: 5, period: 100)
        for _ in 0..<4 { latency.record(.milliseconds(10)) }
        #expect(latency.estimate == nil)
        latency.record(.milliseconds(10))
        #expect(latency.estimate.map { $0 >= .milliseconds(10) && $0 < .milliseconds(11) } == true)
        for _ in 0..<220 { latency.record(.milliseconds(80)) }
        #expect(latency.estimate.map { $0 >= .milliseconds(80) && $0 < .milliseconds(86) } == true)
        for _ in 0..<220 { latency.record(.milliseconds(5)) }
        #expect(latency.estimate.map { $0 < .milliseconds(6) } == true)
    }

    @Test func `a stable hash is the same everywhere and spreads evenly`() {
        #expect(StableHash.of("customer-1") == StableHash.of("customer-1"))
        var counts = [Int](repeating: 0, count: 10)
        for number in 0..<20_000 { counts[StableHash.of("customer-\(number)", below: 10)] += 1 }
        // 2,000 expected in each, standard deviation 42.
        #expect(counts.allSatisfy { (1_800...2_200).contains($0) }, "\(counts)")
    }
}
