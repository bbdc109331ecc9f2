/// The byte sets of the grammar as bitmaps of 64 bits, because a load from a table is slower than a shift.
@usableFromInline
enum ByteClass {
    /// `tchar` of RFC 9110 §5.6.2.
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        Self.contains(byte, 0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE)
    }

    /// What RFC 3986 allows in path and query, `%` included, and square brackets, which many clients leave unescaped.
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool {
        Self.contains(byte, 0xAFFF_FFF2_0000_0000, 0x47FF_FFFE_AFFF_FFFF)
    }

    /// `reg-name` of RFC 3986 without the comma, which would let two hosts hide in one.
    @inline(__always)
    static func isHost(_ byte: UInt8) -> Bool {
        Self.contains(byte, 0x2BFF_6FF2_0000_0000, 0x47FF_FFFE_87FF_FFFE)
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// The value of a hexadecimal digit; nil for any other byte.
    @inline(__always)
    static func hexadecimal(_ byte: UInt8) -> UInt8? {
        if self.isDigit(byte) { return byte &- 0x30 }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }

    @inline(__always)
    private static func contains(_ byte: UInt8, _ low: UInt64, _ high: UInt64) -> Bool {
        byte < 128 && ((byte < 64 ? low : high) >> UInt64(byte & 63)) & 1 == 1
    }
}

extension UInt8 {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let comma = UInt8(ascii: ",")
    static let colon = UInt8(ascii: ":")

    /// `SP` or `HTAB`.
    @inline(__always)
    var isBlank: Bool { self == .space || self == .tab }

    /// The letter in lower case; other bytes of a token stay apart from letters too.
    @inline(__always)
    var folded: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}
