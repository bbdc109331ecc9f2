public import Essentials
import Synchronization

/// A limit for each key, with bounded memory. What "so many in so long" means is up to the meter:
///
/// | name | meter | what it allows | memory of a key |
/// | --- | --- | --- | --- |
/// | ``KeyedSlidingWindow`` | ``WindowLog`` | at most so many in any window, exactly | a tick for each event |
/// | ``KeyedSlidingWindowCounter`` | ``WindowCounter`` | about so many in any window, in exact long-run average | three numbers |
/// | ``KeyedRateLimiter`` | ``CellRate`` | a burst, then an even rate | two numbers |
///
/// ```swift
/// let tries = KeyedSlidingWindow<String>(named: "login.email", Rate(5, per: .seconds(900)))
/// try tries.admit(email)
/// if passwordMatches { tries.clear(email) }
/// ```
///
/// Record the try before its outcome is known: parallel tries then cannot slip past the limit together.
///
/// Memory is bounded: a key whose events no longer matter is dropped by later traffic, and when there are too many keys
/// the one that has been idle longest goes first.
public final class KeyedLimit<Key: Hashable & Sendable, Meter: RateMeter>: Sendable {
    public typealias Decision = RateDecision

    public let name: String
    public let limit: Rate
    private let time: TimeSource
    private let machine: Mutex<StateMachine>

    /// - Parameters:
    ///   - name: what it protects; refusals carry it.
    ///   - limit: events per key. Its count times the nanoseconds of its window must fit 63 bits.
    ///   - keyLimit: keys remembered at one time. At least 1. Default: 65,536.
    ///   - time: the clock.
    public convenience init(
        named name: String, _ limit: Rate, keyLimit: Int = 65_536, time: TimeSource = .system
    ) {
        self.init(named: name, limit, burst: limit.count, keyLimit: keyLimit, time: time)
    }

    fileprivate init(named name: String, _ limit: Rate, burst: Int, keyLimit: Int, time: TimeSource) {
        precondition(keyLimit >= 1, "a keyed limit must remember at least one key, not \(keyLimit)")
        let allowance = RateLimiter.Configuration(capacity: burst, refill: limit)
        let problems = allowance.problems()
        precondition(problems.isEmpty, "keyed limit '\(name)': \(problems.joined(separator: "; "))")
        self.name = name
        self.limit = limit
        self.time = time
        self.machine = Mutex(StateMachine(allowance, keyLimit: keyLimit))
    }

    /// Whether an event of `key` would have room now. `remaining` is what is left before it.
    public func peek(_ key: Key) -> Decision {
        let now = self.time.now
        return self.machine.withLock { $0.peek(key, at: now) }
    }

    /// Counts an event of `key`, if it has room. `remaining` is what is left after it.
    @discardableResult
    @specialized(where Key == UInt64, Meter == CellRate)
    public func record(_ key: Key) -> Decision {
        let now = self.time.now
        return self.machine.withLock { $0.record(key, at: now) }
    }

    /// Counts an event of `key`, or says why not.
    /// - Throws: ``Refusal`` with `rateLimited`.
    @specialized(where Key == UInt64, Meter == CellRate)
    public func admit(_ key: Key) throws {
        guard case .refused(let retryAfter) = self.record(key) else { return }
        throw self.refusal(retryAfter)
    }

    /// Says why not, when an event of `key` would have no room now. Counts nothing.
    /// - Throws: ``Refusal`` with `rateLimited`.
    public func check(_ key: Key) throws(Refusal) {
        guard case .refused(let retryAfter) = self.peek(key) else { return }
        throw self.refusal(retryAfter)
    }

    /// What a caller of ``record(_:)`` who was refused may throw.
    public func refusal(_ retryAfter: Duration) -> Refusal {
        let reason = Refusal.Reason.rateLimited(limit: self.limit.count, window: self.limit.window)
        return Refusal(.rateLimited, by: self.name, reason, retryAfter: retryAfter)
    }

    /// Takes back the latest event of `key`: it turned out not to count.
    public func withdraw(_ key: Key) {
        self.machine.withLock { $0.withdraw(key) }
    }

    /// Forgets the events of `key`.
    public func clear(_ key: Key) {
        self.machine.withLock { $0.clear(key) }
    }

    /// Keys remembered now.
    public var keyCount: Int { self.machine.withLock(\.keyCount) }

    /// Keys dropped although their events still mattered, because there were too many.
    public var evictions: Int { self.machine.withLock(\.evictions) }
}

/// So many events for each key in any window of a given length, exactly. For limits that protect something, where the count
/// is small: tries of a password.
public typealias KeyedSlidingWindow<Key: Hashable & Sendable> = KeyedLimit<Key, WindowLog>

/// About so many events for each key in any window, at three numbers a key. For large counts: requests per minute.
public typealias KeyedSlidingWindowCounter<Key: Hashable & Sendable> = KeyedLimit<Key, WindowCounter>

/// A burst for each key and then an even rate, at two numbers a key. For shaping: a client may hurry, but not for long.
public typealias KeyedRateLimiter<Key: Hashable & Sendable> = KeyedLimit<Key, CellRate>

extension KeyedLimit where Meter == CellRate {
    /// - Parameters:
    ///   - name: what it protects; refusals carry it.
    ///   - capacity: the largest burst of a key. At least 1; times the nanoseconds of the refill window it must fit 63 bits.
    ///   - refill: the rate of a key in the long run.
    ///   - keyLimit: keys remembered at one time. At least 1. Default: 65,536.
    ///   - time: the clock.
    public convenience init(
        named name: String, capacity: Int, refill: Rate, keyLimit: Int = 65_536, time: TimeSource = .system
    ) {
        self.init(named: name, refill, burst: capacity, keyLimit: keyLimit, time: time)
    }
}
