/// A value of OpenTelemetry's data model: of attributes, of log bodies and of metric labels.
public enum AttributeValue: Hashable, Sendable {
    case string(String)
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case array([AttributeValue])
    case map([Attribute])
    case bytes([UInt8])
    /// A value that was sent, but empty.
    case empty
}

/// A named value. Names follow OpenTelemetry's semantic conventions: `http.route`, `db.system.name`.
public struct Attribute: Hashable, Sendable {
    public var key: String
    public var value: AttributeValue

    public init(_ key: String, _ value: AttributeValue) {
        self.key = key
        self.value = value
    }
}

extension AttributeValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
}

extension AttributeValue: CustomStringConvertible {
    /// A text without quotes, everything else as JSON would write it.
    public var description: String {
        switch self {
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .int(let value): String(value)
        case .double(let value): String(value)
        case .array(let values): "[\(values.map(\.description).joined(separator: ","))]"
        case .map(let members): "{\(members.map { "\($0.key):\($0.value)" }.joined(separator: ","))}"
        case .bytes(let bytes): bytes.map { UInt64($0).lowercaseHexadecimal.suffix(2) }.joined()
        case .empty: ""
        }
    }

    public var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    public var int: Int64? {
        guard case .int(let value) = self else { return nil }
        return value
    }
}

extension [Attribute] {
    public subscript(key: String) -> AttributeValue? { self.first { $0.key == key }?.value }
}

/// What is true of everything that one process or service sends: its name, version and instance.
public struct Resource: Hashable, Sendable {
    public var attributes: [Attribute]

    public init(attributes: [Attribute]) {
        self.attributes = attributes
    }

    /// - Parameters:
    ///   - service: `service.name`.
    ///   - version: `service.version`.
    ///   - instance: `service.instance.id`, unique among the instances of the service.
    public init(service: String, version: String? = nil, instance: String? = nil) {
        self.attributes = [Attribute(SemanticConventions.serviceName, .string(service))]
        if let version { self.attributes.append(Attribute(SemanticConventions.serviceVersion, .string(version))) }
        if let instance { self.attributes.append(Attribute(SemanticConventions.serviceInstance, .string(instance))) }
    }

    /// `service.name`, or OpenTelemetry's word for one that did not say.
    public var service: String { self.attributes[SemanticConventions.serviceName]?.string ?? "unknown_service" }
}

/// The part of the code that made a signal: a library's name and version.
public struct Scope: Hashable, Sendable {
    public var name: String
    public var version: String

    public init(name: String, version: String = "") {
        self.name = name
        self.version = version
    }
}
