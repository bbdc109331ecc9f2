/// What a flag can be: OpenFeature's types but the structure.
public enum FlagValue: Hashable, Sendable {
    case boolean(Bool)
    case string(String)
    case integer(Int)
    case double(Double)
}

/// A Swift type that a flag's value can be read as.
public protocol FlagType: Hashable, Sendable {
    /// Nil when the value is of another type. Nothing is converted.
    init?(_ value: FlagValue)
}

extension Bool: FlagType {
    public init?(_ value: FlagValue) {
        guard case .boolean(let boolean) = value else { return nil }
        self = boolean
    }
}

extension String: FlagType {
    public init?(_ value: FlagValue) {
        guard case .string(let string) = value else { return nil }
        self = string
    }
}

extension Int: FlagType {
    public init?(_ value: FlagValue) {
        guard case .integer(let integer) = value else { return nil }
        self = integer
    }
}

extension Double: FlagType {
    public init?(_ value: FlagValue) {
        guard case .double(let double) = value else { return nil }
        self = double
    }
}
