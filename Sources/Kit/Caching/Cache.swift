public import Essentials
public import Synchronization

/// A bounded cache in memory that many tasks use at once.
///
/// ```swift
/// let products = Cache<String, Product>(.init(maximumCount: 100_000, expiry: .afterWrite(.seconds(300))))
/// let product = try await products.value(for: id) { id in try await database.product(id) }
/// ```
///
/// A hit takes one short lock and no memory. What stays is decided by an admission policy that chooses between recency
/// and frequency by what would have hit (see ``Configuration`` and the module's page). The bound holds at every moment.
public final class Cache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    @usableFromInline
    let shards: InlineArray<16, Mutex<Shard<Key, Value>>>
    /// How far the upper half of a hash is moved to say which shard.
    @usableFromInline
    let shardShift: UInt64
    @usableFromInline
    let seed: UInt64
    @usableFromInline
    let time: TimeSource
    let shardCount: Int
    let configuration: Configuration
    private let wallClock: WallClock
    private let chance: Chance
    /// Whether entries that say nothing else weigh one and have no times.
    @usableFromInline
    let isPlain: Bool
    @usableFromInline
    let onRemoval: (@Sendable (CacheRemoval<Key, Value>) -> Void)?

    /// - Parameters:
    ///   - configuration: bound, expiry and the rest. It must be valid: a programmer's mistake stops the process with a
    ///     sentence.
    ///   - wallClock: for entries that expire at a date.
    ///   - chance: for jitter, and for the seed of the hash.
    ///   - time: the clock that entries expire by.
    public init(
        _ configuration: Configuration = Configuration(), wallClock: WallClock = .system, chance: Chance = .system,
        time: TimeSource = .system
    ) {
        let problems = configuration.problems
        precondition(problems.isEmpty, "a cache does not take these settings: \(problems.joined(separator: "; "))")
        let count = configuration.shardCount
        self.shardCount = count
        self.shardShift = UInt64(64 - count.trailingZeroBitCount)
        self.configuration = configuration
        self.isPlain = configuration.expiry == .never && !configuration.isWeighted
        self.onRemoval = configuration.onRemoval
        self.wallClock = wallClock
        self.chance = chance
        self.time = time
        self.seed = chance.next()
        let (maximum, isWeighted) = (configuration.maximum, configuration.isWeighted)
        self.shards = InlineArray { number in
            let part = number < count ? maximum / count + (number < maximum % count ? 1 : 0) : 0
            return Mutex(Shard(maximum: part, isWeighted: isWeighted, seed: number < count ? chance.next() : 0))
        }
    }

    @inlinable
    func place(of key: Key) -> (shard: Int, hash: UInt32) {
        let hash = KeyHash.of(key, seed: self.seed)
        // A shift by 64, where there is one shard, gives 0.
        return (Int(truncatingIfNeeded: hash >> self.shardShift), UInt32(truncatingIfNeeded: hash))
    }

    // MARK: Reading

    /// The value of `key`, if there is one that has not expired. Counts as a use.
    @inlinable
    public func value(for key: Key) -> Value? {
        switch self.lookup(key) {
        case .value(let value): value
        case .absent, .miss: nil
        }
    }

    /// What is known about `key`. Counts as a use.
    @inlinable
    public func lookup(_ key: Key) -> CacheLookup<Value> {
        let place = self.place(of: key)
        return self.shards[place.shard].withLock { shard in
            guard let slot = shard.find(key, place.hash) else {
                shard.index.missed()
                return .miss
            }
            switch shard.index.use(slot, self.time) {
            case .fresh, .due:
                guard let value = shard.entries.base[Int(slot)].value else { return .absent }
                return .value(value)
            case .stale, .gone: return .miss
            }
        }
    }

    /// Whether there is a value that has not expired. Does not count as a use.
    public func contains(_ key: Key) -> Bool {
        let (now, place) = (self.time.now.nanoseconds, self.place(of: key))
        return self.shards[place.shard].withLock { shard in
            guard let slot = shard.find(key, place.hash), shard.entries[slot].value != nil else { return false }
            switch shard.index.state(of: slot, at: now) {
            case .fresh, .due: return true
            case .stale, .gone: return false
            }
        }
    }

    // MARK: Writing

    /// Keeps `value` for `key`, in place of what there was. The policy decides who goes for it; that may be the value itself.
    @inlinable
    public func put(_ value: Value, for key: Key, _ options: CacheEntryOptions? = nil) {
        if self.isPlain, options == nil {
            self.put(key, CacheWrite(value: value, tags: []))
        } else {
            self.put(key, self.write(value, key, options))
        }
    }

    /// Remembers that there is no value for `key`, for the configuration's `negativeDuration`.
    public func putAbsent(for key: Key, _ options: CacheEntryOptions? = nil) {
        self.put(key, self.write(nil, key, options))
    }

    @inlinable
    func put(_ key: Key, _ write: CacheWrite<Value>) {
        let place = self.place(of: key)
        let removals = self.shards[place.shard].withLock { shard in
            // Who reads from now on must not get what a load that began before this brings.
            if !shard.flights.isEmpty { shard.flights[key] = nil }
            var removals = Removals<Key, Value>()
            shard.write(key, place.hash, write, &removals)
            return removals
        }
        self.report(removals)
    }

    /// Weighs and times an entry that is written now. Runs the configuration's weigher, so not under a lock.
    @usableFromInline
    func write(_ value: Value?, _ key: Key, _ options: CacheEntryOptions?) -> CacheWrite<Value> {
        var write = CacheWrite(value: value, tags: options?.tags ?? [])
        if case .weight(_, let weigher) = self.configuration.bound {
            write.weight = weigher(key, value)
            precondition(write.weight >= 0 && write.weight < Int(UInt32.max), "a weight is from 0 to 2^32 - 1")
        }
        guard self.configuration.expiry != .never || options?.expiry != nil || value == nil else { return write }
        write.now = self.time.now.nanoseconds
        write.timing = self.configuration.timing(
            options, isNegative: value == nil, at: write.now, wallClock: self.wallClock, chance: self.chance)
        return write
    }

    /// Removes what has expired, as far as a second's precision goes. Writes do so by themselves.
    public func cleanUp() {
        let now = self.time.now.nanoseconds
        for number in 0..<self.shardCount {
            self.report(
                self.shards[number].withLock { shard in
                    var removals = Removals<Key, Value>()
                    shard.removeGone(at: now, &removals)
                    return removals
                })
        }
    }

    @inlinable
    func report(_ removals: Removals<Key, Value>) {
        guard let onRemoval = self.onRemoval else { return }
        removals.forEach(onRemoval)
    }

    // MARK: Looking

    /// How many entries there are, expired ones that were not removed yet included.
    public var count: Int { self.sum { $0.count } }

    /// What the entries weigh together; their number, where they are not weighed.
    public var weight: Int { self.sum { $0.weight } }

    private func sum(_ part: (borrowing CacheIndex) -> Int) -> Int {
        (0..<self.shardCount).reduce(0) { sum, number in sum + self.shards[number].withLock { part($0.index) } }
    }

    public var statistics: CacheStatistics {
        var sum = CacheStatistics()
        for number in 0..<self.shardCount { self.shards[number].withLock { $0.index.counters.add(to: &sum) } }
        return sum
    }
}

/// What a cache knows about a key.
public enum CacheLookup<Value: Sendable>: Sendable {
    case value(Value)
    /// There is known to be none.
    case absent
    /// Nothing, or nothing that has not expired.
    case miss
}

extension CacheLookup: Equatable where Value: Equatable {}
