/// Reads request heads: sans-I/O, in one pass, strictly by RFC 9112 and RFC 9110.
///
/// Give it all bytes since the head began, as often as more arrive; it goes on where it stopped. It never copies, and
/// after the first head it does not allocate. The result does not depend on how the bytes were cut.
///
/// ```swift
/// var parser = RequestParser()
/// while try !parser.parse(buffer.bytes) { … }   // read more
/// let path = buffer.bytes.text(parser.head.path)
/// parser.reset()                                // for the next request
/// ```
public struct RequestParser: Sendable {
    /// What a refused message is measured against.
    public let limits: WireLimits
    /// Valid once ``parse(_:)`` has returned true, until ``reset()``.
    public private(set) var head = RequestHead()
    private var phase = Phase.requestLine(skippedEmptyLine: false)
    private var section = FieldSection(line: 0)
    private var facts = HeadFacts()

    private enum Phase: Hashable, Sendable {
        /// No complete request line yet. Next: fields.
        case requestLine(skippedEmptyLine: Bool)
        /// Between the request line and the empty line. Next: complete.
        case fields
        /// The head is there. Next: requestLine, by ``RequestParser/reset()``.
        case complete
    }

    /// - Precondition: `limits.fieldLine` is at most 65,535 and `limits.head` at most 2,147,483,647.
    public init(limits: WireLimits = WireLimits()) {
        limits.requireOffsetsThatFit()
        self.limits = limits
    }

    /// Makes ready for the next head, keeping the storage.
    public mutating func reset() {
        self.phase = .requestLine(skippedEmptyLine: false)
        self.section.restart(emptying: &self.head.fields)
        self.facts = HeadFacts()
    }

    /// Lets `body` mark fields of a complete head.
    public mutating func withHead<Result>(_ body: (inout RequestHead) -> Result) -> Result { body(&self.head) }

    /// Whether nothing of a head has been read, not even an empty line.
    public var isFresh: Bool { self.phase == .requestLine(skippedEmptyLine: false) }

    /// Reads on.
    /// - Parameter bytes: all bytes since the head began; at the same offsets as in the call before.
    /// - Returns: whether the head is complete; ``RequestHead/byteCount`` says where it ends.
    /// - Throws: what is wrong; the connection cannot be used any further.
    public mutating func parse(_ bytes: RawSpan) throws(WireError) -> Bool {
        if case .requestLine = self.phase {
            guard try self.requestLine(bytes) else { return false }
            self.phase = .fields
        }
        guard self.phase == .fields else { return true }
        let (limits, minor) = (self.limits, self.head.minorVersion)
        let end = try self.section.read(bytes, limits: limits, end: limits.head, tooLarge: .headTooLarge) {
            entry throws(WireError) in
            try self.facts.note(entry, bytes, minor: minor, limits: limits)
        }
        guard let end else { return false }
        try self.finish(bytes, end)
        self.phase = .complete
        return true
    }

    /// Reads the line at `section.line`; false when more bytes are needed.
    private mutating func requestLine(_ bytes: RawSpan) throws(WireError) -> Bool {
        guard try self.skipEmptyLine(bytes) else { return false }
        let start = self.section.line
        let count = bytes.byteCount
        let methodStop = start + self.limits.method + 1
        let methodEnd = bytes.endOfToken(from: start, to: Swift.min(count, methodStop))
        if methodEnd == methodStop { throw WireError(.methodTooLong, at: methodEnd) }
        guard methodEnd < count else { return false }
        guard bytes.byte(at: methodEnd) == .space, methodEnd > start else {
            throw WireError(.of(bytes.byte(at: methodEnd), else: .invalidMethod), at: methodEnd)
        }
        self.head.methodName = WireRange(from: start, to: methodEnd)
        self.head.method = WireMethod(
            word: bytes.shortWord(at: start, count: methodEnd - start), count: methodEnd - start)
        guard let targetEnd = try self.target(bytes, from: methodEnd + 1) else { return false }
        guard let lineEnd = try self.version(bytes, from: targetEnd + 1) else { return false }
        guard lineEnd <= self.limits.head else { throw WireError(.headTooLarge, at: self.limits.head) }
        self.section.line = lineEnd
        return true
    }

    /// Passes over one empty line before the request line (RFC 9112 §2.2).
    private mutating func skipEmptyLine(_ bytes: RawSpan) throws(WireError) -> Bool {
        let start = self.section.line
        guard start < bytes.byteCount else { return false }
        guard bytes.byte(at: start) == .carriageReturn else { return true }
        guard start + 1 < bytes.byteCount else { return false }
        guard bytes.byte(at: start + 1) == .lineFeed else { throw WireError(.bareCarriageReturn, at: start) }
        guard self.phase == .requestLine(skippedEmptyLine: false) else {
            throw WireError(.leadingEmptyLines, at: start)
        }
        self.phase = .requestLine(skippedEmptyLine: true)
        self.section.line = start + 2
        return try self.skipEmptyLine(bytes)
    }

