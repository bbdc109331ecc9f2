import Caching
import Essentials
import Foundation
import Testing

/// Plays made-up requests, and compares with what is known about them.
@Suite struct PolicyTests {
    /// Hits of `keys`, without those of the first quarter, in percent.
    private func ratio(_ keys: [Int], size: Int, shards: Int = 1) -> Double {
        var configuration = Cache<Int, Bool>.Configuration(maximumCount: size)
        configuration.shards = shards
        let cache = Cache<Int, Bool>(configuration, chance: Chance(seed: 1))
        var hits = 0
        for (number, key) in keys.enumerated() {
            if cache.value(for: key) == nil { cache.put(true, for: key) } else if number >= keys.count / 4 { hits += 1 }
        }
        return 100 * Double(hits) / Double(keys.count - keys.count / 4)
    }

    private func zipf(_ count: Int, keys: Int, seed: UInt64, shift: Int = 0) -> [Int] {
        var sums: [Double] = []
        for key in 0..<keys { sums.append((sums.last ?? 0) + 1 / pow(Double(key + 1), 0.99)) }
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            let point = Double.random(in: 0..<sums[keys - 1], using: &generator)
            var (low, high) = (0, keys - 1)
            while low < high {
                let middle = (low + high) / 2
                if sums[middle] < point { low = middle + 1 } else { high = middle }
            }
            return low + shift
        }
    }

    @Test func `a Zipf workload comes close to keeping the most popular keys`() {
        // The 1,000 most popular of 10,000 keys get 76.5 % of the requests; LRU reaches 65 %.
        let keys = self.zipf(200_000, keys: 10_000, seed: 2)
        #expect(self.ratio(keys, size: 1_000) > 72.5)
        #expect(self.ratio(keys, size: 1_000, shards: 4) > 72)
    }

    @Test func `a loop larger than the cache hits nearly as often as it can`() {
        let loop = (0..<60_000).map { $0 % 1_000 }
        // All but the share of the cache in the loop must miss.
        #expect(self.ratio(loop, size: 500) > 48)
        #expect(self.ratio(loop, size: 250) > 23)
        #expect(self.ratio(loop, size: 1_000) == 100)
    }

    @Test func `a scan does not push out what is in use`() {
        var keys: [Int] = []
        let used = self.zipf(150_000, keys: 2_000, seed: 3)
        // Between two requests comes one for a key that nobody asks for again.
        for (number, key) in used.enumerated() { keys += [key, 1_000_000 + number] }
        // Half of all requests can hit at most; 500 of 2,000 keys get 82 %.
        #expect(self.ratio(keys, size: 500) > 37)
    }

    @Test func `when other keys become popular the cache follows`() {
        let before = self.zipf(50_000, keys: 10_000, seed: 4)
        let after = self.zipf(150_000, keys: 10_000, seed: 5, shift: 20_000)
        #expect(self.ratio(before + after, size: 1_000) > 69)
    }

    @Test func `where the best share changes faster than contents can follow, one of them is kept`() {
        // To and fro over 1,000 keys: LRU hits 24.9 % after each turn, a fixed quarter of the keys 25 % all the time.
        let keys = (0..<120_000).map { $0 / 1_000 % 2 == 0 ? $0 % 1_000 : 999 - $0 % 1_000 }
        #expect(self.ratio(keys, size: 250) > 20)
    }

    @Test func `requests for what was asked for just now hit as with LRU`() {
        // Each key is asked for again after 400 others, and then never: nothing but recency helps.
        var keys: [Int] = []
        for number in 0..<40_000 { keys += [number, number - 400] }
        #expect(self.ratio(keys, size: 1_000) > 49.5)
    }
}
