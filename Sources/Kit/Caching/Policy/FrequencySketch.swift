/// How often a hash was seen lately, at most 15 times: a count-min sketch of 4-bit counters, 16 for each entry.
///
/// The four counters of a hash lie in one cache line. Only the lowest of them grow (conservative update), and all are
/// halved after ten increments for each entry, so that the past fades.
/// Source: Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", ACM ToS 2017.
struct FrequencySketch: ~Copyable {
    private static let wordsPerBlock = 8

    private var words: Column<UInt64>
    private var blockMask: UInt32
    private var increments = 0
    private var period: Int

    /// - Parameters:
    ///   - entries: room for how many now; it grows with ``grow(to:)``.
    ///   - maximum: how many entries there may ever be; halving comes after ten times as many increments.
    init(entries: Int, maximum: Int) {
        let size = Self.size(for: entries)
        self.words = Column(repeating: 0, count: size)
        self.blockMask = UInt32(size / Self.wordsPerBlock - 1)
        self.period = 10 * max(maximum, 16)
    }

    private static func size(for entries: Int) -> Int {
        var size = Self.wordsPerBlock
        while size < entries { size *= 2 }
        return size
    }

    /// Makes room. What was counted stays: each new block begins as a copy of the one that stood for it.
    mutating func grow(to entries: Int) {
        while self.words.capacity < entries {
            let old = self.words.capacity
            self.words.grow(to: old * 2, filling: 0)
            (self.words.base + old).update(from: self.words.base, count: old)
            self.blockMask = UInt32(old * 2 / Self.wordsPerBlock - 1)
        }
    }

    /// Counts more entries than were expected.
    mutating func expect(_ maximum: Int) { self.period = 10 * max(maximum, 16) }

    /// The first word of the block, and four bytes: a bit for one of two words, four bits for the counter in it.
    private func position(_ hash: UInt32) -> (block: UInt32, bits: UInt32) {
        let mixed = (UInt64(hash) &+ 0x9E37_79B9) &* 0xFF51_AFD7_ED55_8CCD
        let spread = (mixed ^ (mixed >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        let block = (UInt32(truncatingIfNeeded: mixed >> 32) & self.blockMask) &* UInt32(Self.wordsPerBlock)
        return (block, UInt32(truncatingIfNeeded: spread >> 32))
    }

    func frequency(_ hash: UInt32) -> Int {
        let (block, bits) = self.position(hash)
        var least: UInt64 = 15
        for row in 0..<UInt32(4) {
            let part = bits >> (row &* 8)
            least = min(least, self.words[block &+ row &* 2 &+ part & 1] >> UInt64((part >> 1 & 15) &* 4) & 15)
        }
        return Int(least)
    }

    mutating func increment(_ hash: UInt32) {
        let least = self.frequency(hash)
        guard least < 15 else { return }
        let (block, bits) = self.position(hash)
        for row in 0..<UInt32(4) {
            let part = bits >> (row &* 8)
            let word = block &+ row &* 2 &+ part & 1
            let shift = UInt64((part >> 1 & 15) &* 4)
            if self.words[word] >> shift & 15 == UInt64(least) { self.words[word] &+= 1 << shift }
        }
        self.increments += 1
        if self.increments >= self.period { self.halve() }
    }

    private mutating func halve() {
        for word in 0..<UInt32(self.words.capacity) {
            self.words[word] = self.words[word] >> 1 & 0x7777_7777_7777_7777
        }
        self.increments /= 2
    }
}