    /// `HTTP/1.1` and the line's end; nil when more bytes are needed.
    private mutating func version(_ bytes: RawSpan, from start: Int) throws(WireError) -> Int? {
        let prefix: StaticString = "HTTP/"
        for index in 0..<10 {
            guard start + index < bytes.byteCount else { return nil }
            let byte = bytes.byte(at: start + index)
            let isRight =
                switch index {
                case 0..<5: byte == prefix.withUTF8Buffer { $0[index] }
                case 5, 7: ByteClass.isDigit(byte)
                case 6: byte == UInt8(ascii: ".")
                case 8: byte == .carriageReturn
                default: byte == .lineFeed
                }
            if isRight { continue }
            if index == 9 { throw WireError(.bareCarriageReturn, at: start + 8) }
            let missing = index == 0 && byte == .carriageReturn
            throw WireError(missing ? .missingVersion : .of(byte, else: .invalidVersion), at: start + index)
        }
        guard bytes.byte(at: start + 5) == UInt8(ascii: "1") else { throw WireError(.unsupportedVersion, at: start) }
        self.head.minorVersion = bytes.byte(at: start + 7) == UInt8(ascii: "0") ? 0 : 1
        return start + 10
    }

    /// What can be judged only when all fields are known.
    private mutating func finish(_ bytes: RawSpan, _ end: Int) throws(WireError) {
        if let host = self.facts.host {
            if self.head.form == .absolute {
                guard bytes.equals(self.head.host, host) else { throw WireError(.hostMismatch, at: end - 2) }
            }
            self.head.host = host
        } else if self.head.minorVersion > 0 {
            throw WireError(.missingHost, at: end - 2)
        }
        self.head.framing =
            self.facts.isChunked
            ? .chunked : self.facts.contentLength > 0 ? .length(self.facts.contentLength) : .none
        if self.head.method == .trace, self.head.framing != .none { throw WireError(.contentNotAllowed, at: end - 2) }
        self.facts.markNamedFields(&self.section.table, bytes)
        self.head.isPersistent =
            !self.facts.closes && (self.head.minorVersion > 0 || self.facts.keepsAlive)
        self.head.expectsContinue = self.facts.expectsContinue && self.head.framing != .none
        self.head.upgrade =
            self.facts.namesUpgrade && self.head.minorVersion > 0 ? self.facts.upgrade ?? .empty : .empty
        self.head.byteCount = end
        swap(&self.head.fields, &self.section.table)
    }
}

extension RequestParser {
    /// Reads the target; the offset of the space behind it, or nil when more bytes are needed.
    private mutating func target(_ bytes: RawSpan, from start: Int) throws(WireError) -> Int? {
        let stop = start + self.limits.target + 1
        let available = Swift.min(bytes.byteCount, stop)
        var index = start
        var query = -1
        while index < available {
            let byte = bytes.byte(at: index)
            guard ByteClass.isTarget(byte) else { break }
            if byte == UInt8(ascii: "%") {
                guard try Self.isEscape(bytes, index, available) else { return nil }
            } else if byte == UInt8(ascii: "?"), query < 0 {
                query = index
            }
            index += 1
        }
        if index == stop { throw WireError(.targetTooLong, at: stop) }
        guard index < available else { return nil }
        guard bytes.byte(at: index) == .space, index > start else { throw Self.targetError(bytes, start, index) }
        self.head.target = WireRange(from: start, to: index)
        self.head.query = query < 0 ? .empty : WireRange(from: query, to: index)
        try self.form(bytes, WireRange(from: start, to: query < 0 ? index : query))
        return index
    }

    /// Whether two hexadecimal digits follow the percent sign; false when they did not yet arrive.
    private static func isEscape(_ bytes: RawSpan, _ index: Int, _ available: Int) throws(WireError) -> Bool {
        for offset in 1...2 {
            guard index + offset < available else { return index + offset < bytes.byteCount }
            guard ByteClass.hexadecimal(bytes.byte(at: index + offset)) != nil else {
                throw WireError(.invalidEscape, at: index)
            }
        }
        return true
    }

    private static func targetError(_ bytes: RawSpan, _ start: Int, _ index: Int) -> WireError {
        let byte = bytes.byte(at: index)
        if byte == .carriageReturn, index > start { return WireError(.missingVersion, at: index) }
        if byte == UInt8(ascii: "#") { return WireError(.fragmentInTarget, at: index) }
        return WireError(.of(byte, else: .invalidTarget), at: index)
    }

    /// Tells the forms of a target apart; `range` is the target without its query.
    private mutating func form(_ bytes: RawSpan, _ range: WireRange) throws(WireError) {
        guard self.head.method != .connect else { throw WireError(.methodNotImplemented, at: range.start) }
        self.head.host = .empty
        self.head.path = range
        if !range.isEmpty, bytes.byte(at: range.start) == UInt8(ascii: "/") {
            self.head.form = .origin
        } else if range.count == 1, bytes.byte(at: range.start) == UInt8(ascii: "*") {
            guard self.head.method == .options, self.head.query.isEmpty else {
                throw WireError(.targetFormNotAllowed, at: range.start)
            }
            self.head.form = .asterisk
        } else {
            try self.absolute(bytes, range)
        }
    }

    private mutating func absolute(_ bytes: RawSpan, _ range: WireRange) throws(WireError) {
        let scheme = bytes.equals(WireRange(start: range.start, count: Swift.min(7, range.count)), "http://") ? 7 : 8
        guard scheme == 7 || bytes.equals(WireRange(start: range.start, count: Swift.min(8, range.count)), "https://")
        else { throw WireError(.targetFormNotAllowed, at: range.start) }
        var index = range.start + scheme
        while index < range.end, bytes.byte(at: index) != UInt8(ascii: "/") { index += 1 }
        let authority = WireRange(from: range.start + scheme, to: index)
        guard Authority.isValid(bytes, authority) else { throw WireError(.invalidTarget, at: authority.start) }
        self.head.form = .absolute
        self.head.host = authority
        self.head.path = WireRange(from: index, to: range.end)
    }
}
