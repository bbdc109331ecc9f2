import Essentials

/// Decides when a cached key set is used, fetched again or waited for. A value: time comes in, actions go out.
struct KeyCache: Sendable {
    /// What to do for one caller.
    enum Action {
        case use(JWKSet)
        /// Fetch, then report with ``fetched(_:at:)`` or ``fetchFailed(cancelled:at:)``.
        case fetch
        /// Somebody else fetches: wait for it, then ask again.
        case wait
        case fail(retryAfter: Duration)
    }

    private var keys: JWKSet?
    private var fetchedAt = Tick.distantPast
    /// When the last fetch ended, well or not.
    private var triedAt: Tick?
    private(set) var isFetching = false

    let configuration: CachedKeySource.Configuration

    init(configuration: CachedKeySource.Configuration) {
        self.configuration = configuration
    }

    /// - Parameter missing: the `kid` that the caller did not find in what it got before.
    mutating func ask(missing: String?, at now: Tick) -> Action {
        let usable = self.keys.flatMap { now - self.fetchedAt < self.configuration.maximumStaleness ? $0 : nil }
        let isFresh = usable != nil && now - self.fetchedAt < self.configuration.refreshInterval
        let mayTry = self.triedAt.map { now - $0 >= self.configuration.minimumInterval } ?? true
        let lacksKey = missing.map { keyID in usable?.lacks(keyID) ?? true } ?? false
        if let usable, isFresh, !lacksKey { return .use(usable) }
        if mayTry, !self.isFetching {
            self.isFetching = true
            return .fetch
        }
        // A caller who looks for a new key waits for the fetch that is under way; others take what is there.
        if self.isFetching, lacksKey || usable == nil { return .wait }
        if let usable { return .use(usable) }
        return .fail(retryAfter: self.configuration.minimumInterval - (now - (self.triedAt ?? now)))
    }

    mutating func fetched(_ keys: JWKSet, at now: Tick) {
        self.isFetching = false
        self.triedAt = now
        self.keys = keys
        self.fetchedAt = now
    }

    /// - Parameter cancelled: the caller went away; that says nothing about the publisher, so the next may try at once.
    mutating func fetchFailed(cancelled: Bool, at now: Tick) {
        self.isFetching = false
        if !cancelled { self.triedAt = now }
    }

    /// The keys as they are, however old within the limit.
    func current(at now: Tick) -> JWKSet? {
        now - self.fetchedAt < self.configuration.maximumStaleness ? self.keys : nil
    }
}

extension JWKSet {
    /// Whether no key, usable or not, has this name.
    func lacks(_ keyID: String) -> Bool {
        !(self.keys.map(\.keyID) + self.skipped.map(\.keyID)).contains { $0?.hasSameBytes(as: keyID) ?? false }
    }
}
