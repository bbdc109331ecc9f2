import Essentials
public import Synchronization

extension Cache {
    /// The value of `key`, loaded if the cache has none that is fresh.
    ///
    /// Tasks that want the same key at the same time share one load. It takes nothing from its callers: neither their
    /// cancellation, unless all of them are cancelled, nor their deadlines, nor task-locals. A caller waits no longer than
    /// its own `Deadline`.
    /// - Parameters:
    ///   - options: what the entry wants to have otherwise than the configuration says.
    ///   - load: asks the source.
    /// - Throws: what `load` throws, unchanged, if there is no stale value that may be served; ``CacheLoadTimedOut``;
    ///   `CancellationError` when the caller was cancelled.
    @inlinable
    public func value(
        for key: Key, _ options: CacheEntryOptions? = nil, load: @escaping @Sendable (Key) async throws -> Value
    ) async throws -> Value {
        try await self.value(for: key, options, loading: { Loaded(try await load($0)) })
    }

    /// As `value(for:_:load:)`, with a loader that brings a value and says how to keep it.
    @inlinable
    func value(
        for key: Key, _ options: CacheEntryOptions?,
        loading load: @escaping @Sendable (Key) async throws -> Loaded<Value>
    ) async throws -> Value {
        if let value = self.fresh(key), let value { return value }
        while true {
            let value = try await self.loaded(key, options, mayBeAbsent: false, load)
            // Nothing comes only from a load of `find` that was joined; the next one is this reader's own.
            if let value { return value }
        }
    }

    /// The value of `key`, or nil when there is none; loaded if the cache does not know. That there is none is remembered
    /// for the configuration's `negativeDuration`. Otherwise as `value(for:_:load:)`.
    ///
    /// The loader may say how long what it brings may be kept, and its tags. Tags that only the loader knows cannot keep a
    /// reader from joining its load after they were purged; say them in `options` where that matters.
    @inlinable
    public func find(
        _ key: Key, _ options: CacheEntryOptions? = nil, load: @escaping @Sendable (Key) async throws -> Loaded<Value>
    ) async throws -> Value? {
        if let value = self.fresh(key) { return value }
        return try await self.loaded(key, options, mayBeAbsent: true, load)
    }

    /// What needs no load, not even in the background.
    @inlinable
    func fresh(_ key: Key) -> Value?? {
        let place = self.place(of: key)
        return self.shards[place.shard].withLock { shard in
            guard let slot = shard.find(key, place.hash) else {
                shard.index.missed()
                return nil
            }
            guard case .fresh = shard.index.use(slot, self.time) else { return nil }
            return .some(shard.entries.base[Int(slot)].value)
        }
    }
}

/// What a reader who found nothing fresh does.
private enum LoadingStep<Value: Sendable> {
    case serve(Value?)
    /// To be refreshed in the background, by the first reader who sees it.
    case refresh(Value?, Flight<Value>)
    case wait(Flight<Value>, starts: Bool, stale: Value?)
}

extension Cache {
    @usableFromInline
    func loaded(
        _ key: Key, _ options: CacheEntryOptions?, mayBeAbsent: Bool,
        _ load: @escaping @Sendable (Key) async throws -> Loaded<Value>
    ) async throws -> Value? {
        let step = self.step(key, options, mayBeAbsent)
        switch step {
        case .serve(let value): return value
        case .refresh(let value, let flight):
            self.start(flight, key, options, load)
            return value
        case .wait(let flight, let starts, let stale):
            if starts { self.start(flight, key, options, load) }
            return try await self.wait(for: flight, key, stale)
        }
    }

    /// Looks once more, and joins or announces a load, all in one.
    private func step(_ key: Key, _ options: CacheEntryOptions?, _ mayBeAbsent: Bool) -> LoadingStep<Value> {
        let (now, place) = (self.time.now.nanoseconds, self.place(of: key))
        return self.shards[place.shard].withLock { shard in
            var stale: Value?
            if let slot = shard.find(key, place.hash), mayBeAbsent || shard.entries[slot].value != nil {
                let value = shard.entries[slot].value
                switch shard.index.state(of: slot, at: now) {
                case .fresh: return .serve(value)
                case .due:
                    guard shard.flights[key]?.work.isRunning != true else { return .serve(value) }
                    shard.index.counters.refreshes += 1
                    return .refresh(value, shard.announce(key, options))
                case .stale: stale = value
                case .gone: break
                }
            }
            if let flight = shard.flights[key], flight.work.join() { return .wait(flight, starts: false, stale: stale) }
            return .wait(shard.announce(key, options), starts: true, stale: stale)
        }
    }

