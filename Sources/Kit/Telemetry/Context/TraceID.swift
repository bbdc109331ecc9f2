/// The 16 bytes that all spans of one trace share. Never all zero.
public struct TraceID: Hashable, Comparable, Sendable {
    /// The first eight bytes, big-endian.
    public let high: UInt64
    /// The last eight bytes, big-endian. Chance decides at least these (W3C Trace Context level 2, §2.2.2).
    public let low: UInt64

    /// - Returns: nil for the invalid id, all zero.
    public init?(high: UInt64, low: UInt64) {
        guard high | low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    /// Reads exactly 16 bytes that are not all zero.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.init(high: UInt64(bigEndianBytes: bytes.prefix(8)), low: UInt64(bigEndianBytes: bytes.dropFirst(8)))
    }

    /// Reads exactly 32 lowercase hexadecimal digits that are not all zero.
    public init?(_ text: some StringProtocol) {
        let digits = text.utf8
        guard digits.count == 32, let high = UInt64(lowercaseHexadecimal: digits.prefix(16)),
            let low = UInt64(lowercaseHexadecimal: digits.dropFirst(16))
        else { return nil }
        self.init(high: high, low: low)
    }

    public var bytes: [UInt8] { self.high.bigEndianBytes + self.low.bigEndianBytes }

    /// The 56 random bits by which all who sample one trace come to the same decision, in `0..<1`.
    public var fraction: Double { Double(self.low & 0xFF_FFFF_FFFF_FFFF) * 0x1p-56 }

    public static func < (left: TraceID, right: TraceID) -> Bool { (left.high, left.low) < (right.high, right.low) }
}

extension TraceID: CustomStringConvertible {
    public var description: String { self.high.lowercaseHexadecimal + self.low.lowercaseHexadecimal }
}

/// The eight bytes that tell a span from others of its trace. Never all zero.
public struct SpanID: Hashable, Comparable, Sendable {
    /// The bytes, big-endian.
    public let rawValue: UInt64

    /// - Returns: nil for the invalid id, zero.
    public init?(_ rawValue: UInt64) {
        guard rawValue != 0 else { return nil }
        self.rawValue = rawValue
    }

    /// Reads exactly eight bytes that are not all zero.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 8 else { return nil }
        self.init(UInt64(bigEndianBytes: bytes))
    }

    /// Reads exactly 16 lowercase hexadecimal digits that are not all zero.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 16, let value = UInt64(lowercaseHexadecimal: text.utf8) else { return nil }
        self.init(value)
    }

    public var bytes: [UInt8] { self.rawValue.bigEndianBytes }

    public static func < (left: SpanID, right: SpanID) -> Bool { left.rawValue < right.rawValue }
}

extension SpanID: CustomStringConvertible {
    public var description: String { self.rawValue.lowercaseHexadecimal }
}

extension UInt64 {
    init(bigEndianBytes bytes: some Collection<UInt8>) {
        self = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// At most 16 digits, each `0`–`9` or `a`–`f`.
    init?(lowercaseHexadecimal digits: some Collection<UInt8>) {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case 48...57: value = value << 4 | UInt64(digit - 48)
            case 97...102: value = value << 4 | UInt64(digit - 87)
            default: return nil
            }
        }
        self = value
    }

    var bigEndianBytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: self >> UInt64(56 - 8 * $0)) }
    }

    /// All 16 digits.
    var lowercaseHexadecimal: String {
        String(unsafeUninitializedCapacity: 16) { buffer in
            for index in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: self >> UInt64(60 - 4 * index) & 15)
                buffer[index] = digit < 10 ? digit + 48 : digit + 87
            }
            return 16
        }
    }
}
