/// The `tracestate` header of W3C Trace Context: what vendors pass along, newest first.
public struct TraceState: Hashable, Sendable {
    public struct Member: Hashable, Sendable {
        public var key: String
        public var value: String
    }

    /// At most 32, no key twice.
    public private(set) var members: [Member]

    public static let empty = TraceState()

    public init() {
        self.members = []
    }

    /// Reads a header's value, or several of them joined by commas, by the grammar of level 1 (§3.3).
    /// - Returns: nil when anything is wrong: a key twice, more than 32 members, a character that may not be there. Such a
    ///   value is not passed on; the `traceparent` beside it still counts.
    public init?(header: some StringProtocol) {
        var members: [Member] = []
        for part in Substring(header).utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let text = part.trimmingOptionalWhiteSpace()
            if text.isEmpty { continue }
            guard let member = Self.member(text), members.count < 32, !members.contains(where: { $0.key == member.key })
            else { return nil }
            members.append(member)
        }
        self.members = members
    }

    public var isEmpty: Bool { self.members.isEmpty }

    public subscript(key: String) -> String? { self.members.first { $0.key == key }?.value }

    /// This state with one member set and moved to the front, as whoever changes one must do (§3.3.1.4). The last member
    /// goes when there would be 33.
    /// - Returns: nil when key or value are not allowed.
    public func setting(_ key: String, to value: String) -> TraceState? {
        guard let member = Self.member("\(key)=\(value)".utf8[...]) else { return nil }
        var state = self
        state.members.removeAll { $0.key == key }
        state.members.insert(member, at: 0)
        if state.members.count > 32 { state.members.removeLast() }
        return state
    }

    /// The header's value. Members of more than 128 characters go first, then the last ones, until 512 are not exceeded
    /// (§3.3.1.5).
    public var header: String {
        var kept = self.members
        func length() -> Int { kept.reduce(max(0, kept.count - 1)) { $0 + $1.length } }
        while length() > 512, let index = kept.lastIndex(where: { $0.length > 128 }) { kept.remove(at: index) }
        while length() > 512 { kept.removeLast() }
        return kept.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    private static func member(_ text: Substring.UTF8View) -> Member? {
        guard let sign = text.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let (key, value) = (text[..<sign], text[text.index(after: sign)...])
        guard self.isKey(key), self.isValue(value) else { return nil }
        return Member(key: String(Substring(key)), value: String(Substring(value)))
    }

    /// `lcalpha 0*255(…)`, or a tenant of at most 241, `@`, and a system of at most 14 characters.
    private static func isKey(_ key: Substring.UTF8View) -> Bool {
        guard key.allSatisfy({ self.isKeyCharacter($0) || $0 == UInt8(ascii: "@") }), let first = key.first else {
            return false
        }
        let parts = key.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return self.isLetter(first) && key.count <= 256
        case 2:
            guard let system = parts[1].first, !parts[0].isEmpty else { return false }
            return (self.isLetter(first) || (48...57).contains(first)) && parts[0].count <= 241
                && self.isLetter(system) && parts[1].count <= 14
        default: return false
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte) }

    private static func isKeyCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 97...122, 48...57, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"): true
        default: false
        }
    }

    /// 1 to 256 printable characters without comma and equals sign, the last one no space.
    private static func isValue(_ value: Substring.UTF8View) -> Bool {
        guard (1...256).contains(value.count), value.last != 0x20 else { return false }
        return value.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") }
    }
}

extension TraceState.Member {
    fileprivate var length: Int { self.key.utf8.count + 1 + self.value.utf8.count }
}
