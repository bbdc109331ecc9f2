public import Essentials

extension UniqueID {
    /// The identifier of something that belongs to this one: the same in every process and for ever.
    ///
    /// A UUID of version 8 (RFC 9562 §5.8) from FNV-1a over 128 bits. Only ids that the platform has drawn itself may be
    /// derived from: whoever may choose them could make two meet.
    /// - Parameter purpose: what the other thing is, such as `capture`.
    public func derived(_ purpose: String) -> UniqueID {
        var hash: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
        for byte in self.bytes + purpose.utf8 {
            hash ^= UInt128(byte)
            hash &*= 0x0000_0000_0100_0000_0000_0000_0000_013b
        }
        return UniqueID(
            high: UInt64(truncatingIfNeeded: hash >> 64) & 0xFFFF_FFFF_FFFF_0FFF | 0x8000,
            low: UInt64(truncatingIfNeeded: hash) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }
}
