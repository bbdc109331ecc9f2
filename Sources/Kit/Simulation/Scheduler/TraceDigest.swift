import Essentials

/// A 64-bit digest of everything that happened, in order. Two runs with the same digest took the same steps.
struct TraceDigest: Sendable {
    private(set) var value: UInt64 = 0x6A09_E667_F3BC_C908

    /// Multiply and fold, as in the finaliser of MurmurHash3 (Appleby): each word changes every later digest.
    mutating func add(_ word: UInt64) {
        self.value = (self.value ^ word) &* 0xFF51_AFD7_ED55_8CCD
        self.value ^= self.value >> 32
    }

    mutating func add(_ text: String) {
        var hash = StreamSeed.offset
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* StreamSeed.prime }
        self.add(hash)
    }
}

/// Seeds of chance streams: they follow from the run's seed and the stream's name alone, so that a new consumer of chance
/// does not disturb the others.
enum StreamSeed {
    /// FNV-1a, 64 bits.
    static let offset: UInt64 = 0xCBF2_9CE4_8422_2325
    static let prime: UInt64 = 0x0000_0100_0000_01B3

    static func named(_ name: String, seed: UInt64) -> UInt64 {
        var hash = self.offset
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* self.prime }
        var generator = SeededGenerator(seed: seed ^ hash)
        return generator.next() ^ hash
    }
}
