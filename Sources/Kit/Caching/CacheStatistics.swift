/// What a cache has done since it was made. Names are Caffeine's where it has one.
public struct CacheStatistics: Hashable, Sendable {
    /// Reads that found an entry which had not expired.
    public var hits = 0
    /// Reads that did not.
    public var misses = 0
    /// Loads that brought something, a "there is none" included.
    public var loadSuccesses = 0
    /// Loads that threw, were cancelled or took too long.
    public var loadFailures = 0
    /// How long all loads took together.
    public var totalLoadTime = Duration.zero
    /// Values that were loaded but not stored, because they were invalidated or written meanwhile.
    public var loadsRefused = 0
    /// Loads that began because an entry was about to expire.
    public var refreshes = 0
    /// Reads that were answered with an expired value, because loading failed or took too long.
    public var staleServed = 0
    /// Entries that went because there was no room.
    public var evictions = 0
    /// What those weighed together.
    public var evictionWeight = 0
    /// Entries that were removed because they had expired.
    public var expirations = 0

    public init() {}

    /// Hits and misses.
    public var requests: Int { self.hits + self.misses }

    /// The part of all reads that were hits; 1 when there was none, as in Caffeine.
    public var hitRatio: Double { self.requests == 0 ? 1 : Double(self.hits) / Double(self.requests) }
}

/// The counters of one shard.
struct CacheCounters {
    var hits = 0
    var misses = 0
    var loadSuccesses = 0
    var loadFailures = 0
    var loadNanoseconds: Int64 = 0
    var loadsRefused = 0
    var refreshes = 0
    var staleServed = 0
    var evictions = 0
    var evictionWeight = 0
    var expirations = 0

    func add(to sum: inout CacheStatistics) {
        sum.hits += self.hits
        sum.misses += self.misses
        sum.loadSuccesses += self.loadSuccesses
        sum.loadFailures += self.loadFailures
        sum.totalLoadTime += .nanoseconds(self.loadNanoseconds)
        sum.loadsRefused += self.loadsRefused
        sum.refreshes += self.refreshes
        sum.staleServed += self.staleServed
        sum.evictions += self.evictions
        sum.evictionWeight += self.evictionWeight
        sum.expirations += self.expirations
    }
}
