/// Why a flag has the value that it has, in OpenFeature's words.
public enum FlagReason: String, Hashable, Sendable, CaseIterable {
    /// The flag has this value for everybody.
    case `static` = "STATIC"
    /// No rule matched, so the flag's default variant holds.
    case `default` = "DEFAULT"
    /// A rule matched the context.
    case targetingMatch = "TARGETING_MATCH"
    /// A percentage rollout put the targeting key here.
    case split = "SPLIT"
    /// The flag is switched off.
    case disabled = "DISABLED"
    /// The provider could not be asked; this is what it said last.
    case stale = "STALE"
    /// Something went wrong: the caller's default holds.
    case error = "ERROR"
}

/// What went wrong, in OpenFeature's words.
public enum FlagError: String, Error, Hashable, Sendable, CaseIterable {
    case providerNotReady = "PROVIDER_NOT_READY"
    case flagNotFound = "FLAG_NOT_FOUND"
    case typeMismatch = "TYPE_MISMATCH"
    /// A rollout needs to know whom it is for.
    case targetingKeyMissing = "TARGETING_KEY_MISSING"
    case general = "GENERAL"
}

/// A flag's value and how it came about.
public struct FlagEvaluation<Value: FlagType>: Hashable, Sendable {
    public var flag: String
    public var value: Value
    /// The name of the value among the flag's variants; nil when the caller's default holds.
    public var variant: String?
    public var reason: FlagReason
    /// Set when the reason is ``FlagReason/error``.
    public var error: FlagError?
}

/// What a provider knows of a flag in a context.
public struct FlagResolution: Hashable, Sendable {
    public var value: FlagValue
    public var variant: String
    public var reason: FlagReason

    public init(value: FlagValue, variant: String, reason: FlagReason) {
        self.value = value
        self.variant = variant
        self.reason = reason
    }
}
