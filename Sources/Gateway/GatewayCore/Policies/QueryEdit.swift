/// Parameters of the query that are set, added and taken away, in this order: removed, set, added.
public struct QueryChanges: Hashable, Sendable {
    public var remove: [String] = []
    public var set: [HeaderChanges.Field] = []
    public var add: [HeaderChanges.Field] = []

    public init() {}

    public var isEmpty: Bool { self.remove.isEmpty && self.set.isEmpty && self.add.isEmpty }

    /// The target with the changes made. Parameters that stay keep their bytes and their order.
    /// - Parameter target: path and query as they go over the wire.
    public func applied(to target: [UInt8]) -> [UInt8] {
        let split = target.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        let dropped = Set(self.remove + self.set.map(\.name))
        let kept = target[split...].dropFirst().split(separator: UInt8(ascii: "&")).filter { parameter in
            !dropped.contains(Self.decoded(parameter.prefix { $0 != UInt8(ascii: "=") }))
        }
        let own = (self.set + self.add).map { field in
            Self.encoded(field.name) + [UInt8(ascii: "=")] + Self.encoded(field.value)
        }
        let parameters = kept.map(Array.init) + own
        guard !parameters.isEmpty else { return Array(target[..<split]) }
        return target[..<split] + [UInt8(ascii: "?")] + parameters.joined(separator: [UInt8(ascii: "&")])
    }

    /// A name as it is compared: escapes read, `+` as a blank.
    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        var decoded: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
            if byte == .percent, digits.count == 2 {
                decoded.append(UInt8(digits[0] * 16 + digits[1]))
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    /// Everything but unreserved characters (RFC 3986 §2.3) is escaped.
    private static func encoded(_ text: String) -> [UInt8] {
        text.utf8.flatMap { byte -> [UInt8] in
            let isPlain =
                byte &- 0x30 < 10 || byte.lowercase &- 0x61 < 26 || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
            if isPlain { return [byte] }
            let digits = Array("0123456789ABCDEF".utf8)
            return [.percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
}
