public import Essentials
import Synchronization

/// Allows each key so many events in any window of a given length, exactly: it keeps the time of each one.
///
/// ```swift
/// let tries = KeyedSlidingWindow<String>(named: "login.email", Rate(5, per: .seconds(900)))
/// try tries.admit(email)
/// if passwordMatches { tries.clear(email) }
/// ```
///
/// Record the try before its outcome is known: parallel tries then cannot slip past the limit together.
///
/// Memory is bounded: a key whose events have all left the window is dropped, and when there are too many keys the
/// one that has been idle longest goes first.
public final class KeyedSlidingWindow<Key: Hashable & Sendable>: Sendable {
    /// Whether an event has room in the window of its key.
    public enum Decision: Hashable, Sendable {
        /// There is room; `remaining` more may follow.
        case allowed(remaining: Int)
        /// The window is full; the next event has room after `retryAfter`.
        case refused(retryAfter: Duration)
    }

    public let name: String
    public let limit: Rate
    private let time: TimeSource
    private let machine: Mutex<StateMachine>

    /// - Parameters:
    ///   - name: what it protects; refusals carry it.
    ///   - limit: events per key in any window.
    ///   - keyLimit: keys remembered at one time. At least 1. Default: 65,536.
    ///   - time: the clock.
    public init(named name: String, _ limit: Rate, keyLimit: Int = 65_536, time: TimeSource = .system) {
        precondition(keyLimit >= 1, "a keyed window must remember at least one key, not \(keyLimit)")
        self.name = name
        self.limit = limit
        self.time = time
        self.machine = Mutex(StateMachine(maximum: limit.count, window: limit.window, keyLimit: keyLimit))
    }

    /// Whether an event of `key` would have room now. `remaining` is what is left before it.
    public func peek(_ key: Key) -> Decision {
        let now = self.time.now
        return self.machine.withLock { $0.peek(key, at: now) }
    }

    /// Counts an event of `key`, if it has room. `remaining` is what is left after it.
    @discardableResult
    public func record(_ key: Key) -> Decision {
        let now = self.time.now
        return self.machine.withLock { $0.record(key, at: now) }
    }

    /// Counts an event of `key`, or says why not.
    /// - Throws: ``Refusal`` with `rateLimited`.
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

    private func refusal(_ retryAfter: Duration) -> Refusal {
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

    /// Keys dropped while their window was not over, because there were too many.
    public var evictions: Int { self.machine.withLock(\.evictions) }
}
