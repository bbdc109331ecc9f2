import Caching
import Essentials
import EssentialsTesting
import Synchronization
import Testing

/// A shared store that fails, hangs or talks nonsense when it is told to.
private final class UnreliableStore: DistributedStore {
    enum Mood: Sendable { case well, failing, hanging, nonsense }

    struct Down: Error {}

    private let inner: InMemoryDistributedStore
    private let time: TimeSource
    private let state = Mutex(Mood.well)

    init(_ inner: InMemoryDistributedStore, time: TimeSource) {
        self.inner = inner
        self.time = time
    }

    func become(_ mood: Mood) { self.state.withLock { $0 = mood } }

    private func check() async throws {
        switch self.state.withLock({ $0 }) {
        case .failing: throw Down()
        case .hanging: try await self.time.sleep(for: .seconds(1_000))
        case .well, .nonsense: break
        }
    }

    func read(_ key: String) async throws -> DistributedRead {
        try await self.check()
        return self.state.withLock { $0 } == .nonsense ? .hit([1, 2, 3, 4, 5]) : try await self.inner.read(key)
    }

    func write(
        _ bytes: [UInt8], for key: String, timeToLive: Duration, under lease: DistributedLease?
    ) async throws -> Bool {
        try await self.check()
        return try await self.inner.write(bytes, for: key, timeToLive: timeToLive, under: lease)
    }

    func invalidate(_ keys: [String]) async throws {
        try await self.check()
        try await self.inner.invalidate(keys)
    }
}

@Suite struct TierTests {
    private struct NotOneByte: Error {}

    private let clock = TestClock()
    private let shared: InMemoryDistributedStore
    private let source = Counter()

    init() {
        self.shared = InMemoryDistributedStore(maximumCount: 100, time: .test(self.clock))
    }

    /// The tiers of one process; values are numbers below 256.
    private func process(_ store: (any DistributedStore)? = nil) -> TieredCache<Int> {
        let time = TimeSource.test(self.clock)
        let memory = Cache<String, Int>(.init(maximumCount: 100, expiry: .afterWrite(.seconds(300))), time: time)
        let codec = TieredCache<Int>.Codec(encode: { [UInt8($0)] }) { bytes in
            guard bytes.count == 1 else { throw NotOneByte() }
            return Int(bytes[0])
        }
        return TieredCache(memory: memory, distributed: store ?? self.shared, codec: codec, time: time)
    }

    private func read(_ cache: TieredCache<Int>, _ value: Int = 7) async throws -> Int {
        try await cache.value(for: "a") { [source] _ in
            source.add()
            return value
        }
    }

    @Test func `a miss fills both tiers, and another process finds it in the shared one`() async throws {
        let (one, other) = (self.process(), self.process())
        #expect(try await self.read(one) == 7)
        #expect(try await self.read(one) == 7)
        #expect(try await self.read(other) == 7)
        #expect(self.source.count == 1)
        #expect(other.statistics.hits == 1 && other.memory.value(for: "a") == 7)
    }

    @Test func `memory keeps a value for five minutes, the shared tier for thirty`() async throws {
        let cache = self.process()
        _ = try await self.read(cache)
        self.clock.advance(by: .seconds(1_799))
        #expect(cache.memory.value(for: "a") == nil)
        _ = try await self.read(cache)
        #expect(self.source.count == 1)
        self.clock.advance(by: .seconds(301))
        _ = try await self.read(cache)
        #expect(self.source.count == 2)
    }

    @Test(arguments: [false, true])
    func `a value that was loaded before the key changed comes back to no tier`(updates: Bool) async throws {
        let (one, other) = (self.process(), self.process())
        // The other process has read the old value from the source, when this one changes it.
        let old = try await other.value(for: "a") { _ in
            if updates { try await one.update("a") { 9 } } else { try await one.invalidate("a") }
            return 8
        }
        #expect(old == 8 && other.statistics.fillsRefused == 1)
        #expect(try await self.read(other) == (updates ? 9 : 7))
        #expect(try await self.read(one) == (updates ? 9 : 7))
        #expect(try await self.read(self.process()) == (updates ? 9 : 7))
    }

    @Test func `a shared tier that fails or talks nonsense fails no read`() async throws {
        let store = UnreliableStore(self.shared, time: .test(self.clock))
        for mood in [UnreliableStore.Mood.failing, .nonsense] {
            let cache = self.process(store)
            store.become(mood)
            #expect(try await self.read(cache) == 7)
            #expect(cache.statistics.failures == 1)
        }
        #expect(self.source.count == 2)
    }

    @Test func `a shared tier that hangs is waited for only for a while`() async throws {
        let store = UnreliableStore(self.shared, time: .test(self.clock))
        store.become(.hanging)
        let cache = self.process(store)
        async let value = self.read(cache)
        // The load's own limit, the store's sleep, and the limit on it.
        await self.clock.waitForSleepers(3)
        self.clock.advance(by: .milliseconds(250))
        #expect(try await value == 7)
        #expect(cache.statistics.failures == 1)
    }

    @Test func `a change that the shared tier could not be told of is an error`() async throws {
        let store = UnreliableStore(self.shared, time: .test(self.clock))
        let cache = self.process(store)
        _ = try await self.read(cache)
        store.become(.failing)
        await #expect(throws: UnreliableStore.Down.self) { try await cache.invalidate("a") }
        await #expect(throws: UnreliableStore.Down.self) { try await cache.update("a") { 9 } }
        #expect(cache.memory.value(for: "a") == nil)
    }

    @Test func `when the source refuses a change nobody trusts the old value`() async throws {
        let cache = self.process()
        _ = try await self.read(cache)
        await #expect(throws: SourceFailed.self) { try await cache.update("a") { throw SourceFailed() } }
        #expect(cache.memory.value(for: "a") == nil)
        #expect(try await self.read(cache, 5) == 5)
    }
}
