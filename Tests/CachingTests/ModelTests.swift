import Caching
import Essentials
import EssentialsTesting
import Synchronization
import Testing

/// A cache too simple to be wrong: it looks at everything, and never has too much.
private struct ModelCache {
    struct Entry {
        var value: Int?
        var written: Int64
        var expiry: CacheExpiry
        var used: Int64
        var tags: [String]

        func isGone(at now: Int64) -> Bool {
            switch self.expiry {
            case .never: false
            case .afterWrite(let duration): now - self.written >= duration.nanoseconds
            case .afterAccess(let duration, let maximum):
                now - self.used >= duration.nanoseconds || now - self.written >= maximum?.nanoseconds ?? .max
            case .at(let date): now >= date.microseconds * 1_000
            }
        }
    }

    var entries: [Int: Entry] = [:]

    mutating func lookup(_ key: Int, at now: Int64) -> CacheLookup<Int> {
        guard let entry = self.entries[key], !entry.isGone(at: now) else { return .miss }
        self.entries[key]?.used = now
        return entry.value.map { .value($0) } ?? .absent
    }
}

/// Random requests to a cache and to its model, in virtual time.
private struct CacheWalk {
    private let clock = TestClock()
    private let evicted = EvictedKeys()
    private let cache: Cache<Int, Int>
    private var model = ModelCache()
    private var generator: SeededGenerator
    private var written = 0

    init(seed: UInt64, maximum: Int, shards: Int) {
        let (clock, evicted) = (self.clock, self.evicted)
        var configuration = Cache<Int, Int>.Configuration(maximumCount: maximum, expiry: .afterWrite(.seconds(40)))
        configuration.shards = shards
        configuration.negativeDuration = .seconds(7)
        configuration.onRemoval = { evicted.add($0) }
        self.cache = Cache(
            configuration, wallClock: WallClock { Timestamp(microseconds: clock.now.offset.nanoseconds / 1_000) },
            chance: Chance(seed: seed), time: .test(clock))
        self.generator = SeededGenerator(seed: seed)
    }

    private var now: Int64 { self.clock.now.offset.nanoseconds }

    private mutating func draw(_ range: Range<Int>) -> Int { Int.random(in: range, using: &self.generator) }

    mutating func run(steps: Int) {
        for step in 0..<steps {
            self.step()
            for key in self.evicted.take() { self.model.entries[key] = nil }
            if self.evicted.total + self.cache.count != self.written {
                Issue.record(
                    "step \(step): \(self.written) written, \(self.evicted.total) gone, \(self.cache.count) left")
                return
            }
        }
    }

    private mutating func step() {
        let key = self.draw(0..<60)
        switch self.draw(0..<100) {
        case 0..<50: #expect(self.cache.lookup(key) == self.model.lookup(key, at: self.now))
        case 50..<80: self.write(key)
        case 80..<86:
            self.cache.invalidate(key)
            self.model.entries[key] = nil
        case 86..<90:
            let tag = "tag\(self.draw(0..<5))"
            self.cache.invalidate(tag: tag)
            self.model.entries = self.model.entries.filter { !$0.value.tags.contains(tag) }
        case 90: self.cache.cleanUp()
        case 91 where self.draw(0..<10) == 0:
            self.cache.invalidateAll()
            self.model.entries = [:]
        default:
            let step = [1, 1_000_000_000, 9_000_000_000, 77_000_000_000, 4_000_000_000_000][self.draw(0..<5)]
            self.clock.advance(by: .nanoseconds(self.draw(0..<step) + 1))
        }
    }

    private mutating func write(_ key: Int) {
        let value = self.draw(0..<6) == 0 ? nil : self.draw(0..<1_000)
        let expiry: CacheExpiry? =
            switch self.draw(0..<7) {
            case 0: .never
            case 1: .afterWrite(.seconds(self.draw(0..<100)))
            case 2: .afterAccess(.seconds(self.draw(1..<30)))
            case 3: .afterAccess(.seconds(self.draw(1..<30)), maximum: .seconds(self.draw(1..<90)))
            case 4: .at(Timestamp(microseconds: self.now / 1_000 + Int64(self.draw(0..<50_000_000))))
            default: nil
            }
        let tags = (0..<self.draw(0..<3)).map { _ in "tag\(self.draw(0..<5))" }
        let options = CacheEntryOptions(expiry: expiry, tags: tags)
        // What goes for this entry goes before it is in the model.
        if let value { self.cache.put(value, for: key, options) } else { self.cache.putAbsent(for: key, options) }
        let evicted = self.evicted.take()
        for other in evicted { self.model.entries[other] = nil }
        self.written += 1
        guard !evicted.contains(key) else { return }
        self.model.entries[key] = ModelCache.Entry(
            value: value, written: self.now, expiry: expiry ?? .afterWrite(.seconds(value == nil ? 7 : 40)),
            used: self.now, tags: tags)
    }
}

/// Keys that went for want of room, and how many entries went at all.
private final class EvictedKeys: Sendable {
    private let state = Mutex((keys: [Int](), total: 0))

    var total: Int { self.state.withLock(\.total) }

    func add(_ removal: CacheRemoval<Int, Int>) {
        self.state.withLock { state in
            state.total += 1
            if removal.cause == .size { state.keys.append(removal.key) }
        }
    }

    func take() -> [Int] {
        self.state.withLock { state in
            defer { state.keys = [] }
            return state.keys
        }
    }
}

@Suite struct ModelTests {
    @Test(arguments: 1...20)
    func `random requests are answered as by a cache that looks at everything`(seed: UInt64) {
        let bounds = [(20, 1), (100, 1), (40, 4), (60, 2)]
        let (maximum, shards) = bounds[Int(seed) % bounds.count]
        var walk = CacheWalk(seed: seed, maximum: maximum, shards: shards)
        walk.run(steps: 4_000)
    }
}
