public import Essentials
import Synchronization

/// Lets calls through at a rate, with bursts up to a capacity, and refuses the rest with the time of the next chance.
///
/// One instance is one limit for everyone who calls through it. For a limit per client see ``KeyedSlidingWindow``.
public final class RateLimiter: Strategy {
    /// What happened so far.
    public struct Snapshot: Hashable, Sendable {
        public var admitted: Int
        public var rejected: Int
        /// Calls that would be let through now.
        public var available: Int
    }

    private struct State {
        var bucket: TokenBucket
        var admitted = 0
        var rejected = 0
    }

    public let name: String
    private let capacity: Int
    private let refill: Rate
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: what it protects; refusals and telemetry carry it.
    ///   - capacity: the largest burst. At least 1.
    ///   - refill: the rate in the long run.
    public init(named name: String, capacity: Int, refill: Rate) {
        self.name = name
        self.capacity = capacity
        self.refill = refill
        self.state = Mutex(State(bucket: TokenBucket(capacity: capacity, refill: refill)))
    }

    /// - Throws: ``Refusal`` with `rateLimited`; what `next` throws.
    public func execute<Value: Sendable>(
        _ call: Call, next: @Sendable (Call) async throws -> Value
    ) async throws -> Value {
        let now = call.now
        let decision = self.state.withLock { state in
            let decision = state.bucket.consume(at: now)
            if case .allowed = decision { state.admitted += 1 } else { state.rejected += 1 }
            return decision
        }
        switch decision {
        case .allowed: return try await next(call)
        case .refused(let retryAfter):
            let reason = Refusal.Reason.rateLimited(limit: self.refill.count, window: self.refill.window)
            throw Refusal(.rateLimited, by: self.name, reason, retryAfter: retryAfter)
        }
    }
}

extension RateLimiter {
    public var descriptor: StrategyDescriptor {
        StrategyDescriptor(
            kind: "RateLimiter", name: self.name,
            settings: [
                "capacity": "\(self.capacity)", "refill": "\(self.refill.count) per \(self.refill.window.brief)",
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
