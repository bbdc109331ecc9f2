import Essentials

extension GatewayConfiguration {
    /// ``schema`` as text to be kept in a file.
    public static var schemaText: String { Self.schema.indented() + "\n" }
}

extension JSONValue {
    /// Each member and element in a line of its own; members in their order.
    fileprivate func indented(_ depth: Int = 0) -> String {
        let (inner, outer) = (String(repeating: "  ", count: depth + 1), String(repeating: "  ", count: depth))
        switch self {
        case .array(let values) where values.contains { $0.object != nil }:
            return "[\n" + values.map { inner + $0.indented(depth + 1) }.joined(separator: ",\n") + "\n\(outer)]"
        case .object(let object) where !object.members.isEmpty:
            let members = object.members.map { member in
                let name = String(decoding: JSONValue.string(member.name).serialized, as: UTF8.self)
                return "\(inner)\(name): \(member.value.indented(depth + 1))"
            }
            return "{\n" + members.joined(separator: ",\n") + "\n\(outer)}"
        case .array, .object, .null, .bool, .number, .string:
            return String(decoding: self.serializedInOrder, as: UTF8.self)
        }
    }
}
