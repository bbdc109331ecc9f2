import Caching
import Essentials
import HTTPCaching
import Synchronization

/// What all loops of an edge share: stored answers, requests under way to the origin, and what was purged.
///
/// A hit takes the lock of the cache only. Everything that stores or forgets goes through one more, so that what was asked for
/// before a purge is not stored after it.
final class EdgeStore: Sendable {
    /// What a request that cannot be answered from the store does.
    enum Turn {
        /// It asks the origin; others wait for it.
        case lead(Flight)
        case wait(Flight)
        /// It asks the origin by itself.
        case alone
    }

    /// A target, and what selects among its variants as far as that is known.
    struct FlightKey: Hashable {
        var key: EdgeKey
        var variant: [UInt8]
    }

    private struct State {
        var flights: [FlightKey: Flight] = [:]
        var purges = PurgeLog()
    }

    private let cache: Cache<EdgeKey, StoredVariants>
    /// Targets whose answers could not be shared lately.
    private let unshared: Cache<EdgeKey, Bool>
    private let state = Mutex(State())
    private let variants: Int

    init(_ configuration: EdgeConfiguration, time: TimeSource) {
        var settings = Cache<EdgeKey, StoredVariants>.Configuration()
        settings.bound = .weight(configuration.memory.bytes) { key, value in
            key.bytes.count + (value?.weight ?? 0) + 128
        }
        self.cache = Cache(settings, time: time)
        self.unshared = Cache(
            .init(maximumCount: 65_536, expiry: .afterWrite(configuration.unsharedMemory)), time: time)
        self.variants = configuration.variants
    }

    func find(_ key: EdgeKey) -> StoredVariants? { self.cache.value(for: key) }

    // MARK: Asking the origin

    /// How many purges there were: an answer to what is asked from now on is checked against later ones.
    var purgeCount: UInt64 { self.state.withLock { $0.purges.count } }

    /// - Parameter mayLead: whether the answer will be one that others can use.
    func join(_ key: FlightKey, mayLead: Bool) -> Turn {
        if self.unshared.contains(key.key) { return .alone }
        return self.state.withLock { state in
            if let flight = state.flights[key] { return .wait(flight) }
            guard mayLead else { return .alone }
            let flight = Flight()
            state.flights[key] = flight
            return .lead(flight)
        }
    }

    func finish(_ flight: Flight, _ key: FlightKey, _ end: Flight.End) {
        self.state.withLock { state in
            if state.flights[key] === flight { state.flights[key] = nil }
        }
        switch end {
        case .unshared: self.unshared.put(true, for: key.key)
        case .stored, .failed: break
        }
        flight.finish(end)
    }

    // MARK: Storing

    /// Stores an answer to a request that was sent when there had been `count` purges.
    /// - Returns: false when it was purged meanwhile.
    func put(_ answer: StoredAnswer, for key: EdgeKey, since count: UInt64) -> Bool {
        self.state.withLock { state in
            guard !state.purges.covers(key, answer.tags, since: count) else { return false }
            let variants = (self.cache.value(for: key) ?? StoredVariants([])).adding(answer, atMost: self.variants)
            self.cache.put(variants, for: key, CacheEntryOptions(tags: variants.tags))
            return true
        }
    }

    /// The answers of a target can be shared again.
    func becameShared(_ key: EdgeKey) { if self.unshared.contains(key) { self.unshared.invalidate(key) } }

    /// Forgets one answer, because the origin has another now.
    func drop(_ answer: StoredAnswer, of key: EdgeKey) {
        self.state.withLock { _ in
            guard let variants = self.cache.value(for: key) else { return }
            let others = variants.answers.filter { $0 !== answer }
            if others.isEmpty {
                self.cache.invalidate(key)
            } else if others.count < variants.answers.count {
                let left = StoredVariants(others)
                self.cache.put(left, for: key, CacheEntryOptions(tags: left.tags))
            }
        }
    }

    // MARK: Purging

    /// Forgets; from now on nothing is served that was asked for before, but to who waits already.
    func purge(_ targets: [PurgeLog.Target]) {
        self.state.withLock { state in
            for target in targets {
                state.purges.note(target)
                switch target {
                case .key(let key):
                    self.cache.invalidate(key)
                    state.flights = state.flights.filter { $0.key.key != key }
                case .tag(let tag):
                    self.cache.invalidate(tag: tag)
                    state.flights = [:]
                case .all:
                    self.cache.invalidateAll()
                    state.flights = [:]
                }
            }
        }
    }

    var count: Int { self.cache.count }
    var weight: Int { self.cache.weight }
    var statistics: CacheStatistics { self.cache.statistics }
}
