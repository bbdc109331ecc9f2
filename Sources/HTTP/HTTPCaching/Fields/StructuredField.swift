/// Strict reading of structured fields (RFC 9651), as far as caches need them.
public enum StructuredField {
    /// A bare item; parameters are checked and dropped.
    public enum Value: Hashable, Sendable {
        case integer(Int64)
        case string(String)
        case token(String)
        case boolean(Bool)
        /// A decimal, a byte sequence, a date, a display string or an inner list.
        case other
    }

    /// - Returns: the members, a later one in place of an earlier of the same name; nil when the field breaks a rule.
    public static func dictionary(_ text: String) -> [(name: String, value: Value)]? {
        var reader = StructuredReader(text)
        var members: [(name: String, value: Value)] = []
        reader.skipSpaces()
        while !reader.isAtEnd {
            guard let name = reader.key() else { return nil }
            var value = Value.boolean(true)
            if reader.take("=") {
                guard let found = reader.itemOrList() else { return nil }
                value = found
            } else {
                guard reader.parameters() else { return nil }
            }
            members.removeAll { $0.name == name }
            members.append((name, value))
            guard reader.separator() else { return nil }
        }
        return members
    }

    /// - Returns: the items of a list; nil when the field breaks a rule.
    public static func list(_ text: String) -> [Value]? {
        var reader = StructuredReader(text)
        var items: [Value] = []
        reader.skipSpaces()
        while !reader.isAtEnd {
            guard let item = reader.itemOrList() else { return nil }
            items.append(item)
            guard reader.separator() else { return nil }
        }
        return items
    }
}

/// The algorithms of RFC 9651 §4.2.
private struct StructuredReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        var bytes = Array(text.utf8)
        while bytes.last == 0x20 { bytes.removeLast() }
        self.bytes = bytes
    }

    var isAtEnd: Bool { self.position == self.bytes.count }
    private var peek: UInt8? { self.isAtEnd ? nil : self.bytes[self.position] }

    mutating func skipSpaces() { while self.peek == 0x20 { self.position += 1 } }

    mutating func take(_ wanted: Unicode.Scalar) -> Bool {
        guard self.peek == UInt8(ascii: wanted) else { return false }
        self.position += 1
        return true
    }

    /// The comma between two members, or the end. A comma at the end is wrong.
    mutating func separator() -> Bool {
        self.skipBlanks()
        if self.isAtEnd { return true }
        guard self.take(",") else { return false }
        self.skipBlanks()
        return !self.isAtEnd
    }

    private mutating func skipBlanks() { while self.peek == 0x20 || self.peek == 0x09 { self.position += 1 } }

    private mutating func take(while isTaken: (UInt8) -> Bool) -> String {
        let start = self.position
        while let byte = self.peek, isTaken(byte) { self.position += 1 }
        return String(decoding: self.bytes[start..<self.position], as: UTF8.self)
    }

    mutating func key() -> String? {
        guard let first = self.peek, Self.isLower(first) || first == UInt8(ascii: "*") else { return nil }
        return self.take { Self.isLower($0) || Self.isDigit($0) || [0x5F, 0x2D, 0x2E, 0x2A].contains($0) }
    }

    mutating func itemOrList() -> StructuredField.Value? {
        guard self.take("(") else { return self.item() }
        while true {
            self.skipSpaces()
            if self.take(")") { return self.parameters() ? .other : nil }
            guard self.item() != nil, self.peek == 0x20 || self.peek == UInt8(ascii: ")") else { return nil }
        }
    }

    private mutating func item() -> StructuredField.Value? {
        guard let value = self.bareItem(), self.parameters() else { return nil }
        return value
    }

    mutating func parameters() -> Bool {
        while self.take(";") {
            self.skipSpaces()
            guard self.key() != nil else { return false }
            if self.take("="), self.bareItem() == nil { return false }
        }
        return true
    }

    private mutating func bareItem() -> StructuredField.Value? {
        guard let first = self.peek else { return nil }
        switch first {
        case UInt8(ascii: "-"), 0x30...0x39: return self.number()
        case UInt8(ascii: "\""): return self.string().map { .string($0) }
        case UInt8(ascii: "?"):
            self.position += 1
            return self.take("1") ? .boolean(true) : self.take("0") ? .boolean(false) : nil
        case UInt8(ascii: ":"): return self.byteSequence()
        case UInt8(ascii: "@"):
            self.position += 1
            guard case .integer? = self.number() else { return nil }
            return .other
        case _ where Self.isLetter(first) || first == UInt8(ascii: "*"):
            return .token(self.take { Self.isToken($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") })
        default: return nil
        }
    }

    private mutating func number() -> StructuredField.Value? {
        let isNegative = self.take("-")
        let digits = self.take(while: Self.isDigit)
        guard !digits.isEmpty else { return nil }
        if self.take(".") {
            let fraction = self.take(while: Self.isDigit)
            return digits.utf8.count <= 12 && (1...3).contains(fraction.utf8.count) ? .other : nil
        }
        guard digits.utf8.count <= 15, let number = Int64(digits) else { return nil }
        return .integer(isNegative ? -number : number)
    }

    private mutating func string() -> String? {
        self.position += 1
        var text: [UInt8] = []
        while let byte = self.peek {
            self.position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let next = self.peek, next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\") else { return nil }
                self.position += 1
                text.append(next)
            case 0x20...0x7E: text.append(byte)
            default: return nil
            }
        }
        return nil
    }

    private mutating func byteSequence() -> StructuredField.Value? {
        self.position += 1
        _ = self.take { Self.isLetter($0) || Self.isDigit($0) || [0x2B, 0x2F, 0x3D].contains($0) }
        return self.take(":") ? .other : nil
    }

    private static func isLower(_ byte: UInt8) -> Bool { byte >= 0x61 && byte <= 0x7A }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    private static func isLetter(_ byte: UInt8) -> Bool { Self.isLower(byte | 0x20) }

    private static func isToken(_ byte: UInt8) -> Bool {
        Self.isLetter(byte) || Self.isDigit(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}
