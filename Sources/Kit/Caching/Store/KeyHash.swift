/// Hashes keys with a secret seed: numbers and ASCII text by multiplying and folding, others by their own `Hashable`.
///
/// Swift's `Hasher` takes longer, and its seed differs from process to process, so that what a cache evicts would too.
/// Numbers and ASCII text hash alike in each process that gives the same seed.
@usableFromInline
enum KeyHash {
    @inlinable
    static func of<Key: Hashable>(_ key: Key, seed: UInt64) -> UInt64 {
        if Key.self == String.self { return self.text(unsafeBitCast(key, to: String.self), seed) }
        if Key.self == Int.self { return self.mix(UInt64(bitPattern: Int64(unsafeBitCast(key, to: Int.self))), seed) }
        if Key.self == Int64.self { return self.mix(UInt64(bitPattern: unsafeBitCast(key, to: Int64.self)), seed) }
        if Key.self == UInt64.self { return self.mix(unsafeBitCast(key, to: UInt64.self), seed) }
        return self.mix(UInt64(bitPattern: Int64(key.hashValue)), seed)
    }

    @inlinable
    static func mix(_ bits: UInt64, _ seed: UInt64) -> UInt64 {
        self.fold(self.fold(bits ^ seed, 0x9E37_79B9_7F4A_7C15) ^ seed, 0xBF58_476D_1CE4_E5B9)
    }

    /// Both halves of the product, in one word.
    @inlinable
    static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (high, low) = left.multipliedFullWidth(by: right)
        return high ^ low
    }

    /// Text that is equal may be spelt with different scalars as soon as it is not ASCII; `Hashable` knows how.
    @usableFromInline
    static func text(_ text: String, _ seed: UInt64) -> UInt64 {
        var text = text
        let hash = text.withUTF8 { self.ascii(UnsafeRawBufferPointer($0), seed) }
        return hash ?? self.mix(UInt64(bitPattern: Int64(text.hashValue)), seed)
    }

    private static func ascii(_ bytes: UnsafeRawBufferPointer, _ seed: UInt64) -> UInt64? {
        var hash = seed ^ UInt64(bytes.count)
        var seen: UInt64 = 0
        var offset = 0
        while offset + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            seen |= word
            hash = self.fold(hash ^ word, 0x9E37_79B9_7F4A_7C15)
            offset += 8
        }
        var word: UInt64 = 0
        while offset < bytes.count {
            word = word << 8 | UInt64(bytes[offset])
            offset += 1
        }
        guard (seen | word) & 0x8080_8080_8080_8080 == 0 else { return nil }
        return self.mix(hash ^ word, seed)
    }
}
