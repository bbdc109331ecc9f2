/// The hash FNV-1a (Fowler, Noll, Vo), 64 bits: the same in every process, on every machine and in every version.
///
/// Its low bits are poor: whoever takes a remainder mixes it once more, in a way of their own that never changes.
package enum FNV1a {
    package static func hash(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash
    }
}
