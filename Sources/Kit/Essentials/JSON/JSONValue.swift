/// A JSON value whose shape is not known at compile time: members in their order, numbers as their text.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The number as it was written, in JSON's grammar.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    public static func integer(_ value: some BinaryInteger) -> JSONValue { .number(String(value)) }

    /// An object of these members, in this order; a later member of the same name wins.
    public static func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
        var object = JSONObject()
        for (name, value) in members { object[name] = value }
        return .object(object)
    }

    public var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    public var bool: Bool? {
        guard case .bool(let flag) = self else { return nil }
        return flag
    }

    /// The number, if it is a whole one that 64 bits hold and is written without fraction and exponent.
    public var integer: Int64? {
        guard case .number(let text) = self else { return nil }
        return Int64(text)
    }

    public var array: [JSONValue]? {
        guard case .array(let values) = self else { return nil }
        return values
    }

    public var object: JSONObject? {
        guard case .object(let object) = self else { return nil }
        return object
    }

    /// The member of an object; nil for a missing one and for anything that is not an object.
    public subscript(_ member: String) -> JSONValue? { self.object?[member] }

    /// This object with one member set; anything else unchanged.
    public func setting(_ member: String, to value: JSONValue) -> JSONValue {
        guard case .object(var object) = self else { return self }
        object[member] = value
        return .object(object)
    }

    /// This object with one member under another name; anything else unchanged.
    public func renaming(_ member: String, to name: String) -> JSONValue {
        guard case .object(var object) = self, let value = object[member] else { return self }
        object[member] = nil
        object[name] = value
        return .object(object)
    }

    /// Compact JSON, members sorted by name: equal values give equal bytes.
    public var serialized: [UInt8] {
        var bytes: [UInt8] = []
        self.write(to: &bytes, sorted: true)
        return bytes
    }

    /// Compact JSON, members in their own order.
    public var serializedInOrder: [UInt8] {
        var bytes: [UInt8] = []
        self.write(to: &bytes, sorted: false)
        return bytes
    }
}

/// The members of a JSON object. Names are unique, byte for byte.
public struct JSONObject: Hashable, Sendable {
    public struct Member: Hashable, Sendable {
        public var name: String
        public var value: JSONValue

        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    public internal(set) var members: [Member] = []

    public init() {}

    /// Names are compared as bytes: Swift's `==` takes canonically equivalent texts, such as K and the Kelvin sign, for
    /// one.
    public subscript(name: String) -> JSONValue? {
        get { self.members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value }
        set {
            let index = self.members.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
            switch (index, newValue) {
            case (let index?, let value?): self.members[index].value = value
            case (let index?, nil): self.members.remove(at: index)
            case (nil, let value?): self.members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .number(String(value)) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension JSONValue: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
}

extension JSONValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value.description)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            let members = try container.decode([String: JSONValue].self)
            var object = JSONObject()
            for name in members.keys.sorted() { object[name] = members[name] }
            self = .object(object)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let text):
            if let value = Int64(text) {
                try container.encode(value)
            } else if let value = Double(text) {
                try container.encode(value)
            } else {
                throw EncodingError.invalidValue(
                    text, .init(codingPath: encoder.codingPath, debugDescription: "'\(text)' is not a number"))
            }
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let object):
            try container.encode(Dictionary(object.members.map { ($0.name, $0.value) }) { _, last in last })
        }
    }
}
