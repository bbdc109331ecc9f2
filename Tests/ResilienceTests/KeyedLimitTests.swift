import Essentials
import EssentialsTesting
import Resilience
import Testing

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
            RateLimiter.Configuration(capacity: maximum, refill: Rate(maximum, per: .seconds(10))), keyLimit: keyLimit)
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
                    guard idle != key, now - model[idle]!.last! >= 10_000_000_000 else { break }
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

@Suite("The sliding window counter")
struct WindowCounterTests {
    private static let window: Int64 = 10_000_000_000

    @Test func `the window before counts for the share of it that is still covered`() {
        let limit = RateLimiter.Configuration(capacity: 10, refill: Rate(10, per: .seconds(10)))
        var counter = WindowCounter()
        for _ in 0..<10 { _ = counter.record(under: limit, at: .seconds(9)) }
        #expect(counter.peek(under: limit, at: .seconds(9.5)) == .refused(retryAfter: .seconds(1.5)))
        // At 11 s, nine tenths of the ten still count.
        let before = Tick(nanoseconds: 10_999_999_999)
        #expect(counter.peek(under: limit, at: before) == .refused(retryAfter: .nanoseconds(1)))
        #expect(counter.record(under: limit, at: .seconds(11)) == .allowed(remaining: 0))
        #expect(counter.peek(under: limit, at: .seconds(15)) == .allowed(remaining: 4))
        #expect(!counter.isSpent(under: limit, at: .seconds(29.9)))
        #expect(counter.isSpent(under: limit, at: .seconds(30)))
        #expect(counter.peek(under: limit, at: .seconds(30)) == .allowed(remaining: 10))
    }

    /// What the definition says, from the ticks of all events, in whole numbers.
    private func weighted(_ events: [Int64], at now: Int64) -> Int64 {
        let index = now / Self.window
        let current = events.count { $0 / Self.window == index }
        let previous = events.count { $0 / Self.window == index - 1 }
        return Int64(current) * Self.window + Int64(previous) * (Self.window - now % Self.window)
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `it decides as its definition does, and names the first moment with room`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let maximum = Int.random(in: 1...12, using: &generator)
        let limit = RateLimiter.Configuration(capacity: maximum, refill: Rate(maximum, per: .seconds(10)))
        var counter = WindowCounter()
        var events: [Int64] = []
        var now: Int64 = 0
        for _ in 0..<600 {
            now += Int64.random(in: 0...2_000_000_000, using: &generator)
            let room = Int64(maximum) * Self.window - self.weighted(events, at: now)
            switch counter.record(under: limit, at: Tick(nanoseconds: now)) {
            case .allowed(let remaining):
                #expect(remaining == Int(room / Self.window) - 1)
                events.append(now)
            case .refused(let wait):
                #expect(room < Self.window)
                let first = now + wait.nanoseconds
                #expect(self.weighted(events, at: first) + Self.window <= Int64(maximum) * Self.window)
                #expect(self.weighted(events, at: first - 1) + Self.window > Int64(maximum) * Self.window)
            }
            // Any window of the length holds less than twice the limit.
            #expect(events.count { $0 > now - Self.window } < 2 * maximum || maximum == 1)
        }
        #expect(!events.isEmpty)
    }

    @Test func `a key is the same few bytes whatever it has done`() {
        #expect(MemoryLayout<WindowCounter>.size == 24)
        #expect(MemoryLayout<CellRate>.size == 16)
    }
}

@Suite("The rate per key")
struct KeyedRateLimiterTests {
    @Test func `each key has its own burst and its own rate`() throws {
        let clock = TestClock()
        let limiter = KeyedRateLimiter<String>(
            named: "client", capacity: 2, refill: Rate(1, per: .seconds(10)), time: .test(clock))
        for key in ["a", "b"] { for _ in 0..<2 { try limiter.admit(key) } }
        clock.advance(by: .seconds(4))
        let refusal = #expect(throws: Refusal.self) { try limiter.admit("a") }
        #expect(refusal?.message == "Rate limit 'client' is used up: 1 in 10 s; try again in 6 s.")
        limiter.withdraw("b")
        #expect(limiter.peek("b") == .allowed(remaining: 1))
        clock.advance(by: .seconds(6))
        try limiter.admit("a")
        #expect(limiter.peek("a") == .refused(retryAfter: .seconds(10)))
    }

    @Test func `a key that owes nothing any more is dropped by later traffic`() {
        let clock = TestClock()
        let limiter = KeyedRateLimiter<Int>(
            named: "client", capacity: 3, refill: Rate(1, per: .seconds(1)), time: .test(clock))
        for key in 0..<1_000 { limiter.record(key) }
        #expect(limiter.keyCount == 1_000)
        clock.advance(by: .milliseconds(999))
        limiter.record(1_000)
        #expect(limiter.keyCount == 1_001)
        clock.advance(by: .milliseconds(1))
        for key in 2_000..<3_000 { limiter.record(key) }
        #expect(limiter.keyCount == 1_001)
        #expect(limiter.evictions == 0)
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `every key decides as a token bucket of its own does`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let limit = RateLimiter.Configuration(
            capacity: Int.random(in: 1...6, using: &generator),
            refill: Rate(
                Int.random(in: 1...7, using: &generator),
                per: .milliseconds(Int.random(in: 1...5_000, using: &generator))))
        var machine = KeyedRateLimiter<Int>.StateMachine(limit, keyLimit: 8)
        var buckets: [Int: TokenBucket] = [:]
        var now: Int64 = 0
        var (allowed, refused) = (0, 0)
        for _ in 0..<2_000 {
            // Each of the eight keys comes twice in the time that one event takes to be paid.
            let gap = limit.refill.window.nanoseconds / Int64(8 * limit.refill.count)
            now += Int64.random(in: 0...gap, using: &generator)
            let key = Int.random(in: 0..<8, using: &generator)
            var bucket = buckets[key] ?? TokenBucket(capacity: limit.capacity, refill: limit.refill)
            let expected = bucket.consume(at: Tick(nanoseconds: now))
            buckets[key] = bucket
            switch machine.record(key, at: Tick(nanoseconds: now)) {
            case .allowed(let remaining):
                #expect(expected == .allowed(remaining: remaining))
                allowed += 1
            case .refused(let wait):
                #expect(expected == .refused(retryAfter: wait))
                refused += 1
            }
        }
        #expect(machine.evictions == 0 && allowed > 0 && refused > 0)
    }
}
