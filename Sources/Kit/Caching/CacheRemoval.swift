/// An entry that left a cache.
public struct CacheRemoval<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// Why an entry left. Names are Caffeine's.
    @nonexhaustive
    public enum Cause: Hashable, Sendable {
        /// Somebody invalidated it.
        case explicit
        /// Somebody wrote another value.
        case replaced
        /// There was no room.
        case size
        /// Its time was over, or one of its tags had been purged.
        case expired
    }

    public var key: Key
    /// Nil when the entry said that there is no value.
    public var value: Value?
    public var cause: Cause

    @inlinable
    init(key: Key, value: Value?, cause: Cause) {
        self.key = key
        self.value = value
        self.cause = cause
    }
}

/// What an operation removed: to be reported, and released, outside the lock. The usual one entry takes no memory.
@usableFromInline
struct Removals<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    @usableFromInline
    var first: CacheRemoval<Key, Value>?
    @usableFromInline
    var others: [CacheRemoval<Key, Value>] = []

    @inlinable
    init() {}

    @inlinable
    mutating func append(_ removal: CacheRemoval<Key, Value>) {
        if self.first == nil { self.first = removal } else { self.others.append(removal) }
    }

    @inlinable
    func forEach(_ body: (CacheRemoval<Key, Value>) -> Void) {
        if let first { body(first) }
        for removal in self.others { body(removal) }
    }
}
