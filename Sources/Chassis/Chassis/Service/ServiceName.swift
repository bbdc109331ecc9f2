/// The name of a service: its place in configuration, addresses, tokens and logs.
public struct ServiceName: RawRepresentable, Hashable, Comparable, Sendable, ExpressibleByStringLiteral {
    /// Lowercase letters, such as `orders`.
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    public init(stringLiteral value: String) {
        self.rawValue = value
    }

    public static func < (left: ServiceName, right: ServiceName) -> Bool { left.rawValue < right.rawValue }
}

extension ServiceName: CustomStringConvertible {
    public var description: String { self.rawValue }
}
