import Caching
import Essentials
import EssentialsTesting
import Synchronization
import Testing

/// Entries that left a cache, as its listener was told.
final class RemovalLog: Sendable {
    private let log = Mutex<[String]>([])

    var entries: [String] { self.log.withLock { $0 } }

    func add(_ removal: CacheRemoval<String, Int>) {
        self.log.withLock { $0.append("\(removal.key)=\(removal.value.map(String.init) ?? "absent") \(removal.cause)") }
    }
}

@Suite struct CacheTests {
    @Test func `what was put is found until it is invalidated`() {
        let cache = Cache<String, Int>()
        #expect(cache.value(for: "a") == nil)
        cache.put(1, for: "a")
        cache.put(2, for: "b")
        cache.put(3, for: "a")
        #expect(cache.value(for: "a") == 3)
        #expect(cache.count == 2)
        cache.invalidate("a")
        #expect(cache.value(for: "a") == nil)
        #expect(cache.value(for: "b") == 2)
        cache.invalidateAll()
        #expect(cache.value(for: "b") == nil)
        #expect(cache.count == 0)
    }

    @Test(arguments: [1, 2, 7, 100, 5_000], [1, 8])
    func `there are never more entries than the bound says`(maximum: Int, shards: Int) {
        var configuration = Cache<Int, Int>.Configuration(maximumCount: maximum)
        configuration.shards = min(shards, maximum >= 8 ? 8 : 1)
        let cache = Cache<Int, Int>(configuration, chance: Chance(seed: 3))
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<20_000 {
            cache.put(0, for: Int.random(in: 0..<maximum * 3, using: &generator))
            if cache.count > maximum { Issue.record("\(cache.count) entries") }
        }
        #expect(cache.count >= maximum * 9 / 10)
    }

    @Test func `entries never weigh more than the bound, and what is too heavy is not kept`() {
        var configuration = Cache<Int, Int>.Configuration()
        configuration.bound = .weight(1_000) { _, value in value ?? 1 }
        let cache = Cache<Int, Int>(configuration, chance: Chance(seed: 3))
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<20_000 {
            let key = Int.random(in: 0..<300, using: &generator)
            cache.put(Int.random(in: 0...50, using: &generator), for: key)
            if cache.weight > 1_000 { Issue.record("\(cache.weight)") }
        }
        cache.put(5, for: 9_999)
        cache.put(1_001, for: 9_999)
        #expect(cache.value(for: 9_999) == nil)
        #expect(cache.statistics.evictions > 0)
    }

    @Test func `the listener is told what left and why`() {
        let log = RemovalLog()
        let clock = TestClock()
        var configuration = Cache<String, Int>.Configuration(maximumCount: 2, expiry: .afterWrite(.seconds(10)))
        configuration.onRemoval = { log.add($0) }
        let cache = Cache<String, Int>(configuration, chance: Chance(seed: 1), time: .test(clock))
        cache.put(1, for: "a")
        cache.put(2, for: "a")
        cache.put(3, for: "b")
        cache.put(4, for: "c")
        cache.invalidate("b")
        clock.advance(by: .seconds(20))
        cache.cleanUp()
        #expect(log.entries == ["a=1 replaced", "a=2 size", "b=3 explicit", "c=4 expired"])
    }

    @Test func `that there is none is remembered, for a while`() {
        let clock = TestClock()
        var configuration = Cache<String, Int>.Configuration(maximumCount: 10, expiry: .afterWrite(.seconds(300)))
        configuration.negativeDuration = .seconds(5)
        let cache = Cache<String, Int>(configuration, time: .test(clock))
        cache.putAbsent(for: "a")
        #expect(cache.lookup("a") == .absent)
        #expect(cache.value(for: "a") == nil)
        #expect(!cache.contains("a"))
        clock.advance(by: .seconds(5))
        #expect(cache.lookup("a") == .miss)
        cache.put(0, for: "a")
        #expect(cache.lookup("a") == .value(0))
    }

    @Test func `hits and misses are counted`() {
        let cache = Cache<Int, Int>(.init(maximumCount: 10))
        #expect(cache.statistics.hitRatio == 1)
        cache.put(1, for: 1)
        _ = cache.value(for: 1)
        _ = cache.value(for: 1)
        _ = cache.value(for: 2)
        #expect(cache.contains(1))
        let statistics = cache.statistics
        #expect(statistics.hits == 2 && statistics.misses == 1 && statistics.requests == 3)
    }

    @Test func `a value is released when it leaves, and with the cache`() {
        final class Thing: Sendable {}
        weak let replaced: Thing?
        weak let kept: Thing?
        do {
            let cache = Cache<String, Thing>(.init(maximumCount: 3))
            let (first, second) = (Thing(), Thing())
            (replaced, kept) = (first, second)
            cache.put(first, for: "a")
            cache.put(second, for: "a")
        }
        #expect(replaced == nil && kept == nil)
    }

    @Test func `keys that are equal are one, however they are spelt`() {
        let cache = Cache<String, Int>()
        cache.put(1, for: "caf\u{e9}")
        #expect(cache.value(for: "cafe\u{301}") == 1)
        let long = String(repeating: "x", count: 100)
        cache.put(2, for: long + "a")
        cache.put(3, for: long + "b")
        #expect(cache.value(for: long + "a") == 2 && cache.value(for: "") == nil)
    }
}
