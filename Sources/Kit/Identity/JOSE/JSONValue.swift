/// A JSON value as the strict reader found it: members in their order, numbers as their text.
enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The number as it was written, already checked against the grammar.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    var object: JSONObject? {
        guard case .object(let object) = self else { return nil }
        return object
    }

    /// The strings of an array that holds nothing else.
    var strings: [String]? {
        guard case .array(let values) = self else { return nil }
        let strings = values.compactMap(\.string)
        return strings.count == values.count ? strings : nil
    }
}

/// The members of a JSON object. Names are unique, byte for byte.
struct JSONObject: Hashable, Sendable {
    struct Member: Hashable, Sendable {
        var name: String
        var value: JSONValue
    }

    var members: [Member] = []

    /// Names are compared as bytes: Swift's `==` takes canonically equivalent texts, such as K and the Kelvin sign, for one.
    subscript(name: String) -> JSONValue? {
        get { self.members.first { $0.name.hasSameBytes(as: name) }?.value }
        set {
            self.members.removeAll { $0.name.hasSameBytes(as: name) }
            if let newValue { self.members.append(Member(name: name, value: newValue)) }
        }
    }

    /// The object as JSON without spaces, its members sorted by name.
    var serialized: [UInt8] {
        var bytes: [UInt8] = []
        JSONValue.object(self).write(to: &bytes)
        return bytes
    }
}

extension String {
    /// Whether both are the same UTF-8, which is stricter than `==`.
    func hasSameBytes(as other: String) -> Bool { self.utf8.elementsEqual(other.utf8) }
}

extension JSONValue {
    fileprivate func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let flag): bytes += (flag ? "true" : "false").utf8
        case .number(let text): bytes += text.utf8
        case .string(let text): Self.write(text, to: &bytes)
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            let sorted = object.members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            for (index, member) in sorted.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.write(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, to bytes: inout [UInt8]) {
        let hexadecimal = Array("0123456789abcdef".utf8)
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: bytes += "\\u00".utf8 + [hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