    private func wait(for flight: Flight<Value>, _ key: Key, _ stale: Value?) async throws -> Value? {
        var limit = Deadline.current?.tick
        if stale != nil, let softTimeout = self.configuration.softTimeout {
            limit = min(limit ?? .distantFuture, self.time.now + softTimeout)
        }
        switch await flight.work.wait(until: limit, self.time) {
        case .finished(.success(let value)): return value
        case .cancelled: throw CancellationError()
        case .finished(.failure(let error)):
            guard let stale else { throw error }
            return self.served(stale, key)
        case .timedOut:
            guard let stale else { throw CacheLoadTimedOut() }
            return self.served(stale, key)
        }
    }

    private func served(_ stale: Value, _ key: Key) -> Value {
        self.shards[self.place(of: key).shard].withLock { $0.index.counters.staleServed += 1 }
        return stale
    }

    // MARK: The load

    private func start(
        _ flight: Flight<Value>, _ key: Key, _ options: CacheEntryOptions?,
        _ load: @escaping @Sendable (Key) async throws -> Loaded<Value>
    ) {
        let began = self.time.now
        let alarm = self.configuration.hardTimeout.map { self.time.set(flight, at: began + $0) }
        flight.work.start {
            defer { if let alarm { self.time.clear(alarm) } }
            do {
                let loaded = try await load(key)
                // How long a value may be kept says nothing about how long there is none.
                let own = loaded.value == nil ? CacheEntryOptions(tags: options?.tags ?? []) : options
                self.land(flight, key, self.write(loaded.value, key, loaded.options ?? own), since: began)
                return loaded.value
            } catch {
                self.crash(flight, key, since: began)
                throw error
            }
        }
    }

    /// Keeps what was loaded, unless it was invalidated or written meanwhile.
    private func land(_ flight: Flight<Value>, _ key: Key, _ write: CacheWrite<Value>, since began: Tick) {
        let (now, place) = (self.time.now, self.place(of: key))
        let removals = self.shards[place.shard].withLock { shard in
            var removals = Removals<Key, Value>()
            shard.index.counters.loadSuccesses += 1
            shard.index.counters.loadNanoseconds += (now - began).nanoseconds
            let isPurged = shard.index.tags.refuses(write.tags, since: flight.purges)
            if shard.end(flight, key), !isPurged {
                let isForgotten = write.value == nil && self.configuration.negativeDuration == .zero
                if !isForgotten { shard.write(key, place.hash, write, &removals) }
            } else {
                shard.index.counters.loadsRefused += 1
            }
            return removals
        }
        self.report(removals)
    }

    /// Lets a value that is served stale count as fresh for a while, and puts off the next refresh.
    private func crash(_ flight: Flight<Value>, _ key: Key, since began: Tick) {
        let (now, place) = (self.time.now, self.place(of: key))
        let throttle = self.configuration.failSafe?.throttleDuration ?? .seconds(1)
        self.shards[place.shard].withLock { shard in
            shard.index.counters.loadFailures += 1
            shard.index.counters.loadNanoseconds += (now - began).nanoseconds
            // That nobody waited any longer says nothing about the source.
            guard shard.end(flight, key), !flight.work.isAbandoned, let slot = shard.find(key, place.hash) else {
                return
            }
            let later = (now + throttle).nanoseconds
            switch shard.index.state(of: slot, at: now.nanoseconds) {
            case .fresh, .due: shard.index.postponeRefresh(slot, until: later)
            case .stale: shard.index.extend(slot, until: later)
            case .gone: break
            }
        }
    }
}

extension Shard {
    /// A load that others may join; who announces it has joined.
    fileprivate mutating func announce(_ key: Key, _ options: CacheEntryOptions?) -> Flight<Value> {
        let flight = Flight<Value>(purges: self.index.tags.loadBegins(), tags: options?.tags ?? [])
        _ = flight.work.join()
        self.flights[key] = flight
        return flight
    }

    /// A load is over. Returns whether its outcome still counts.
    fileprivate mutating func end(_ flight: Flight<Value>, _ key: Key) -> Bool {
        self.index.tags.loadEnds()
        guard self.flights[key] === flight else { return false }
        self.flights[key] = nil
        return true
    }
}
