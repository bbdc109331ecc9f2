import Essentials
import LoadBalancing
import Testing

@Suite("Hosts get their shares")
struct DistributionTests {
    @Test func `round robin takes turns exactly, whatever the weights`() {
        var bench = Bench(.roundRobin, weights: [1, 5, 1])
        #expect(bench.shares(300) == [100, 100, 100])
    }

    @Test(arguments: [[5, 1, 1], [1, 2, 3, 4], [100, 1], [7, 7, 7, 7, 3]])
    func `weighted turns stay within one turn and a share of the hosts of the exact share at every moment`(
        _ weights: [Int]
    ) {
        var bench = Bench(.weightedRoundRobin, weights: weights)
        let total = Double(weights.reduce(0, +))
        var counts = weights.map { _ in 0 }
        for number in 1...5_000 {
            counts[bench.call() ?? 0] += 1
            for (slot, weight) in weights.enumerated() {
                let exact = Double(number) * Double(weight) / total
                let bound = max(1, Double(weights.count) * Double(weight) / total) + 1e-6
                #expect(abs(Double(counts[slot]) - exact) <= bound, "host \(slot) after \(number)")
            }
        }
    }

    @Test func `the turns of a heavy host are spread, not in a row`() {
        var bench = Bench(.weightedRoundRobin, weights: [5, 1, 1])
        let turns = (0..<70).compactMap { _ in bench.call() }
        var longest = 0
        var run = 0
        for slot in turns {
            run = slot == 0 ? run + 1 : 0
            longest = max(longest, run)
        }
        #expect(longest <= 5)
        #expect(Set(turns) == [0, 1, 2])
    }

    /// Idle hosts: the draw decides. Four standard deviations of the binomial distribution.
    @Test(arguments: [LoadBalancer.Algorithm.leastRequest], 1...5 as ClosedRange<UInt64>)
    func `draws follow the weights while nothing is under way`(_ algorithm: LoadBalancer.Algorithm, _ seed: UInt64) {
        let weights = [1, 2, 3, 10]
        var bench = Bench(algorithm, weights: weights, seed: seed)
        let calls = 40_000
        for (slot, count) in bench.shares(calls).enumerated() {
            let share = Double(weights[slot]) / 16
            let deviation = (Double(calls) * share * (1 - share)).squareRoot()
            #expect(abs(Double(count) - Double(calls) * share) < 4 * deviation, "host \(slot): \(count)")
        }
    }

    @Test func `least connections keeps the calls under way in step with the weights`() {
        let weights = [1, 2, 4]
        var bench = Bench(.leastConnections, weights: weights)
        for number in 1...700 {
            _ = bench.balancer.pick(at: bench.now)
            for (slot, weight) in weights.enumerated() {
                let exact = Double(number) * Double(weight) / 7
                #expect(abs(Double(bench.balancer.active(slot)) - exact) <= 2)
            }
        }
    }

    @Test func `two choices hold the fullest of 100 hosts near the mean, one choice would not`() {
        var bench = Bench(.leastRequest, weights: [Int](repeating: 1, count: 100))
        var generator = SeededGenerator(seed: 9)
        var single = [Int](repeating: 0, count: 100)
        for _ in 0..<10_000 {
            _ = bench.balancer.pick(at: bench.now)
            single[Int(generator.next(upperBound: 100 as UInt64))] += 1
        }
        let fullest = (0..<100).map { bench.balancer.active($0) }.max() ?? 0
        // ln ln n / ln 2 + O(1) above the mean (Azar and others 1999).
        #expect(fullest <= 104)
        #expect((single.max() ?? 0) > 115)
    }

    @Test(arguments: [LoadBalancer.Algorithm.leastConnections, .leastRequest, .peakEWMA])
    func `a slow host gets fewer calls`(_ algorithm: LoadBalancer.Algorithm) {
        var bench = Bench(algorithm, weights: [1, 1, 1])
        // Host 0 needs 50 ms for a call, the others 5 ms; a call comes every millisecond.
        var ends: [(at: Int64, slot: Int, began: Int64)] = []
        for moment in 0..<6_000 as Range<Int64> {
            bench.now = .milliseconds(moment)
            for end in ends where end.at <= moment {
                bench.balancer.ended(end.slot, .success, took: .milliseconds(end.at - end.began), at: bench.now)
            }
            ends.removeAll { $0.at <= moment }
            guard let slot = bench.balancer.pick(at: bench.now) else { continue }
            ends.append((moment + (slot == 0 ? 50 : 5), slot, moment))
        }
        let picks = bench.balancer.hosts(at: bench.now).map(\.picks)
        // In turn it would be a third.
        #expect(picks[0] * 2 < picks[1], "\(picks)")
        #expect(picks[0] * 2 < picks[2], "\(picks)")
        #expect(picks[0] > 0)
    }

    @Test func `peak EWMA turns away from a host whose latency rose within a few calls, and comes back`() {
        var bench = Bench(.peakEWMA, weights: [1, 1])
        // Always eight calls under way.
        var underWay: [Int] = []
        func run(_ count: Int, slow: Int?) -> [Int] {
            var counts = [0, 0]
            for _ in 0..<count {
                guard let slot = bench.balancer.pick(at: bench.now) else { continue }
                counts[slot] += 1
                underWay.append(slot)
                guard underWay.count == 8 else { continue }
                bench.now = bench.now + .milliseconds(10)
                let ended = underWay.removeFirst()
                let took = Duration.milliseconds(ended == slow ? 500 : 10)
                bench.balancer.ended(ended, .success, took: took, at: bench.now)
            }
            return counts
        }
        _ = run(100, slow: nil)
        let during = run(200, slow: 0)
        #expect(during[0] <= 8)
        // It fades by e in 10 s: from 500 ms below 10 ms in about 40 s.
        bench.now = bench.now + .seconds(60)
        let after = run(1_000, slow: nil)
        #expect(after[0] > 300)
    }

    @Test func `a host that fails fast does not look fast to peak EWMA`() {
        var bench = Bench(.peakEWMA, weights: [1, 1]) { $0.outliers = nil }
        var counts = [0, 0]
        for _ in 0..<500 {
            guard let slot = bench.balancer.pick(at: bench.now) else { continue }
            counts[slot] += 1
            bench.now = bench.now + .milliseconds(20)
            bench.balancer.ended(
                slot, slot == 0 ? .failure : .success, took: .milliseconds(slot == 0 ? 1 : 20), at: bench.now)
        }
        #expect(counts[0] < 10)
    }

    @Test(arguments: [
        (LoadBalancer.Algorithm.ipHash, 0.25), (.ringHash, 0.25), (.maglev, 0.02),
    ])
    func `keys spread within the tolerance of the algorithm`(
        _ algorithm: LoadBalancer.Algorithm, _ tolerance: Double
    ) {
        let weights = [1, 1, 1, 1, 2, 2, 4, 1, 1, 2]
        var bench = Bench(algorithm, weights: weights)
        let calls = 200_000
        for (slot, count) in bench.shares(calls).enumerated() {
            let exact = Double(calls) * Double(weights[slot]) / 16
            // Besides the tolerance of the table, four deviations of the keys drawn.
            #expect(abs(Double(count) - exact) <= exact * tolerance + 4 * exact.squareRoot(), "host \(slot): \(count)")
        }
    }
}
