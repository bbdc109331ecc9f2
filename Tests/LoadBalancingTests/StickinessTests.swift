import Essentials
import LoadBalancing
import Testing

@Suite("Keys stay with their hosts")
struct StickinessTests {
    static let byKey = LoadBalancer.Algorithm.allCases.filter(\.usesKey)
    /// Part of the keys that moves between hosts which neither joined nor left: none on a ring.
    private func disturbance(_ algorithm: LoadBalancer.Algorithm) -> Double { algorithm == .maglev ? 0.02 : 0 }

    private func bench(_ algorithm: LoadBalancer.Algorithm, _ count: Int) -> Bench {
        Bench(algorithm, weights: [Int](repeating: 1, count: count)) { $0.loadBound = .infinity }
    }

    @Test(arguments: byKey)
    func `equal keys meet equal hosts, in every process and in whatever order the hosts are listed`(
        _ algorithm: LoadBalancer.Algorithm
    ) {
        var bench = self.bench(algorithm, 7)
        let owners = bench.owners(2_000)
        #expect(bench.owners(2_000) == owners)
        let reversed = Array(Bench.hosts([Int](repeating: 1, count: 7)).reversed())
        var other = LoadBalancer(reversed, bench.balancer.configuration, seed: 99, at: bench.now)
        for number in 0..<2_000 {
            let slot = other.pick(key: BalancingKey.of("key \(number)"), at: bench.now)
            #expect(slot.map { 6 - $0 } == owners[number])
        }
    }

    @Test(arguments: byKey, [2, 5, 20])
    func `a host that joins takes its share and moves hardly any other key`(
        _ algorithm: LoadBalancer.Algorithm, _ count: Int
    ) {
        let keys = 20_000
        var bench = self.bench(algorithm, count)
        let before = bench.owners(keys)
        bench.balancer.update(Bench.hosts([Int](repeating: 1, count: count + 1)), at: bench.now)
        let after = bench.owners(keys)
        let moved = zip(before, after).filter { $0 != $1 }
        let elsewhere = moved.count { $0.1 != count }
        let share = Double(keys) / Double(count + 1)
        #expect(
            Double(moved.count) <= share * 1.25 + 4 * share.squareRoot() + self.disturbance(algorithm) * Double(keys))
        #expect(Double(elsewhere) <= self.disturbance(algorithm) * Double(keys))
        #expect(moved.count > keys / (count + 1) / 2)
    }

    @Test(arguments: byKey)
    func `a host that leaves gives its keys to others, and hardly any other key moves`(
        _ algorithm: LoadBalancer.Algorithm
    ) {
        let keys = 20_000
        var bench = self.bench(algorithm, 8)
        let before = bench.owners(keys)
        bench.balancer.update(Bench.hosts([Int](repeating: 1, count: 7)), at: bench.now)
        let after = bench.owners(keys)
        #expect(!after.contains(7))
        let elsewhere = zip(before, after).count { $0 != $1 && $0 != 7 }
        #expect(Double(elsewhere) <= self.disturbance(algorithm) * Double(keys))
    }

    @Test(arguments: byKey)
    func `a host that is down lends its keys to several others, and gets all of them back`(
        _ algorithm: LoadBalancer.Algorithm
    ) {
        let keys = 20_000
        var bench = self.bench(algorithm, 8)
        let before = bench.owners(keys)
        bench.balancer.setPassing(3, false, at: bench.now)
        let during = bench.owners(keys)
        for (old, new) in zip(before, during) where old != 3 { #expect(old == new) }
        let heirs = Set(zip(before, during).filter { $0.0 == 3 }.map(\.1))
        #expect(heirs == [0, 1, 2, 4, 5, 6, 7])
        bench.balancer.setPassing(3, true, at: bench.now)
        #expect(bench.owners(keys) == before)
    }

    @Test(arguments: byKey)
    func `a retry avoids the host that failed and stays the same itself`(_ algorithm: LoadBalancer.Algorithm) {
        var bench = self.bench(algorithm, 4)
        for number in 0..<500 {
            let key = BalancingKey.of("key \(number)")
            let first = bench.call(key: key)
            let second = bench.balancer.pick(key: key, avoiding: first, at: bench.now)
            let third = bench.balancer.pick(key: key, avoiding: first, at: bench.now)
            #expect(second != first)
            #expect(second == third)
        }
    }

    @Test func `no host of a bounded ring has more than its bound under way, however skewed the keys`() {
        var bench = Bench(.ringHash, weights: [1, 1, 1, 1, 2]) { $0.loadBound = 1.25 }
        let weights = [1.0, 1, 1, 1, 2]
        var generator = SeededGenerator(seed: 4)
        var underWay: [Int] = []
        for step in 0..<5_000 {
            // Half of the calls have one key.
            let key = generator.next() % 2 == 0 ? 42 : generator.next()
            if let slot = bench.balancer.pick(key: key, at: bench.now) {
                underWay.append(slot)
                let bound = (1.25 * Double(underWay.count) * weights[slot] / 6).rounded(.up)
                #expect(Double(bench.balancer.active(slot)) <= bound, "after \(step)")
            }
            if underWay.count > 60 {
                let ended = underWay.remove(at: Int(generator.next(upperBound: UInt64(underWay.count))))
                bench.balancer.ended(ended, .success, took: .zero, at: bench.now)
            }
        }
    }

    @Test func `a client of IPv6 is its network, a client of IPv4 its address`() {
        let network: [UInt8] = [0x20, 1, 0xd, 0xb8, 0, 1, 0, 2]
        let one = network + [0, 0, 0, 0, 0, 0, 0, 1]
        let two = network + [9, 9, 9, 9, 9, 9, 9, 9]
        let other: [UInt8] = [0x20, 1, 0xd, 0xb8, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1]
        #expect(BalancingKey.ofAddress(one.span.bytes) == BalancingKey.ofAddress(two.span.bytes))
        #expect(BalancingKey.ofAddress(one.span.bytes) != BalancingKey.ofAddress(other.span.bytes))
        let first: [UInt8] = [10, 0, 0, 1]
        let second: [UInt8] = [10, 0, 0, 2]
        #expect(BalancingKey.ofAddress(first.span.bytes) != BalancingKey.ofAddress(second.span.bytes))
    }
}
