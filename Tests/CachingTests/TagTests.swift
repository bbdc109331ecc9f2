import Caching
import Essentials
import EssentialsTesting
import Testing

@Suite struct TagTests {
    @Test func `a tag is purged in one call, in all shards, and nothing else`() {
        var configuration = Cache<Int, Int>.Configuration(maximumCount: 10_000)
        configuration.shards = 8
        let cache = Cache<Int, Int>(configuration)
        for key in 0..<300 {
            let tags = ["all", key % 2 == 0 ? "even" : "odd"]
            cache.put(key, for: key, key < 200 ? .init(tags: tags) : nil)
        }
        cache.invalidate(tag: "even")
        #expect((0..<300).filter { cache.value(for: $0) != nil } == (0..<300).filter { $0 % 2 == 1 || $0 >= 200 })
        cache.put(4, for: 4, .init(tags: ["even"]))
        #expect(cache.value(for: 4) == 4)
        cache.invalidate(tag: "all")
        #expect(cache.value(for: 4) == 4)
        #expect((0..<200).allSatisfy { $0 == 4 || !cache.contains($0) })
        cache.invalidate(tag: "nobody has it")
        #expect(cache.value(for: 250) == 250)
    }

    @Test func `an entry that is written without the tag has it no longer`() {
        let cache = Cache<String, Int>()
        cache.put(1, for: "a", .init(tags: ["t"]))
        cache.put(2, for: "a")
        cache.invalidate(tag: "t")
        #expect(cache.value(for: "a") == 2)
    }

    @Test func `a tag that came again after it was purged does not bring old entries back`() {
        let cache = Cache<String, Int>()
        cache.put(1, for: "a", .init(tags: ["t"]))
        cache.invalidate(tag: "t")
        cache.invalidate("a")
        cache.put(1, for: "b", .init(tags: ["u"]))
        cache.put(1, for: "c", .init(tags: ["t"]))
        cache.invalidate(tag: "u")
        #expect(cache.value(for: "b") == nil && cache.value(for: "c") == 1)
    }
}
