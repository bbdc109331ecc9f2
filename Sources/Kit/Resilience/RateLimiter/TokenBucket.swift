public import Essentials

/// An amount per time: `Rate(5, per: .seconds(1))`.
public struct Rate: Hashable, Sendable {
    public var count: Int
    public var window: Duration

    /// - Parameters:
    ///   - count: how many. At least 1.
    ///   - window: in how long. At least a nanosecond.
    public init(_ count: Int, per window: Duration) {
        precondition(count >= 1, "a rate must allow at least one, not \(count)")
        precondition(window >= .nanoseconds(1), "a rate's window must be at least a nanosecond, not \(window)")
        self.count = count
        self.window = window
    }
}

/// A bucket that holds at most `capacity` tokens and refills at a rate. A value: time comes in, decisions come out.
///
/// It counts in whole fractions of a token, so that nothing is lost however often it is asked: in any time *t* it gives
/// out at most `capacity + rate · t`.
public struct TokenBucket: Hashable, Sendable {
    /// The answer to a request for tokens.
    public enum Decision: Hashable, Sendable {
        /// The tokens are taken; `remaining` whole ones are left.
        case allowed(remaining: Int)
        /// Nothing is taken. `retryAfter` is nil when the bucket can never hold so many.
        case refused(retryAfter: Duration?)
    }

    public let capacity: Int
    public let refill: Rate
    /// Parts of a token: one token is as many parts as the refill window has nanoseconds, and each nanosecond brings
    /// `refill.count`.
    private var parts: Int64
    private let partsPerToken: Int64
    private var updated: Tick?

    /// A full bucket.
    /// - Parameters:
    ///   - capacity: the largest burst. At least 1; capacity times the nanoseconds of the refill window must fit 63
    ///   bits.
    ///   - refill: how fast tokens come back.
    public init(capacity: Int, refill: Rate) {
        precondition(capacity >= 1, "a bucket must hold at least one token, not \(capacity)")
        self.capacity = capacity
        self.refill = refill
        self.partsPerToken = refill.window.nanoseconds
        let (parts, overflow) = Int64(capacity).multipliedReportingOverflow(by: self.partsPerToken)
        precondition(
            !overflow, "a capacity of \(capacity) with a window of \(refill.window) is too large to count exactly")
        self.parts = parts
    }

    /// Takes `count` tokens, all or none.
    public mutating func consume(_ count: Int = 1, at now: Tick) -> Decision {
        precondition(count >= 1, "at least one token must be asked for, not \(count)")
        self.fill(to: now)
        guard count <= self.capacity else { return .refused(retryAfter: nil) }
        let wanted = Int64(count) * self.partsPerToken
        guard self.parts < wanted else {
            self.parts -= wanted
            return .allowed(remaining: Int(self.parts / self.partsPerToken))
        }
        return .refused(retryAfter: self.time(for: wanted - self.parts))
    }

    private func time(for missing: Int64) -> Duration {
        let speed = Int64(self.refill.count)
        return .nanoseconds(missing / speed + (missing % speed == 0 ? 0 : 1))
    }

    /// Takes one token; nil when it is taken, else the time until there is one. ``consume(_:at:)`` without the division
    /// that counts what is left.
    public mutating func take(at now: Tick) -> Duration? {
        self.fill(to: now)
        guard self.parts < self.partsPerToken else {
            self.parts -= self.partsPerToken
            return nil
        }
        return self.time(for: self.partsPerToken - self.parts)
    }

    /// The same bucket at another size or speed. What it holds stays, as far as there is room for it.
    public mutating func reconfigure(capacity: Int, refill: Rate, at now: Tick) {
        self.fill(to: now)
        let tokens = Double(self.parts) / Double(self.partsPerToken)
        var changed = TokenBucket(capacity: capacity, refill: refill)
        changed.parts = min(changed.parts, Int64(tokens * Double(changed.partsPerToken)))
        changed.updated = self.updated
        self = changed
    }

    /// Whole tokens that could be taken at `now`.
    public func available(at now: Tick) -> Int {
        var copy = self
        copy.fill(to: now)
        return Int(copy.parts / self.partsPerToken)
    }

    private mutating func fill(to now: Tick) {
        guard let updated else {
            self.updated = now
            return
        }
        guard now > updated else { return }
        self.updated = now
        let (elapsed, isAges) = now.nanoseconds.subtractingReportingOverflow(updated.nanoseconds)
        let (gained, overflows) = elapsed.multipliedReportingOverflow(by: Int64(self.refill.count))
        let overflow = isAges || overflows
        let full = Int64(self.capacity) * self.partsPerToken
        self.parts = overflow || gained >= full - self.parts ? full : self.parts + gained
    }
}
