import Essentials
import LoadBalancing

extension Tick {
    static func milliseconds(_ count: Int64) -> Tick { Tick(nanoseconds: count * 1_000_000) }
}

/// A balancer with what a test asks of it again and again.
struct Bench {
    var balancer: LoadBalancer
    var now = Tick.milliseconds(0)

    init(
        _ algorithm: LoadBalancer.Algorithm, weights: [Int], seed: UInt64 = 1,
        _ change: (inout LoadBalancer.Configuration) -> Void = { _ in }
    ) {
        var configuration = LoadBalancer.Configuration(algorithm)
        change(&configuration)
        self.balancer = LoadBalancer(Self.hosts(weights), configuration, seed: seed, at: self.now)
    }

    /// `h0`, `h1`, …
    static func hosts(_ weights: [Int]) -> [BalancedHost] {
        weights.enumerated().map { BalancedHost("h\($0)", weight: $1) }
    }

    /// One call that ends at once.
    mutating func call(key: UInt64 = 0, _ outcome: CallOutcome = .success) -> Int? {
        guard let slot = self.balancer.pick(key: key, at: self.now) else { return nil }
        self.balancer.ended(slot, outcome, took: .milliseconds(1), at: self.now)
        return slot
    }

    /// How many of `calls` calls each slot got, one after the other; keys are 0, 1, … scattered.
    mutating func shares(_ calls: Int) -> [Int] {
        var counts: [Int] = []
        for number in 0..<calls {
            guard let slot = self.call(key: BalancingKey.of("key \(number)")) else { continue }
            while counts.count <= slot { counts.append(0) }
            counts[slot] += 1
        }
        return counts
    }

    /// The slot of each key.
    mutating func owners(_ keys: Int) -> [Int?] {
        (0..<keys).map { self.call(key: BalancingKey.of("key \($0)")) }
    }
}
