/// A hash that is the same in every process and on every machine: for sticky choices, not for secrets.
package enum StableHash {
    /// FNV-1a (Fowler, Noll, Vo) of the UTF-8 bytes, mixed once more as in MurmurHash3, so that near strings lie far
    /// apart.
    package static func of(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ (hash >> 33)
    }

    /// A number below `bound`, evenly spread.
    package static func of(_ text: String, below bound: Int) -> Int {
        Int(self.of(text).multipliedFullWidth(by: UInt64(bound)).high)
    }
}
