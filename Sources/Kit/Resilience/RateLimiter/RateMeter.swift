public import Essentials

/// Whether an event has room under a limit.
public enum RateDecision: Hashable, Sendable {
    /// There is room; `remaining` more may follow.
    case allowed(remaining: Int)
    /// There is none; the next event has room after `retryAfter`.
    case refused(retryAfter: Duration)
}

/// What one key of a ``KeyedLimit`` has used of its limit. A value: time comes in, decisions come out. Ticks never go back.
public protocol RateMeter: Hashable, Sendable {
    /// A key that has used nothing.
    init()

    /// What ``record(under:at:)`` would answer; `remaining` is what is left before the event.
    func peek(under limit: RateLimiter.Configuration, at now: Tick) -> RateDecision

    /// Counts an event if there is room for it; `remaining` is what is left after it.
    mutating func record(under limit: RateLimiter.Configuration, at now: Tick) -> RateDecision

    /// Takes back the latest event that was counted.
    mutating func withdraw(under limit: RateLimiter.Configuration)

    /// Whether it decides, from `now` on, as one that has used nothing.
    func isSpent(under limit: RateLimiter.Configuration, at now: Tick) -> Bool

    /// Whether no event is left in it, whatever the time.
    var isUnused: Bool { get }
}

/// The tick of each event in the window: exact, and as large as the limit.
public struct WindowLog: RateMeter {
    /// Oldest first; at most as many as the limit.
    private var events: [Tick] = []

    public init() {}

    public func peek(under limit: RateLimiter.Configuration, at now: Tick) -> RateDecision {
        let window = limit.refill.window
        let expired = self.events.prefix { $0 + window <= now }.count
        guard self.events.count - expired < limit.refill.count else {
            return .refused(retryAfter: self.events[expired] + window - now)
        }
        return .allowed(remaining: limit.refill.count - (self.events.count - expired))
    }

    public mutating func record(under limit: RateLimiter.Configuration, at now: Tick) -> RateDecision {
        let decision = self.peek(under: limit, at: now)
        guard case .allowed(let remaining) = decision else { return decision }
        let window = limit.refill.window
        self.events.removeAll { $0 + window <= now }
        self.events.append(now)
        return .allowed(remaining: remaining - 1)
    }

    public mutating func withdraw(under limit: RateLimiter.Configuration) { _ = self.events.popLast() }

    public func isSpent(under limit: RateLimiter.Configuration, at now: Tick) -> Bool {
        self.events.last.map { $0 + limit.refill.window <= now } ?? true
    }

    public var isUnused: Bool { self.events.isEmpty }
}

/// Two counters, of the fixed window that runs and of the one before, which counts for the share of it that the sliding
/// window still covers. That takes its events for evenly spread: after a burst at its end, a sliding window may hold more
/// than the limit, but less than twice as much. The method is that of Cloudflare's rate limiting (2017).
public struct WindowCounter: RateMeter {
    /// Which fixed window runs, counted from the clock's origin.
    private var index = Int64.min
    private var current = 0
    private var previous = 0

    public init() {}

    public func peek(under limit: RateLimiter.Configuration, at now: Tick) -> RateDecision {
        var copy = self
        return copy.decide(limit.refill, at: now)
    }

    public mutating func record(under limit: RateLimiter.Configuration, at now: Tick) -> RateDecision {
        let decision = self.decide(limit.refill, at: now)
        guard case .allowed(let remaining) = decision else { return decision }
        self.current += 1
        return .allowed(remaining: remaining - 1)
    }

    public mutating func withdraw(under limit: RateLimiter.Configuration) {
        if self.current > 0 { self.current -= 1 } else { self.previous = max(0, self.previous - 1) }
    }

    public func isSpent(under limit: RateLimiter.Configuration, at now: Tick) -> Bool {
        self.isUnused || self.index + 2 <= now.nanoseconds.floorDivided(by: limit.refill.window.nanoseconds)
    }

