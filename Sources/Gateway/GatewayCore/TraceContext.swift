public import Essentials

/// W3C Trace Context, level 1: `00-TRACE-SPAN-FLAGS`.
public struct TraceContext: Hashable, Sendable {
    /// The trace, 16 bytes, not all zero.
    public var trace: UniqueID
    /// The caller's span, or ours; not zero.
    public var span: UInt64
    public var flags: UInt8

    /// Whether the trace is recorded.
    public var isSampled: Bool {
        get { self.flags & 1 == 1 }
        set { self.flags = self.flags & ~1 | (newValue ? 1 : 0) }
    }

    public init(trace: UniqueID, span: UInt64, flags: UInt8) {
        self.trace = trace
        self.span = span
        self.flags = flags
    }

    /// Reads the header; nil when it is not valid, so that a new trace begins.
    public init?(_ header: UnsafeRawBufferPointer) {
        guard header.count >= 55, let version = Self.hexadecimal(header, 0, 2), version != 0xFF,
            version != 0 || header.count == 55, header.count == 55 || header[55] == UInt8(ascii: "-"),
            [2, 35, 52].allSatisfy({ header[$0] == UInt8(ascii: "-") }),
            let high = Self.hexadecimal(header, 3, 16), let low = Self.hexadecimal(header, 19, 16), high | low != 0,
            let span = Self.hexadecimal(header, 36, 16), span != 0, let flags = Self.hexadecimal(header, 53, 2)
        else { return nil }
        self.init(trace: UniqueID(high: high, low: low), span: span, flags: UInt8(flags))
    }

    public init?(_ header: String) {
        var header = header
        guard let context = header.withUTF8({ Self(UnsafeRawBufferPointer($0)) }) else { return nil }
        self = context
    }

    /// The client's trace with a span of the gateway's, or a new one when the client sent none that is valid.
    public static func continuing(_ client: TraceContext?, chance: Chance) -> TraceContext {
        let span = max(1, chance.next())
        if let client { return TraceContext(trace: client.trace, span: span, flags: client.flags) }
        let high = chance.next()
        return TraceContext(trace: UniqueID(high: high, low: max(1, chance.next())), span: span, flags: 1)
    }

    /// The header's value.
    public var header: String {
        "00-\(Self.text(self.trace.high))\(Self.text(self.trace.low))-\(Self.text(self.span))-"
            + Self.text(UInt64(self.flags)).suffix(2)
    }

    private static func text(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func hexadecimal(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> UInt64? {
        var value: UInt64 = 0
        for index in start..<(start + count) {
            switch bytes[index] {
            case let digit where (48...57).contains(digit): value = value << 4 | UInt64(digit - 48)
            case let letter where (97...102).contains(letter): value = value << 4 | UInt64(letter - 87)
            default: return nil
            }
        }
        return value
    }
}
