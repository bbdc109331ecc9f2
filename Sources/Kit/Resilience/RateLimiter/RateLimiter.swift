public import Essentials
import Synchronization

/// Lets calls through at a rate, with bursts up to a capacity, and refuses the rest with the time of the next chance.
///
/// One instance is one limit for everyone who calls through it. For a limit per client see ``KeyedSlidingWindow``.
public final class RateLimiter: Gate {
    /// What happened so far.
    public struct Snapshot: Hashable, Sendable {
        public var admitted: Int
        public var rejected: Int
        /// Calls that would be let through now.
        public var available: Int
    }

    /// How much, and how fast.
    public struct Configuration: Hashable, Sendable {
        /// The largest burst. At least 1.
        public var capacity: Int
        /// The rate in the long run.
        public var refill: Rate

        /// - Parameters:
        ///   - capacity: the largest burst. At least 1; times the nanoseconds of the refill window it must fit 63 bits.
        ///   - refill: the rate in the long run.
        public init(capacity: Int, refill: Rate) {
            self.capacity = capacity
            self.refill = refill
        }

        /// Every setting that is out of range, as a sentence.
        public func problems() -> [String] {
            if self.capacity < 1 { return ["capacity must be at least 1"] }
            let isTooLarge = Int64(self.capacity).multipliedReportingOverflow(by: self.refill.window.nanoseconds)
                .overflow
            return isTooLarge ? ["capacity times the refill window is too large to count exactly"] : []
        }
    }

    private struct State {
        var bucket: TokenBucket
        var admitted = 0
        var rejected = 0
    }

    public let name: String
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: what it protects; refusals and telemetry carry it.
    ///   - configuration: must have no problems.
    public init(named name: String, _ configuration: Configuration) {
        let problems = configuration.problems()
        precondition(problems.isEmpty, "rate limiter '\(name)': \(problems.joined(separator: "; "))")
        self.name = name
        self.state = Mutex(
            State(bucket: TokenBucket(capacity: configuration.capacity, refill: configuration.refill)))
    }

    /// - Parameters:
    ///   - name: what it protects; refusals and telemetry carry it.
    ///   - capacity: the largest burst. At least 1.
    ///   - refill: the rate in the long run.
    public convenience init(named name: String, capacity: Int, refill: Rate) {
        self.init(named: name, Configuration(capacity: capacity, refill: refill))
    }

    /// - Throws: ``Refusal`` with `rateLimited`.
    public func enter(_ call: Call, at now: Tick) throws(Refusal) -> Entry {
        try self.admit(at: now)
        return .admitted(Permit())
    }

    public func leave(_ permit: Permit, _ outcome: Outcome, of call: Call) {}

    /// Takes a token, without a pipeline.
    /// - Throws: ``Refusal`` with `rateLimited`.
    public func admit(at now: Tick) throws(Refusal) {
        let (retryAfter, limit) = self.state.withLock { state -> (Duration?, Rate) in
            let retryAfter = state.bucket.take(at: now)
            if retryAfter == nil { state.admitted += 1 } else { state.rejected += 1 }
            return (retryAfter, state.bucket.refill)
        }
        guard let retryAfter else { return }
        throw Refusal(
            .rateLimited, by: self.name, .rateLimited(limit: limit.count, window: limit.window), retryAfter: retryAfter)
    }

    /// Takes other settings. Tokens that are there stay, as far as there is room for them.
    /// - Throws: ``InvalidConfiguration``, and then nothing has changed.
    public func reconfigure(_ configuration: Configuration, at now: Tick) throws(InvalidConfiguration) {
        try InvalidConfiguration.check(self.name, configuration.problems())
        self.state.withLock {
            $0.bucket.reconfigure(capacity: configuration.capacity, refill: configuration.refill, at: now)
        }
    }
}

extension RateLimiter {
    public var configuration: Configuration {
        self.state.withLock { Configuration(capacity: $0.bucket.capacity, refill: $0.bucket.refill) }
    }

    public var descriptor: StrategyDescriptor {
        let configuration = self.configuration
        return StrategyDescriptor(
            kind: "RateLimiter", name: self.name,
            settings: [
                "capacity": "\(configuration.capacity)",
                "refill": "\(configuration.refill.count) per \(configuration.refill.window.brief)",
            ])
    }

    /// The limit and the counts at `now`, a tick of the pipeline's time source.
    public func status(at now: Tick) -> Snapshot {
        self.state.withLock { state in
            Snapshot(
                admitted: state.admitted, rejected: state.rejected, available: state.bucket.available(at: now))
        }
    }

    public func snapshot(at now: Tick) -> StrategySnapshot {
        let snapshot = self.status(at: now)
        return StrategySnapshot(
            kind: "RateLimiter", name: self.name,
            figures: [
                "admitted": snapshot.admitted, "rejected": snapshot.rejected, "available": snapshot.available,
            ])
    }
}
