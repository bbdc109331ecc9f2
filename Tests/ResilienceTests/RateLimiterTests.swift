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

@Suite("The sliding window per key")
struct KeyedSlidingWindowTests {
    let clock = TestClock()

    func window(_ maximum: Int, keyLimit: Int = 100) -> KeyedSlidingWindow<String> {
        KeyedSlidingWindow(
            named: "login.email", Rate(maximum, per: .seconds(900)), keyLimit: keyLimit, time: .test(self.clock))
    }

    @Test func `the sixth try of a key is refused and other keys are not touched`() throws {
        let window = self.window(5)
        for _ in 0..<5 { try window.admit("a@example.com") }
        self.clock.advance(by: .seconds(60))
        let refusal = #expect(throws: Refusal.self) { try window.admit("a@example.com") }
        #expect(refusal?.retryAfter == .seconds(840))
        #expect(refusal?.message == "Rate limit 'login.email' is used up: 5 in 15 min; try again in 14 min.")
        try window.admit("b@example.com")
    }

    @Test func `an event leaves the window exactly when it is as old as the window`() {
        let window = self.window(1)
        window.record("a")
        self.clock.advance(by: .nanoseconds(899_999_999_999))
        #expect(window.record("a") == .refused(retryAfter: .nanoseconds(1)))
        self.clock.advance(by: .nanoseconds(1))
        #expect(window.record("a") == .allowed(remaining: 0))
    }

    @Test func `refused events do not lengthen the lock-out`() {
        let window = self.window(1)
        window.record("a")
        for _ in 0..<8 {
            self.clock.advance(by: .seconds(100))
            window.record("a")
        }
        self.clock.advance(by: .seconds(100))
        #expect(window.peek("a") == .allowed(remaining: 1))
    }

    @Test func `peek counts nothing, clear forgets, withdraw takes one back`() {
        let window = self.window(2)
        #expect(window.peek("a") == .allowed(remaining: 2))
        #expect(window.record("a") == .allowed(remaining: 1))
        #expect(window.record("a") == .allowed(remaining: 0))
        #expect(window.peek("a") == .refused(retryAfter: .seconds(900)))
        window.withdraw("a")
        #expect(window.peek("a") == .allowed(remaining: 1))
        window.clear("a")
        #expect(window.peek("a") == .allowed(remaining: 2))
        window.withdraw("a")
        #expect(window.keyCount == 0)
    }

    @Test func `idle keys are dropped by later traffic`() {
        let window = self.window(5, keyLimit: 10_000)
        for number in 0..<1_000 { window.record("key \(number)") }
        #expect(window.keyCount == 1_000)
        self.clock.advance(by: .seconds(900))
        for number in 0..<1_000 { window.record("other \(number)") }
        #expect(window.keyCount == 1_000)
        #expect(window.evictions == 0)
    }

    @Test func `with too many keys the one idle longest goes first`() {
        let window = self.window(5, keyLimit: 3)
        for key in ["a", "b", "c", "a", "d"] { window.record(key) }
        #expect(window.keyCount == 3)
        #expect(window.evictions == 1)
        #expect(window.peek("b") == .allowed(remaining: 5))
        #expect(window.peek("a") == .allowed(remaining: 3))
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `it agrees with a dictionary that keeps every event`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let maximum = Int.random(in: 1...5, using: &generator)
        let keyLimit = Int.random(in: 1...12, using: &generator)
        var machine = KeyedSlidingWindow<Int>.StateMachine(
            maximum: maximum, window: .seconds(10), keyLimit: keyLimit)
        var model: [Int: [Int64]] = [:]
        var order: [Int] = []
        var now: Int64 = 0
        for _ in 0..<2_000 {
            now += Int64.random(in: 0...1_500_000_000, using: &generator)
            let key = Int.random(in: 0..<15, using: &generator)
            let log = (model[key] ?? []).filter { now - $0 < 10_000_000_000 }
            switch Int.random(in: 0..<10, using: &generator) {
            case 0:
                machine.clear(key)
                model[key] = nil
                order.removeAll { $0 == key }
            case 1:
                machine.withdraw(key)
                if model[key] != nil { model[key]!.removeLast() }
                if model[key]?.isEmpty == true {
                    model[key] = nil
                    order.removeAll { $0 == key }
                }
            default:
                for idle in order.prefix(2) {
                    guard now - model[idle]!.last! >= 10_000_000_000 else { break }
                    model[idle] = nil
                    order.removeFirst()
                }
                let decision = machine.record(key, at: Tick(nanoseconds: now))
                guard log.count < maximum else {
                    #expect(decision == .refused(retryAfter: .nanoseconds(log[0] + 10_000_000_000 - now)))
                    continue
                }
                #expect(decision == .allowed(remaining: maximum - log.count - 1))
                if model[key] == nil, model.count == keyLimit { model[order.removeFirst()] = nil }
                model[key] = log + [now]
                order.removeAll { $0 == key }
                order.append(key)
            }
            #expect(machine.keyCount == model.count)
        }
    }
}
