public import Essentials

/// When an entry expires.
public enum CacheExpiry: Hashable, Sendable {
    /// Not by time.
    case never
    /// So long after it was written.
    case afterWrite(Duration)
    /// So long after it was last written or read, but no later than `maximum` after it was written.
    case afterAccess(Duration, maximum: Duration? = nil)
    /// At a date. One that has passed means at once.
    case at(Timestamp)
}

/// What one entry wants to have otherwise than the cache's configuration says.
public struct CacheEntryOptions: Hashable, Sendable {
    /// Nil: as the configuration says.
    public var expiry: CacheExpiry?
    /// Names under which it can be invalidated together with others.
    public var tags: [String]

    public init(expiry: CacheExpiry? = nil, tags: [String] = []) {
        self.expiry = expiry
        self.tags = tags
    }
}

/// What a loader brings, with what it has learnt about it.
public struct Loaded<Value: Sendable>: Sendable {
    /// Nil: there is none, which is remembered for the configuration's `negativeDuration`.
    public var value: Value?
    /// In place of what the caller said, if not nil.
    public var options: CacheEntryOptions?

    public init(_ value: Value?, options: CacheEntryOptions? = nil) {
        self.value = value
        self.options = options
    }
}
