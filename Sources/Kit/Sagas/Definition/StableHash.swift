import Essentials

/// FNV-1a over 128 bits (Fowler, Noll, Vo): the same text gives the same value in every process and for ever.
///
/// `Hasher` is seeded per process, so nothing that is stored may come from it. Not for secrets.
struct StableHash {
    private var value: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    private static let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013b

    mutating func combine(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            self.value ^= UInt128(byte)
            self.value &*= Self.prime
        }
    }

    /// Adds a text with its end, so that `("ab", "c")` and `("a", "bc")` differ.
    mutating func combine(_ text: String) {
        self.combine(text.utf8)
        self.combine(CollectionOfOne(0xFF))
    }

    /// 32 hexadecimal digits.
    var text: String {
        let digits = String(self.value, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }

    /// The hash as a UUID of version 8 (RFC 9562 §5.8).
    var uniqueID: UniqueID {
        let high = UInt64(truncatingIfNeeded: self.value >> 64)
        let low = UInt64(truncatingIfNeeded: self.value)
        return UniqueID(
            high: high & 0xFFFF_FFFF_FFFF_0FFF | 0x8000,
            low: low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }
}
