/// What the fields of a head say about the message and its connection, gathered while they are read.
struct HeadFacts {
    /// -1 until `Content-Length` was read.
    var contentLength: Int64 = -1
    var isChunked = false
    var host: WireRange?
    var closes = false
    var keepsAlive = false
    var expectsContinue = false
    /// Whether `Connection` lists `upgrade`.
    var namesUpgrade = false
    /// The value of `Upgrade`.
    var upgrade: WireRange?
    /// How many options `Connection` has listed.
    var options = 0
    /// Whether one of them may be the name of a field of this head.
    var namesFields = false

    /// More options than any client lists; each is compared with every field.
    static let maximumOptions = 16

    /// Takes notice of one field line.
    /// - Parameter minor: the minor version of the message, for rules that HTTP/1.0 lacks.
    @inline(__always)
    mutating func note(
        _ entry: FieldTable.Entry, _ bytes: RawSpan, minor: UInt8, limits: WireLimits
    ) throws(WireError) {
        if entry.id != .other { try self.noteKnown(entry, bytes, minor: minor, limits: limits) }
    }

    private mutating func noteKnown(
        _ entry: FieldTable.Entry, _ bytes: RawSpan, minor: UInt8, limits: WireLimits
    ) throws(WireError) {
        let value = entry.value
        switch entry.id {
        case .host:
            guard self.host == nil else { throw WireError(.duplicateHost, at: entry.name.start) }
            guard Authority.isValid(bytes, value) else { throw WireError(.invalidHost, at: value.start) }
            self.host = value
        case .contentLength:
            guard self.contentLength < 0 else { throw WireError(.duplicateContentLength, at: entry.name.start) }
            guard !self.isChunked else { throw WireError(.lengthAndTransferEncoding, at: entry.name.start) }
            self.contentLength = try Self.length(bytes, value, atMost: limits.body)
        case .transferEncoding:
            guard !self.isChunked else { throw WireError(.duplicateTransferEncoding, at: entry.name.start) }
            guard self.contentLength < 0 else { throw WireError(.lengthAndTransferEncoding, at: entry.name.start) }
            guard minor > 0 else { throw WireError(.transferEncodingNotAllowed, at: entry.name.start) }
            try Self.checkTransferEncoding(bytes, value)
            self.isChunked = true
        case .connection: try self.noteConnection(bytes, value)
        case .upgrade: self.upgrade = value
        case .expect:
            guard bytes.equals(value, "100-continue") else {
                throw WireError(.unsupportedExpectation, at: value.start)
            }
            self.expectsContinue = minor > 0
        default: break
        }
    }

    /// `1*DIGIT`, once. A list of equal lengths is refused too: nobody sends one who means well.
    private static func length(_ bytes: RawSpan, _ value: WireRange, atMost limit: Int64) throws(WireError) -> Int64 {
        guard !value.isEmpty else { throw WireError(.invalidContentLength, at: value.start) }
        var length: Int64 = 0
        var overflows = false
        for index in value.start..<value.end {
            let byte = bytes.byte(at: index)
            guard ByteClass.isDigit(byte) else { throw WireError(.invalidContentLength, at: index) }
            let (product, over) = length.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(byte &- 0x30))
            overflows = overflows || over || carry
            length = sum
        }
        guard !overflows, length <= limit else { throw WireError(.contentTooLarge, at: value.start) }
        return length
    }

    /// `chunked` and nothing else. Whatever does not end in `chunked` has no length (RFC 9112 §6.3); codings before it
    /// are not implemented (§7).
    private static func checkTransferEncoding(_ bytes: RawSpan, _ value: WireRange) throws(WireError) {
        if bytes.equals(value, "chunked") { return }
        var (codings, chunked) = (0, 0)
        var isLastChunked = false
        var list = TokenList(value)
        while let token = list.next(bytes) {
            guard !token.isEmpty else { throw WireError(.invalidTransferEncoding, at: value.start) }
            codings += 1
            isLastChunked = bytes.equals(token, "chunked")
            chunked += isLastChunked ? 1 : 0
        }
        guard !list.isBroken, isLastChunked, chunked == 1, codings > 1 else {
            throw WireError(.invalidTransferEncoding, at: value.start)
        }
        throw WireError(.unsupportedTransferEncoding, at: value.start)
    }

    private mutating func noteConnection(_ bytes: RawSpan, _ value: WireRange) throws(WireError) {
        if bytes.equals(value, "keep-alive") {
            self.keepsAlive = true
            return
        }
        var list = TokenList(value)
        while let token = list.next(bytes) {
            guard !token.isEmpty else { continue }
            self.options += 1
            if bytes.equals(token, "close") {
                self.closes = true
            } else if bytes.equals(token, "keep-alive") {
                self.keepsAlive = true
            } else if bytes.equals(token, "upgrade") {
                self.namesUpgrade = true
            } else {
                self.namesFields = true
            }
        }
        guard !list.isBroken, self.options <= Self.maximumOptions else {
            throw WireError(.invalidConnection, at: value.start)
        }
    }

    /// Marks the fields that `Connection` names; `Host` is not one to be taken away.
    func markNamedFields(_ table: inout FieldTable, _ bytes: RawSpan) {
        guard self.namesFields else { return }
        for index in table.entries.indices where table.entries[index].id == .connection {
            var list = TokenList(table.entries[index].value)
            while let token = list.next(bytes) {
                for other in table.entries.indices
                where table.entries[other].id != .host && bytes.equals(table.entries[other].name, token) {
                    table.entries[other].isDropped = true
                }
            }
        }
    }
}

/// The elements of a comma separated list of tokens, blanks around them removed.
struct TokenList {
    private var position: Int
    private let end: Int
    private var isAtEnd = false
    /// Whether an element was not a token; the list ends there.
    private(set) var isBroken = false

    init(_ value: WireRange) {
        self.position = value.start
        self.end = value.end
    }

    /// The next element, which may be empty; nil behind the last one.
    mutating func next(_ bytes: RawSpan) -> WireRange? {
        guard !self.isAtEnd else { return nil }
        while self.position < self.end, bytes.byte(at: self.position).isBlank { self.position += 1 }
        let start = self.position
        self.position = bytes.endOfToken(from: start, to: self.end)
        let token = WireRange(from: start, to: self.position)
        while self.position < self.end, bytes.byte(at: self.position).isBlank { self.position += 1 }
        if self.position == self.end {
            self.isAtEnd = true
        } else if bytes.byte(at: self.position) == .comma {
            self.position += 1
        } else {
            (self.isAtEnd, self.isBroken) = (true, true)
            return nil
        }
        return token
    }
}
