import Caching
import Essentials
import EssentialsTesting
import Testing

@Suite struct ExpiryTests {
    private let clock = TestClock()

    private func cache(_ expiry: CacheExpiry, jitter: Duration = .zero) -> Cache<String, Int> {
        var configuration = Cache<String, Int>.Configuration(maximumCount: 100, expiry: expiry)
        configuration.jitter = jitter
        return Cache(
            configuration, wallClock: WallClock { Timestamp(microseconds: 1_000_000) }, chance: Chance(seed: 9),
            time: .test(self.clock))
    }

    private func isThere(_ cache: Cache<String, Int>, after duration: Duration) -> Bool {
        self.clock.advance(by: duration)
        return cache.value(for: "a") != nil
    }

    @Test func `after five minutes an entry is gone, a moment before it is not`() {
        let cache = self.cache(.afterWrite(.seconds(300)))
        cache.put(1, for: "a")
        #expect(self.isThere(cache, after: .seconds(299)))
        #expect(self.isThere(cache, after: .seconds(1) - .nanoseconds(1)))
        #expect(!self.isThere(cache, after: .nanoseconds(1)))
    }

    @Test func `writing starts the time anew, reading does not`() {
        let cache = self.cache(.afterWrite(.seconds(10)))
        cache.put(1, for: "a")
        #expect(self.isThere(cache, after: .seconds(6)))
        cache.put(2, for: "a")
        #expect(self.isThere(cache, after: .seconds(6)))
        #expect(!self.isThere(cache, after: .seconds(4)))
    }

    @Test func `a sliding entry lives as long as it is read, but not beyond its maximum`() {
        let cache = self.cache(.afterAccess(.seconds(10), maximum: .seconds(25)))
        cache.put(1, for: "a")
        #expect(self.isThere(cache, after: .seconds(9)))
        #expect(self.isThere(cache, after: .seconds(9)))
        #expect(self.isThere(cache, after: .seconds(6)))
        #expect(!self.isThere(cache, after: .seconds(1)))
        cache.put(1, for: "a")
        #expect(!self.isThere(cache, after: .seconds(10)))
    }

    @Test func `an entry can expire at a date`() {
        let cache = self.cache(.never)
        cache.put(1, for: "a", .init(expiry: .at(Timestamp(microseconds: 61_000_000))))
        #expect(self.isThere(cache, after: .seconds(59)))
        #expect(!self.isThere(cache, after: .seconds(1)))
        cache.put(1, for: "a", .init(expiry: .at(Timestamp(microseconds: 0))))
        #expect(!self.isThere(cache, after: .zero))
    }

    @Test func `an entry's own expiry goes before the cache's, also when it is replaced`() {
        let cache = self.cache(.afterWrite(.seconds(10)))
        cache.put(1, for: "a", .init(expiry: .never))
        #expect(self.isThere(cache, after: .seconds(1_000_000)))
        cache.put(2, for: "a")
        #expect(!self.isThere(cache, after: .seconds(10)))
    }

    @Test func `jitter spreads what was written together, and never shortens`() {
        let cache = self.cache(.afterWrite(.seconds(10)), jitter: .seconds(10))
        for key in 0..<100 { cache.put(key, for: "\(key)") }
        self.clock.advance(by: .seconds(10) - .nanoseconds(1))
        #expect((0..<100).allSatisfy { cache.contains("\($0)") })
        self.clock.advance(by: .seconds(5))
        #expect((30...70).contains((0..<100).count { cache.contains("\($0)") }))
        self.clock.advance(by: .seconds(5))
        #expect((0..<100).allSatisfy { !cache.contains("\($0)") })
    }

    @Test(arguments: [1, 60, 3_600, 86_400, 86_400 * 400])
    func `what has expired gives its place back at the next write`(seconds: Int64) {
        let cache = self.cache(.afterWrite(.seconds(seconds)))
        self.clock.advance(by: .seconds(seconds * 3 + 5))
        for key in 0..<50 {
            cache.put(key, for: "\(key)")
            self.clock.advance(by: .seconds(seconds) / 100)
        }
        self.clock.advance(by: .seconds(seconds + 2))
        cache.put(1, for: "a")
        #expect(cache.count == 1)
        #expect(cache.statistics.expirations == 50 && cache.statistics.evictions == 0)
    }
}
