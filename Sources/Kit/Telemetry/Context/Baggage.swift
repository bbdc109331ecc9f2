/// The `baggage` header of W3C Baggage: what the application itself passes along with a request, in its own order.
///
/// Whoever is called by the platform can read it: no secrets in baggage.
public struct Baggage: Hashable, Sendable {
    public struct Member: Hashable, Sendable {
        /// A token of RFC 9110.
        public var key: String
        /// Any text; percent-encoded on the wire.
        public var value: String
        /// As they were received, each a `key` or `key=value`.
        public var properties: [String]

        public init(key: String, value: String, properties: [String] = []) {
            self.key = key
            self.value = value
            self.properties = properties
        }
    }

    /// What everybody must pass on (§3.3.2): 64 members and 8,192 bytes. More is cut at the end.
    public static let maximumMembers = 64
    public static let maximumBytes = 8_192

    public private(set) var members: [Member] = []

    public init() {}

    /// Reads a header's value, or several of them joined by commas. A member that breaks the grammar is left out, the
    /// others count; of two with the same key the later one wins.
    public init(header: some StringProtocol) {
        guard header.utf8.count <= 4 * Self.maximumBytes else { return }
        for part in Substring(header).utf8.split(separator: UInt8(ascii: ",")) {
            guard let member = Self.member(part.trimmingOptionalWhiteSpace()) else { continue }
            self.set(member)
        }
    }

    public var isEmpty: Bool { self.members.isEmpty }

    public subscript(key: String) -> String? {
        get { self.members.first { $0.key == key }?.value }
        set {
            if let newValue {
                self.set(Member(key: key, value: newValue))
            } else {
                self.members.removeAll { $0.key == key }
            }
        }
    }

    /// Sets one member. Nothing happens when its key is no token, or when there are 64 others.
    public mutating func set(_ member: Member) {
        guard !member.key.isEmpty, member.key.utf8.allSatisfy(Self.isTokenCharacter) else { return }
        if let index = self.members.firstIndex(where: { $0.key == member.key }) {
            self.members[index] = member
        } else if self.members.count < Self.maximumMembers {
            self.members.append(member)
        }
    }

    /// The header's value: whole members only, at most 8,192 bytes of them.
    public var header: String {
        var text = ""
        for member in self.members {
            let parts = ["\(member.key)=\(Self.encode(member.value))"] + member.properties
            let written = parts.joined(separator: ";")
            guard text.utf8.count + written.utf8.count + 1 <= Self.maximumBytes else { break }
            text += text.isEmpty ? written : ",\(written)"
        }
        return text
    }

    private static func member(_ text: Substring.UTF8View) -> Member? {
        var parts = text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map {
            $0.trimmingOptionalWhiteSpace()
        }
        let first = parts.removeFirst()
        guard let sign = first.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let key = first[..<sign].trimmingOptionalWhiteSpace()
        let raw = first[first.index(after: sign)...].trimmingOptionalWhiteSpace()
        guard !key.isEmpty, key.allSatisfy(self.isTokenCharacter), let value = self.decode(raw),
            parts.allSatisfy(self.isProperty)
        else { return nil }
        return Member(key: String(Substring(key)), value: value, properties: parts.map { String(Substring($0)) })
    }

    private static func isProperty(_ text: Substring.UTF8View) -> Bool {
        let sides = text.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        guard let key = sides.first?.trimmingOptionalWhiteSpace(), !key.isEmpty, key.allSatisfy(self.isTokenCharacter)
        else { return false }
        return sides.count == 1 || sides[1].trimmingOptionalWhiteSpace().allSatisfy(self.isValueCharacter)
    }

    /// `tchar` of RFC 9110 §5.6.2.
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// `baggage-octet`: printable ASCII without space, quote, comma, semicolon and backslash.
    private static func isValueCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21, 0x23...0x2B, 0x2D...0x3A, 0x3C...0x5B, 0x5D...0x7E: true
        default: false
        }
    }

    /// Bytes that are not UTF-8 become U+FFFD; a `%` without two digits behind it stands for itself.
    private static func decode(_ text: Substring.UTF8View) -> String? {
        guard text.allSatisfy(self.isValueCharacter) else { return nil }
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2, let value = UInt8(Substring(digits), radix: 16),
                digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-")
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func encode(_ value: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in value.utf8 {
            if self.isValueCharacter(byte), byte != UInt8(ascii: "%") {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
