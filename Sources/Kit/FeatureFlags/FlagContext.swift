/// For whom, and under which circumstances, a flag is evaluated: OpenFeature's evaluation context.
public struct FlagContext: Hashable, Sendable {
    /// Whom a rollout sticks to: a customer's id, a device. Nil when nobody in particular.
    public var targetingKey: String?
    /// Anything else that rules may look at: `country`, `role`.
    public var attributes: [String: FlagValue]

    /// - Parameters:
    ///   - targetingKey: whom a rollout sticks to.
    ///   - attributes: what rules may look at.
    public init(targetingKey: String? = nil, attributes: [String: FlagValue] = [:]) {
        self.targetingKey = targetingKey
        self.attributes = attributes
    }

    /// The value of an attribute; `targetingKey` is one too.
    subscript(attribute: String) -> FlagValue? {
        attribute == "targetingKey" ? self.targetingKey.map { .string($0) } : self.attributes[attribute]
    }
}