    public var isUnused: Bool { self.current == 0 && self.previous == 0 }

    private mutating func decide(_ limit: Rate, at now: Tick) -> RateDecision {
        let length = limit.window.nanoseconds
        self.turn(to: now.nanoseconds.floorDivided(by: length))
        // Of the window before, so many nanoseconds lie in the sliding window.
        let elapsed = now.nanoseconds % length
        let covered = elapsed < 0 ? -elapsed : length - elapsed
        // Events in nanoseconds: an event weighs as much as a window is long.
        let room = Int64(limit.count - self.current) * length
        let used = UInt64(self.previous) * UInt64(covered)
        guard room > 0, UInt64(room) >= used + UInt64(length) else {
            return .refused(retryAfter: .nanoseconds(self.wait(limit.count, length, covered)))
        }
        return .allowed(remaining: Int((UInt64(room) - used) / UInt64(length)))
    }

    /// How long until the weighted count leaves room for one: in this window, or in the next, where the one that runs is the
    /// one before.
    private func wait(_ limit: Int, _ length: Int64, _ covered: Int64) -> Int64 {
        if self.current < limit, self.previous > 0 {
            return covered - Int64(limit - self.current - 1) * length / Int64(self.previous)
        }
        return covered + length - Int64(limit - 1) * length / Int64(self.current)
    }

    private mutating func turn(to index: Int64) {
        guard index > self.index else { return }
        self.previous = index == self.index &+ 1 ? self.current : 0
        self.current = 0
        self.index = index
    }
}

/// The generic cell rate algorithm (ITU-T I.371) in its leaky-bucket form: how much is owed, and since when. Two numbers,
/// whatever the limit; it decides exactly as a ``TokenBucket`` does.
public struct CellRate: RateMeter {
    /// Parts of an event: one is as many parts as the window has nanoseconds, and each nanosecond pays as many as the rate
    /// counts.
    private var owed: Int64 = 0
    private var updated = Tick.distantPast

    public init() {}

    public func peek(under limit: RateLimiter.Configuration, at now: Tick) -> RateDecision {
        var copy = self
        return copy.decide(limit, at: now)
    }

    public mutating func record(under limit: RateLimiter.Configuration, at now: Tick) -> RateDecision {
        let decision = self.decide(limit, at: now)
        guard case .allowed(let remaining) = decision else { return decision }
        self.owed += limit.refill.window.nanoseconds
        return .allowed(remaining: remaining - 1)
    }

    public mutating func withdraw(under limit: RateLimiter.Configuration) {
        self.owed = max(0, self.owed - limit.refill.window.nanoseconds)
    }

    public func isSpent(under limit: RateLimiter.Configuration, at now: Tick) -> Bool {
        var copy = self
        copy.pay(limit.refill, until: now)
        return copy.isUnused
    }

    public var isUnused: Bool { self.owed == 0 }

    private mutating func decide(_ limit: RateLimiter.Configuration, at now: Tick) -> RateDecision {
        self.pay(limit.refill, until: now)
        let event = limit.refill.window.nanoseconds
        let free = Int64(limit.capacity) * event - self.owed
        guard free < event else { return .allowed(remaining: Int(free / event)) }
        let (missing, speed) = (event - free, Int64(limit.refill.count))
        return .refused(retryAfter: .nanoseconds(missing / speed + (missing % speed == 0 ? 0 : 1)))
    }

    private mutating func pay(_ rate: Rate, until now: Tick) {
        guard now > self.updated else { return }
        let (elapsed, isAges) = now.nanoseconds.subtractingReportingOverflow(self.updated.nanoseconds)
        let (paid, overflows) = elapsed.multipliedReportingOverflow(by: Int64(rate.count))
        self.owed = isAges || overflows ? 0 : max(0, self.owed - paid)
        self.updated = now
    }
}
