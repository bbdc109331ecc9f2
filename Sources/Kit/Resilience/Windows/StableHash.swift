import Essentials

/// A hash that is the same in every process and on every machine: for sticky choices, not for secrets.
package enum StableHash {
    /// ``FNV1a`` of the UTF-8 bytes, mixed once more as in MurmurHash3, so that near strings lie far apart.
    package static func of(_ text: String) -> UInt64 {
        var hash = FNV1a.hash(text)
        hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ (hash >> 33)
    }

    /// A number below `bound`, evenly spread.
    package static func of(_ text: String, below bound: Int) -> Int {
        Int(self.of(text).multipliedFullWidth(by: UInt64(bound)).high)
    }
}
