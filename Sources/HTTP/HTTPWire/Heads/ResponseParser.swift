/// A response head: offsets into the bytes it was read from, and what they mean.
public struct ResponseHead: Sendable {
    public internal(set) var status = 0
    /// The text behind the status; often empty.
    public internal(set) var reason = WireRange.empty
    /// The minor version: 0 or 1; a higher one counts as 1.
    public internal(set) var minorVersion: UInt8 = 1
    public internal(set) var framing = BodyFraming.none
    /// Whether the server lets the connection be used for another request.
    public internal(set) var isPersistent = true
    /// The value of `Upgrade` where `Connection` lists it too; empty otherwise.
    public internal(set) var upgrade = WireRange.empty
    /// The declared length, also where there is no body, as in answers to `HEAD`; nil when there is none.
    public internal(set) var contentLength: Int64?
    public internal(set) var fields = FieldTable()
    /// Bytes of the head, the empty line included.
    public internal(set) var byteCount = 0

    public init() {}

    /// Leaves the field line at `index` behind when the head is written anew.
    public mutating func drop(at index: Int) { self.fields.entries[index].isDropped = true }

    /// Whether another head follows for the same request: 100 to 199, but 101.
    public var isInterim: Bool { self.status < 200 && self.status != 101 }
}

/// Reads response heads under the same rules as ``RequestParser``.
public struct ResponseParser: Sendable {
    public let limits: WireLimits
    /// Valid once ``parse(_:answering:)`` has returned true, until ``reset()``.
    public private(set) var head = ResponseHead()
    private var phase = Phase.statusLine
    private var section = FieldSection(line: 0)
    private var facts = HeadFacts()

    private enum Phase: Hashable, Sendable {
        /// No complete status line yet. Next: fields.
        case statusLine
        /// Between the status line and the empty line. Next: complete.
        case fields
        /// The head is there. Next: statusLine, by ``ResponseParser/reset()``.
        case complete
    }

    /// - Precondition: `limits.fieldLine` is at most 65,535 and `limits.head` at most 2,147,483,647.
    public init(limits: WireLimits = WireLimits()) {
        limits.requireOffsetsThatFit()
        self.limits = limits
    }

    /// Makes ready for the next head, keeping the storage.
    public mutating func reset() {
        self.phase = .statusLine
        self.section.restart(emptying: &self.head.fields)
        self.facts = HeadFacts()
    }

    /// Lets `body` mark fields of a complete head.
    public mutating func withHead<Result>(_ body: (inout ResponseHead) -> Result) -> Result { body(&self.head) }

    /// Reads on.
    /// - Parameters:
    ///   - bytes: all bytes since the head began; at the same offsets as in the call before.
    ///   - method: of the request that this answers; it decides whether there is a body.
    /// - Returns: whether the head is complete.
    /// - Throws: what is wrong; the connection cannot be used any further.
    public mutating func parse(_ bytes: RawSpan, answering method: WireMethod) throws(WireError) -> Bool {
        if self.phase == .statusLine {
            guard try self.statusLine(bytes) else { return false }
            self.phase = .fields
        }
        guard self.phase == .fields else { return true }
        let (limits, minor) = (self.limits, self.head.minorVersion)
        let end = try self.section.read(bytes, limits: limits, end: limits.head, tooLarge: .headTooLarge) {
            entry throws(WireError) in
            guard entry.id != .host, entry.id != .expect else { return }
            try self.facts.note(entry, bytes, minor: minor, limits: limits)
        }
        guard let end else { return false }
        try self.finish(bytes, end, method)
        self.phase = .complete
        return true
    }

    /// `HTTP/1.1 200 reason`; false when more bytes are needed. A missing reason may lack its space too.
    private mutating func statusLine(_ bytes: RawSpan) throws(WireError) -> Bool {
        let template: StaticString = "HTTP/1.x ddd"
        for index in 0..<12 {
            guard index < bytes.byteCount else { return false }
            let byte = bytes.byte(at: index)
            let isRight =
                index == 7 || index > 8 ? ByteClass.isDigit(byte) : byte == template.withUTF8Buffer { $0[index] }
            guard isRight else {
                let code: WireError.Code =
                    index == 5 && ByteClass.isDigit(byte) ? .unsupportedVersion : .of(byte, else: .invalidStatusLine)
                throw WireError(code, at: index)
            }
        }
        self.head.minorVersion = bytes.byte(at: 7) == UInt8(ascii: "0") ? 0 : 1
        self.head.status = (9...11).reduce(0) { $0 * 10 + Int(bytes.byte(at: $1) &- 0x30) }
        guard (100...599).contains(self.head.status) else { throw WireError(.invalidStatus, at: 9) }
        let bound = LineBound(
            start: 0, length: self.limits.fieldLine, end: self.limits.head, tooLarge: .headTooLarge)
        let available = Swift.min(bytes.byteCount, bound.stop)
        let lineEnd = bytes.endOfValue(from: 12, to: available)
        if lineEnd > 12, bytes.byte(at: 12) != .space { throw WireError(.invalidStatusLine, at: 12) }
        guard lineEnd < available else { return try bound.wait(bytes.byteCount) != nil }
        guard bytes.byte(at: lineEnd) == .carriageReturn else {
            throw WireError(.of(bytes.byte(at: lineEnd), else: .invalidStatusLine), at: lineEnd)
        }
        guard let next = try bound.lineEnd(bytes, at: lineEnd) else { return false }
        self.head.reason = lineEnd > 13 ? WireRange(from: 13, to: lineEnd) : .empty
        self.section.line = next
        return true
    }

    /// The body's framing after RFC 9112 §6.3, and what else needs all fields.
    private mutating func finish(_ bytes: RawSpan, _ end: Int, _ method: WireMethod) throws(WireError) {
        let status = self.head.status
        let length = self.facts.contentLength
        self.head.contentLength = length < 0 ? nil : length
        self.head.isPersistent = !self.facts.closes && (self.head.minorVersion > 0 || self.facts.keepsAlive)
        if status < 200 || status == 204 {
            guard !self.facts.isChunked else { throw WireError(.transferEncodingNotAllowed, at: end - 2) }
            guard length <= 0 else { throw WireError(.contentNotAllowed, at: end - 2) }
            self.head.framing = .none
        } else if method == .head || status == 304 {
            self.head.framing = .none
        } else if self.facts.isChunked {
            self.head.framing = .chunked
        } else if length >= 0 {
            self.head.framing = length == 0 ? .none : .length(length)
        } else {
            self.head.framing = .untilClose
            self.head.isPersistent = false
        }
        self.facts.markNamedFields(&self.section.table, bytes)
        self.head.upgrade = self.facts.namesUpgrade ? self.facts.upgrade ?? .empty : .empty
        self.head.byteCount = end
        swap(&self.head.fields, &self.section.table)
    }
}
