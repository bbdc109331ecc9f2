/// Whether a path means the same to everybody.
///
/// Refused are dot segments, also before `;`, empty segments, escaped dots, slashes, backslashes and NUL, escapes that are
/// cut off or are no UTF-8, and bytes that RFC 3986 does not allow in a path.
enum PathCheck {
    /// - Parameter path: begins with a slash.
    static func isPlain(_ path: RawSpan) -> Bool {
        guard path.byteCount > 0, path.at(0) == .slash else { return false }
        // Eight bytes at once while there is nothing that needs a closer look.
        var index = 0
        while index + 9 <= path.byteCount {
            let word = path.word(at: index)
            let next = path.word(at: index + 1)
            let slashes = SWAR.marks(word, .slash) & (SWAR.marks(next, .slash) | SWAR.marks(next, .dot))
            if slashes | SWAR.marks(word, .percent) | SWAR.oddities(word) != 0 { return self.isPlainSlowly(path) }
            index += 8
        }
        return self.isPlainSlowly(path.extracting(index..<path.byteCount))
    }

    private static func isPlainSlowly(_ path: RawSpan) -> Bool {
        var utf8 = EscapedText()
        var index = 0
        while index < path.byteCount {
            let byte = path.at(index)
            if byte == .percent {
                guard let value = path.escape(at: index), utf8.accepts(value) else { return false }
                switch value {
                case .slash, .dot, UInt8(ascii: "\\"), 0: return false
                default: index += 3
                }
                continue
            }
            guard !utf8.isCutOff, self.isPlainByte(byte) else { return false }
            if byte == .slash, self.isOddSegment(path, index + 1) { return false }
            index += 1
        }
        return !utf8.isCutOff
    }

    /// Whether `.`, `..` (also before `;`) or an empty segment with more behind it begins at `start`.
    private static func isOddSegment(_ path: RawSpan, _ start: Int) -> Bool {
        guard start < path.byteCount else { return false }
        var end = start
        while end < path.byteCount, path.at(end) == .dot, end < start + 3 { end += 1 }
        let isEnd = end == path.byteCount || path.at(end) == .slash || path.at(end) == UInt8(ascii: ";")
        if end == start { return path.at(end) == .slash }
        return isEnd && end - start <= 2
    }

    /// `pchar` of RFC 3986 without escapes, and the slash.
    static func isPlainByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x7A, 0x41...0x5A, 0x30...0x39: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "!"),
            UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="),
            UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}

/// The bytes of neighbouring escapes, which must be UTF-8 together (the table of well-formed sequences in Unicode 3.9).
private struct EscapedText {
    private var missing = 0
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xBF

    /// Whether a sequence is not complete.
    var isCutOff: Bool { self.missing > 0 }

    mutating func accepts(_ byte: UInt8) -> Bool {
        if self.missing > 0 {
            guard byte >= self.low, byte <= self.high else { return false }
            (self.low, self.high) = (0x80, 0xBF)
            self.missing -= 1
            return true
        }
        switch byte {
        case 0...0x7F: return true
        case 0xC2...0xDF: self.missing = 1
        case 0xE0...0xEF:
            self.missing = 2
            if byte == 0xE0 { self.low = 0xA0 }
            if byte == 0xED { self.high = 0x9F }
        case 0xF0...0xF4:
            self.missing = 3
            if byte == 0xF0 { self.low = 0x90 }
            if byte == 0xF4 { self.high = 0x8F }
        default: return false
        }
        return true
    }
}

/// Eight bytes at once, after Anderson's "Bit Twiddling Hacks". Marks may be set above a true one, never missing.
enum SWAR {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Marks bytes that are `byte`.
    @inline(__always)
    static func marks(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (Self.ones &* UInt64(byte))
        return (difference &- Self.ones) & ~difference & Self.highs
    }

    /// Marks bytes that no path has: below `!`, above `~`, and some between that a parser may have let through.
    @inline(__always)
    static func oddities(_ word: UInt64) -> UInt64 {
        let low = (word &- Self.ones &* 0x21) & ~word & Self.highs
        let high = (word | word &+ Self.ones) & Self.highs
        return low | high | self.marks(word, UInt8(ascii: "[")) | self.marks(word, UInt8(ascii: "]"))
            | self.marks(word, UInt8(ascii: "\\")) | self.marks(word, UInt8(ascii: "\""))
            | self.marks(word, UInt8(ascii: "?")) | self.marks(word, UInt8(ascii: "#"))
            | self.braces(word)
    }

    /// Marks `{`, `|`, `}`, `^`, backtick, `<` and `>`.
    @inline(__always)
    private static func braces(_ word: UInt64) -> UInt64 {
        self.marks(word, UInt8(ascii: "{")) | self.marks(word, UInt8(ascii: "|")) | self.marks(word, UInt8(ascii: "}"))
            | self.marks(word, UInt8(ascii: "^")) | self.marks(word, UInt8(ascii: "`"))
            | self.marks(word, UInt8(ascii: "<")) | self.marks(word, UInt8(ascii: ">"))
    }
}
