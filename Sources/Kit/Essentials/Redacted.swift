/// A secret. It prints as `[redacted]` wherever it goes: logs, errors, dumps, string interpolation, JSON.
public struct Redacted<Value: Sendable>: Sendable {
    /// The secret itself. Reading it is a decision: it must go to its one use and nowhere else.
    public let exposed: Value

    public init(_ value: Value) {
        self.exposed = value
    }
}

extension Redacted: Equatable where Value: Equatable {}
extension Redacted: Hashable where Value: Hashable {}

extension Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "[redacted]" }
    public var debugDescription: String { "[redacted]" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Redacted: Encodable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}

extension Redacted: Decodable where Value: Decodable {
    public init(from decoder: any Decoder) throws {
        self.exposed = try decoder.singleValueContainer().decode(Value.self)
    }
}
