import Essentials
import EssentialsTesting
import Resilience
import Testing

@Suite("The token bucket")
struct TokenBucketTests {
    @Test func `gives out its capacity and says when the next token comes`() {
        var bucket = TokenBucket(capacity: 3, refill: Rate(2, per: .seconds(1)))
        let now = Tick.seconds(0)
        #expect((0..<3).map { _ in bucket.consume(at: now) } == [2, 1, 0].map { .allowed(remaining: $0) })
        #expect(bucket.consume(at: now) == .refused(retryAfter: .milliseconds(500)))
        #expect(bucket.consume(at: .seconds(0.499_999_999)) == .refused(retryAfter: .nanoseconds(1)))
        #expect(bucket.consume(at: .seconds(0.5)) == .allowed(remaining: 0))
    }

    @Test func `takes all or none, and never more than it can hold`() {
        var bucket = TokenBucket(capacity: 10, refill: Rate(1, per: .seconds(1)))
        #expect(bucket.consume(7, at: .seconds(0)) == .allowed(remaining: 3))
        #expect(bucket.consume(4, at: .seconds(0)) == .refused(retryAfter: .seconds(1)))
        #expect(bucket.available(at: .seconds(0)) == 3)
        #expect(bucket.consume(11, at: .seconds(100)) == .refused(retryAfter: nil))
        #expect(bucket.available(at: .seconds(100)) == 10)
    }

    @Test func `loses no fraction, however often it is asked`() {
        // A third of a token per second, asked every 7 milliseconds: after 9,000 seconds exactly 3,000 tokens came.
        var bucket = TokenBucket(capacity: 1, refill: Rate(1, per: .seconds(3)))
        _ = bucket.consume(at: .seconds(0))
        var granted = 0
        var now: Int64 = 0
        while now < 9_000_000_000_000 {
            now = min(now + 7_000_000, 9_000_000_000_000)
            if case .allowed = bucket.consume(at: Tick(nanoseconds: now)) { granted += 1 }
        }
        // Each token is taken at the first question after it came, which costs at most 7 ms of the next one's time.
        #expect((2_993...3_000).contains(granted))
        var frequent = TokenBucket(capacity: 1_000_000, refill: Rate(7, per: .seconds(3)))
        _ = frequent.consume(1_000_000, at: .seconds(0))
        for tick in stride(from: Int64(0), through: 3_000_000_000, by: 1_000_003) {
            _ = frequent.consume(1_000, at: Tick(nanoseconds: tick))
        }
        #expect(frequent.available(at: .seconds(3)) == 7)
    }

    @Test(arguments: 0..<48 as Range<UInt64>)
    func `in any window it gives out at most capacity plus rate times the window`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let capacity = Int.random(in: 1...20, using: &generator)
        let refill = Rate(
            Int.random(in: 1...50, using: &generator), per: .milliseconds(Int.random(in: 1...5_000, using: &generator)))
        var bucket = TokenBucket(capacity: capacity, refill: refill)
        var grants: [(at: Int64, count: Int)] = []
        var now: Int64 = 0
        for _ in 0..<600 {
            now += Int64.random(in: 0...300_000_000, using: &generator)
            let wanted = Int.random(in: 1...capacity, using: &generator)
            switch bucket.consume(wanted, at: Tick(nanoseconds: now)) {
            case .allowed: grants.append((now, wanted))
            case .refused(let retryAfter):
                var copy = bucket
                let later = Tick(nanoseconds: now) + retryAfter!
                var early = bucket
                #expect(copy.consume(wanted, at: later) != .refused(retryAfter: nil))
                let before = Tick(nanoseconds: later.nanoseconds - 1)
                if case .allowed = early.consume(wanted, at: before) { Issue.record("allowed before retryAfter") }
            }
        }
        for first in grants.indices {
            var sum = 0
            for last in first..<grants.count {
                sum += grants[last].count
                let elapsed = grants[last].at - grants[first].at
                // sum ≤ capacity + rate · elapsed, multiplied out so that it is exact.
                #expect(Int64(sum - capacity) * refill.window.nanoseconds <= elapsed * Int64(refill.count))
            }
        }
    }
}

@Suite("The rate limiter in a pipeline")
struct RateLimiterTests {
    @Test func `refuses what is beyond the rate and says when to come back`() async throws {
        let clock = TestClock()
        let limiter = RateLimiter(named: "search", capacity: 2, refill: Rate(1, per: .seconds(10)))
        let pipeline = Pipeline(time: .test(clock)) { limiter }
        for _ in 0..<2 { _ = try await pipeline.run { 1 } }
        clock.advance(by: .seconds(4))
        let refusal = await #expect(throws: Refusal.self) { try await pipeline.run { 1 } }
        #expect(refusal?.message == "Rate limit 'search' is used up: 1 in 10 s; try again in 6 s.")
        clock.advance(by: .seconds(6))
        #expect(try await pipeline.run { 1 } == 1)
        let snapshot = limiter.snapshot(at: .seconds(10))
        #expect(snapshot.figures.map(\.value) == [3, 1, 0])
    }
}
