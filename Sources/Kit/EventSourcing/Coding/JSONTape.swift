/// The values of a JSON text in the order of their first bytes, found in one pass.
///
/// A tape is made of well-formed texts only, and not of all: of those whose objects have few members with plain and
/// different names, and that are not deep.
struct JSONTape {
    struct Token {
        enum Kind: UInt8 {
            case null, yes, no, number, text, escapedText, array, object
        }

        var kind: Kind
        /// The first byte; of a text the one behind the quotation mark.
        var start: Int32
        /// How many bytes there are, quotation marks left out.
        var length: Int32
        /// The members of an object, the elements of an array.
        var count: Int32 = 0
        /// The token behind this value and all that is in it.
        var next: Int32
        /// Of an object: the member at which to begin looking for the next one.
        var hint: Int32 = 0
    }

    private(set) var tokens: [Token] = []
    private var hasUnicode = false
    private var depth = 0
    private static let maximumDepth = 32
    private static let maximumMembers = 64

    /// Nil for a text that is not well-formed, and for those of which no tape is made.
    init?(_ text: [UInt8]) {
        guard text.count < Int32.max else { return nil }
        self.tokens.reserveCapacity(text.count / 12 + 4)
        let isRead = text.withUnsafeBufferPointer { bytes in
            var position = 0
            guard self.value(bytes, &position) else { return false }
            Self.skipSpace(bytes, &position)
            return position == bytes.count
        }
        guard isRead, !self.hasUnicode || String(validating: text, as: UTF8.self) != nil else { return nil }
    }

    /// A position of a member's value is found once and looked for behind it the next time.
    mutating func setHint(_ hint: Int, of object: Int) {
        self.tokens[object].hint = Int32(truncatingIfNeeded: hint)
    }

    private static func skipSpace(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int) {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private static func take(
        _ byte: Unicode.Scalar, _ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int
    ) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func add(_ kind: Token.Kind, _ start: Int, _ length: Int) {
        self.tokens.append(
            Token(
                kind: kind, start: Int32(truncatingIfNeeded: start), length: Int32(truncatingIfNeeded: length),
                next: Int32(truncatingIfNeeded: self.tokens.count + 1)))
    }

    private mutating func value(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int) -> Bool {
        Self.skipSpace(bytes, &position)
        guard position < bytes.count else { return false }
        switch bytes[position] {
        case UInt8(ascii: "\""): return self.text(bytes, &position)
        case UInt8(ascii: "{"): return self.container(.object, bytes, &position)
        case UInt8(ascii: "["): return self.container(.array, bytes, &position)
        case UInt8(ascii: "t"): return self.word("true", .yes, bytes, &position)
        case UInt8(ascii: "f"): return self.word("false", .no, bytes, &position)
        case UInt8(ascii: "n"): return self.word("null", .null, bytes, &position)
        default: return self.number(bytes, &position)
        }
    }

    private mutating func word(
        _ word: StaticString, _ kind: Token.Kind, _ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int
    ) -> Bool {
        let length = word.utf8CodeUnitCount
        guard bytes.count - position >= length else { return false }
        for offset in 0..<length where bytes[position + offset] != word.utf8Start[offset] { return false }
        self.add(kind, position, length)
        position += length
        return true
    }

    private mutating func number(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int) -> Bool {
        let start = position
        _ = Self.take("-", bytes, &position)
        if !Self.take("0", bytes, &position) {
            guard Self.digits(bytes, &position) else { return false }
        }
        if Self.take(".", bytes, &position) {
            guard Self.digits(bytes, &position) else { return false }
        }
        if Self.take("e", bytes, &position) || Self.take("E", bytes, &position) {
            if !Self.take("+", bytes, &position) { _ = Self.take("-", bytes, &position) }
            guard Self.digits(bytes, &position) else { return false }
        }
        self.add(.number, start, position - start)
        return true
    }

    private static func digits(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int) -> Bool {
        let start = position
        while position < bytes.count, bytes[position] &- UInt8(ascii: "0") <= 9 { position += 1 }
        return position > start
    }

    private mutating func text(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int) -> Bool {
        position += 1
        let start = position
        var isEscaped = false
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                self.add(isEscaped ? .escapedText : .text, start, position - start)
                position += 1
                return true
            case UInt8(ascii: "\\"):
                guard position + 1 < bytes.count, Self.unescaped(bytes[position + 1]) != nil else { return false }
                isEscaped = true
                position += 2
            case 0..<0x20: return false
            case 0x80...: self.hasUnicode = true; position += 1
            default: position += 1
            }
        }
        return false
    }

    /// What stands for the byte behind a backslash; nil for an escape by number, which is rare.
    static func unescaped(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        default: nil
        }
    }

    private mutating func container(
        _ kind: Token.Kind, _ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int
    ) -> Bool {
        let index = self.tokens.count
        self.add(kind, position, 0)
        position += 1
        self.depth += 1
        guard self.depth <= Self.maximumDepth else { return false }
        let (end, isObject): (Unicode.Scalar, Bool) = kind == .object ? ("}", true) : ("]", false)
        var count: Int32 = 0
        Self.skipSpace(bytes, &position)
        if !Self.take(end, bytes, &position) {
            var names: UInt64 = 0
            repeat {
                if isObject {
                    guard self.name(of: index, count, &names, bytes, &position) else { return false }
                }
                guard self.value(bytes, &position) else { return false }
                count += 1
                Self.skipSpace(bytes, &position)
            } while Self.take(",", bytes, &position)
            guard Self.take(end, bytes, &position) else { return false }
        }
        self.depth -= 1
        self.tokens[index].count = count
        self.tokens[index].next = Int32(truncatingIfNeeded: self.tokens.count)
        self.tokens[index].hint = Int32(truncatingIfNeeded: index + 1)
        return true
    }

    /// Reads a member's name and the colon. False also for a name with escapes or beyond ASCII, and for a repeated one.
    private mutating func name(
        of object: Int, _ count: Int32, _ names: inout UInt64, _ bytes: UnsafeBufferPointer<UInt8>,
        _ position: inout Int,
    ) -> Bool {
        Self.skipSpace(bytes, &position)
        guard count < Self.maximumMembers, position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
            return false
        }
        let index = self.tokens.count
        guard self.text(bytes, &position), self.tokens[index].kind == .text else { return false }
        let name = self.bytes(of: index, in: bytes)
        var hash: UInt64 = 14_695_981_039_346_656_037
        for byte in name {
            guard byte < 0x80 else { return false }
            hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211
        }
        let bit = UInt64(1) << (hash >> 58)
        if names & bit != 0, self.find(name, of: object, count, in: bytes) != nil { return false }
        names |= bit
        Self.skipSpace(bytes, &position)
        return Self.take(":", bytes, &position)
    }

    /// The bytes of a text or a number.
    func bytes(of index: Int, in bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        let token = self.tokens[index]
        return UnsafeBufferPointer(rebasing: bytes[Int(token.start)..<Int(token.start) + Int(token.length)])
    }

    /// The member of this name among the first `count` ones of an object whose end is not known yet.
    private func find(
        _ name: UnsafeBufferPointer<UInt8>, of object: Int, _ count: Int32, in bytes: UnsafeBufferPointer<UInt8>,
    ) -> Int? {
        var member = object + 1
        for _ in 0..<count {
            if self.bytes(of: member, in: bytes).elementsEqual(name) { return member }
            member = Int(self.tokens[member + 1].next)
        }
        return nil
    }
}
