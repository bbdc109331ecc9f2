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
        self.add(FNV1a.hash(text))
    }
}

/// Seeds of chance streams: they follow from the run's seed and the stream's name alone, so that a new consumer of chance
/// does not disturb the others.
enum StreamSeed {
    static func named(_ name: String, seed: UInt64) -> UInt64 {
        let hash = FNV1a.hash(name)
        var generator = SeededGenerator(seed: seed ^ hash)
        return generator.next() ^ hash
    }
}
