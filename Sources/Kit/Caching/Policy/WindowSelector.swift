/// Chooses the window's share of an ``EvictionPolicy`` by trying several at once, in miniature.
///
/// Four small caches that hold hashes only see a sample of the requests, each with another share. The share whose small
/// cache hits most becomes the large one's. Hits fade with time, and a small lead changes nothing.
/// Source: Waldspurger et al., "Cache Modeling and Optimization using Miniature Simulations", USENIX ATC 2017.
struct WindowSelector {
    static let shares = [0.01, 0.25, 0.5, 1]
    /// Plain LRU: where all begin.
    static let firstShare = 3
    /// Entries of a small cache, as far as the large one has as many.
    private static let sampleSize = 256
    private static let fading = 0.995
    /// By which part of all sampled requests another share must lead, at least.
    private static let leastLead = 0.002
    /// Each change doubles the lead that the next one needs, up to this; it halves again in 139 judgements. Otherwise requests
    /// whose best share changes faster than contents can follow would be served by none.
    private static let greatestLead = 0.1
    private static let calming = 0.995

    private let capacity: Int
    private let threshold: UInt32
    private let epoch: Int
    private let caches: [ShadowCache]
    private var scores: [Double]
    private var sampled = 0.0
    private var lead = Self.leastLead
    private var untilJudged: Int
    private(set) var chosen = Self.firstShare

    /// - Parameter capacity: entries of the large cache.
    init(capacity: Int, seed: UInt64) {
        self.capacity = capacity
        let rate = min(1, Double(Self.sampleSize) / Double(capacity))
        self.threshold = rate == 1 ? .max : UInt32(rate * Double(UInt32.max))
        let size = max(8, Int((Double(capacity) * rate).rounded()))
        self.caches = Self.shares.map { ShadowCache(capacity: size, windowShare: $0, seed: seed) }
        self.scores = Self.shares.map { _ in 0 }
        self.epoch = max(20, size / 10)
        self.untilJudged = self.epoch
    }

    /// Whether the sample is right for a cache with so many entries, give or take a factor of four.
    func suits(_ entries: Int) -> Bool { entries <= self.capacity * 4 && entries * 4 >= self.capacity }

    /// Plays a request to the small caches if it is in the sample. Returns a share when it is to change.
    mutating func record(_ hash: UInt32) -> Double? {
        guard Self.sample(hash) <= self.threshold else { return nil }
        for number in self.caches.indices where self.caches[number].access(hash) { self.scores[number] += 1 }
        self.sampled += 1
        self.untilJudged -= 1
        return self.untilJudged == 0 ? self.judge() : nil
    }

    private mutating func judge() -> Double? {
        self.untilJudged = self.epoch
        let before = self.chosen
        var best = before
        for number in self.scores.indices where self.scores[number] > self.scores[best] { best = number }
        self.lead = max(Self.leastLead, self.lead * Self.calming)
        if self.scores[best] > self.scores[before] + self.lead * self.sampled {
            self.chosen = best
            self.lead = min(Self.greatestLead, self.lead * 2)
        }
        for number in self.scores.indices { self.scores[number] *= Self.fading }
        self.sampled *= Self.fading
        return self.chosen == before ? nil : Self.shares[self.chosen]
    }

    /// Bits of the hash that neither the table nor the sketch uses alike.
    private static func sample(_ hash: UInt32) -> UInt32 {
        var mixed = (hash ^ 0xABCD_EF13) &* 0x85EB_CA6B
        mixed = (mixed ^ (mixed >> 13)) &* 0xC2B2_AE35
        return mixed ^ (mixed >> 16)
    }
}

/// A small cache of hashes that only counts.
final class ShadowCache {
    private var policy: EvictionPolicy
    private var table: SlotTable

    init(capacity: Int, windowShare: Double, seed: UInt64) {
        self.policy = EvictionPolicy(maximum: capacity, isWeighted: false, windowShare: windowShare, seed: seed)
        self.table = SlotTable(capacity: capacity + 1)
    }

    /// Whether it was there. Now it is, if the policy lets it in.
    func access(_ hash: UInt32) -> Bool {
        if let slot = self.table.find(hash, where: { _ in true }) {
            self.policy.touch(slot)
            return true
        }
        self.table.insert(hash, self.policy.insert(hash, weight: 1))
        while let victim = self.policy.nextVictim() {
            self.table.remove(self.policy.nodes[victim].hash, victim)
            self.policy.remove(victim)
        }
        return false
    }
}
