/// The `traceparent` header of W3C Trace Context: `00-TRACE-PARENT-FLAGS`.
public struct TraceParent: Hashable, Sendable {
    /// The bits of the last field; those that level 2 does not know are not passed on.
    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8

        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// The caller may have recorded the trace.
        public static let sampled = Flags(rawValue: 1)
        /// The last seven bytes of the trace id were chosen by chance (level 2).
        public static let random = Flags(rawValue: 2)

        static let known: Flags = [.sampled, .random]
    }

    public var traceID: TraceID
    /// The span that sent the header: the parent of whoever reads it.
    public var spanID: SpanID
    public var flags: Flags

    public init(traceID: TraceID, spanID: SpanID, flags: Flags = []) {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
    }

    /// Reads a header's value as the recommendation says (§3.2): white space around it is no part of it; version `ff` and
    /// ids of zeros are invalid; version `00` ends with the flags; a later version may go on behind another dash.
    /// - Returns: nil for everything else. A request with such a value begins a new trace.
    public init?(header: some StringProtocol) {
        let text = Substring(header).utf8.trimmingOptionalWhiteSpace()
        guard text.count >= 55 else { return nil }
        func field(_ offset: Int, _ length: Int) -> UInt64? {
            let start = text.index(text.startIndex, offsetBy: offset)
            return UInt64(lowercaseHexadecimal: text[start..<text.index(start, offsetBy: length)])
        }
        func isDash(_ offset: Int) -> Bool { text[text.index(text.startIndex, offsetBy: offset)] == UInt8(ascii: "-") }
        guard let version = field(0, 2), version != 0xff, isDash(2), isDash(35), isDash(52),
            text.count == 55 || (version != 0 && isDash(55)),
            let high = field(3, 16), let low = field(19, 16), let trace = TraceID(high: high, low: low),
            let span = field(36, 16).flatMap({ SpanID($0) }), let flags = field(53, 2)
        else { return nil }
        self.init(
            traceID: trace, spanID: span, flags: Flags(rawValue: UInt8(truncatingIfNeeded: flags)).intersection(.known))
    }

    /// The header's value, in version `00`.
    public var header: String { "00-\(self.traceID)-\(self.spanID)-0\(self.flags.rawValue)" }
}

extension Collection<UInt8> where Self: BidirectionalCollection {
    /// Without the spaces and tabs at both ends (RFC 9110 §5.6.3).
    func trimmingOptionalWhiteSpace() -> SubSequence {
        var rest = self[...]
        while let first = rest.first, first == 0x20 || first == 0x09 { rest.removeFirst() }
        while let last = rest.last, last == 0x20 || last == 0x09 { rest.removeLast() }
        return rest
    }
}
