public import Essentials
import Synchronization

/// Memory in front of a store that several processes share, in front of the source.
///
/// A read asks memory, then the distributed tier, then the source, and fills the tiers above the one that answered. The
/// distributed tier can only help: when it fails, is slow or answers nonsense, the source is asked as if it were not there.
///
/// `value(for:_:load:)` is read-through, ``update(_:_:write:)`` is write-through; ``memory`` is there for cache-aside.
public final class TieredCache<Value: Sendable>: Sendable {
    /// How long the distributed tier keeps a value, and how long it is waited for.
    public struct Configuration: Hashable, Sendable {
        /// Default: 30 min.
        public var timeToLive = Duration.seconds(1_800)
        /// How long a read or write of the distributed tier may take. Default: 250 ms.
        public var distributedTimeout = Duration.milliseconds(250)

        public init() {}
    }

    /// How values become bytes. A `decode` that throws is a miss.
    public struct Codec: Sendable {
        public var encode: @Sendable (Value) throws -> [UInt8]
        public var decode: @Sendable ([UInt8]) throws -> Value

        public init(
            encode: @escaping @Sendable (Value) throws -> [UInt8], decode: @escaping @Sendable ([UInt8]) throws -> Value
        ) {
            self.encode = encode
            self.decode = decode
        }
    }

    /// What the distributed tier did.
    public struct Statistics: Hashable, Sendable {
        public var hits = 0
        public var misses = 0
        /// It failed, was too slow, or answered what could not be decoded.
        public var failures = 0
        /// Values not kept because their key was invalidated or written meanwhile.
        public var fillsRefused = 0

        public init() {}
    }

    public let memory: Cache<String, Value>
    private let distributed: any DistributedStore
    private let codec: Codec
    private let configuration: Configuration
    private let time: TimeSource
    private let counters = Mutex(Statistics())

    /// - Parameters:
    ///   - memory: its expiry bounds how long another process's invalidation may go unnoticed; the brief's is five minutes.
    ///   - distributed: what processes share.
    public init(
        memory: Cache<String, Value>, distributed: any DistributedStore, codec: Codec,
        _ configuration: Configuration = Configuration(), time: TimeSource = .system
    ) {
        self.memory = memory
        self.distributed = distributed
        self.codec = codec
        self.configuration = configuration
        self.time = time
    }

    public var statistics: Statistics { self.counters.withLock { $0 } }

    /// The value of `key` from the nearest tier that has it, or from the source.
    /// - Throws: as ``Cache/value(for:_:load:)``; the distributed tier's errors never.
    public func value(
        for key: String, _ options: CacheEntryOptions? = nil,
        load: @escaping @Sendable (String) async throws -> Value
    ) async throws -> Value {
        try await self.memory.value(
            for: key, options,
            loading: { key in
                let (value, lease) = await self.shared(key)
                if let value { return Loaded(value) }
                let loaded = try await load(key)
                guard let lease, await self.fill(key, loaded, lease) == false else { return Loaded(loaded) }
                // Outdated already: for those who wait, but for nobody after them.
                return Loaded(loaded, options: CacheEntryOptions(expiry: .afterWrite(.zero)))
            })
    }

    /// Changes the source, and then both tiers. A load that began before cannot bring the old value back.
    /// - Throws: what `write` throws; then the tiers have forgotten the key, because nobody knows what the source holds. What the
    ///   distributed tier throws, when it could not be told of the change; memory has forgotten the key then.
    public func update(
        _ key: String, _ options: CacheEntryOptions? = nil, write: () async throws -> Value
    ) async throws {
        let value: Value
        do {
            value = try await write()
        } catch {
            try await self.invalidate(key)
            throw error
        }
        self.memory.invalidate(key)
        let bytes = try self.codec.encode(value)
        _ = try await self.distributed.write(bytes, for: key, timeToLive: self.configuration.timeToLive, under: nil)
        self.memory.put(value, for: key, options)
    }

    /// Forgets `key` on every tier.
    /// - Throws: what the distributed tier throws. Memory has forgotten the key then, but may be filled from there again.
    public func invalidate(_ key: String) async throws {
        self.memory.invalidate(key)
        try await self.distributed.invalidate([key])
        // Somebody may have read the distributed tier, and filled memory, in between.
        self.memory.invalidate(key)
    }

    // MARK: The distributed tier

    private enum Answer: Sendable {
        case value(Value)
        case miss(DistributedLease)
    }

    private func shared(_ key: String) async -> (Value?, DistributedLease?) {
        let answer = await self.attempt {
            switch try await self.distributed.read(key) {
            case .hit(let bytes): Answer.value(try self.codec.decode(bytes))
            case .miss(let lease): Answer.miss(lease)
            }
        }
        switch answer {
        case .value(let value):
            self.counters.withLock { $0.hits += 1 }
            return (value, nil)
        case .miss(let lease):
            self.counters.withLock { $0.misses += 1 }
            return (nil, lease)
        case nil: return (nil, nil)
        }
    }

    /// Whether the shared tier kept the value; nil when it could not be asked.
    private func fill(_ key: String, _ value: Value, _ lease: DistributedLease) async -> Bool? {
        let isKept = await self.attempt {
            try await self.distributed.write(
                try self.codec.encode(value), for: key, timeToLive: self.configuration.timeToLive, under: lease)
        }
        if isKept == false { self.counters.withLock { $0.fillsRefused += 1 } }
        return isKept
    }

    /// What the body returns, or nil, counted as a failure.
    private func attempt<Result: Sendable>(_ body: @Sendable () async throws -> Result) async -> Result? {
        do {
            let limit = self.time.now + self.configuration.distributedTimeout
            if case .finished(let result) = try await self.time.run(until: limit, body) { return result }
            self.counters.withLock { $0.failures += 1 }
        } catch {
            self.counters.withLock { $0.failures += 1 }
        }
        return nil
    }
}
