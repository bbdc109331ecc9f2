public import Essentials

/// A load of one key that is under way, and the readers who wait for it.
@usableFromInline
final class Flight<Value: Sendable>: Alarm {
    /// What it brings; nil means that there is none.
    let work = SharedTask<Value?>()
    /// The number of purges of tags before it began.
    let purges: UInt64
    /// The tags that its value will have, as far as they are known.
    let tags: [String]

    init(purges: UInt64, tags: [String]) {
        self.purges = purges
        self.tags = tags
    }

    /// The load has taken too long.
    @usableFromInline
    func ring() { self.work.fail(CacheLoadTimedOut()) }
}

/// A load was given up because it took longer than the cache's `hardTimeout`, and there was no stale value to serve.
public struct CacheLoadTimedOut: Error, Hashable, Sendable {
    public init() {}
}
