import Essentials
import Synchronization

/// Ends a call that takes too long.
///
/// The limit is the earlier of the duration and the task's own ``Deadline``; inside, ``Deadline/current`` is that
/// moment. Put one outermost for the whole call and one innermost for each attempt. The call is ended by cancelling
/// it: a body that does not heed cancellation is waited for. What is inside runs in a task of its own.
public final class Timeout: Strategy {
    public let name: String
    private let nanoseconds: Atomic<Int64>

    /// - Parameters:
    ///   - duration: the longest that the layers inside may take. More than zero.
    ///   - name: what refusals call it. Default: `timeout`.
    public init(_ duration: Duration, named name: String = "timeout") {
        precondition(duration > .zero, "a timeout must be longer than zero, not \(duration)")
        self.nanoseconds = Atomic(duration.nanoseconds)
        self.name = name
    }

    /// The longest that the layers inside may take.
    public var duration: Duration { .nanoseconds(self.nanoseconds.load(ordering: .relaxed)) }

    /// Takes another duration for the calls that begin from now on.
    /// - Throws: ``InvalidConfiguration``, and then nothing has changed.
    public func reconfigure(_ duration: Duration) throws(InvalidConfiguration) {
        try InvalidConfiguration.check(self.name, duration > .zero ? [] : ["duration must be more than zero"])
        self.nanoseconds.store(duration.nanoseconds, ordering: .relaxed)
    }

    public var descriptor: StrategyDescriptor {
        StrategyDescriptor(kind: "Timeout", name: self.name, settings: ["duration": self.duration.brief])
    }

    /// - Throws: ``Refusal`` with `deadlineExceeded`; what `next` throws before that.
    public func execute<Value: Sendable>(
        _ call: Call, next: @Sendable (Call) async throws -> Value
    ) async throws -> Value {
        let start = call.now
        let deadline = Deadline.within(self.duration, of: start)
        guard !deadline.hasPassed(at: start) else {
            throw Refusal(.deadlineExceeded, by: self.name, .deadlinePassed)
        }
        let outcome = try await Deadline.$current.withValue(deadline) {
            try await call.time.run(until: deadline.tick) { try await next(call) }
        }
        switch outcome {
        case .finished(let value): return value
        case .expired: throw Refusal(.deadlineExceeded, by: self.name, .timedOut(after: deadline.tick - start))
        }
    }
}
