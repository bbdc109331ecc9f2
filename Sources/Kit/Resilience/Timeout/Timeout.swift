import Essentials

/// Ends a call that takes too long.
///
/// The limit is the earlier of the duration and the task's own ``Deadline``; inside, ``Deadline/current`` is that
/// moment. Put one outermost for the whole call and one innermost for each attempt. The call is ended by cancelling
/// it: a body that does not heed cancellation is waited for.
public struct Timeout: Strategy {
    public let name: String
    /// The longest that the layers inside may take. More than zero.
    public let duration: Duration

    /// - Parameters:
    ///   - duration: the longest that the layers inside may take. More than zero.
    ///   - name: what refusals call it. Default: `timeout`.
    public init(_ duration: Duration, named name: String = "timeout") {
        precondition(duration > .zero, "a timeout must be longer than zero, not \(duration)")
        self.duration = duration
        self.name = name
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
            try await race(until: deadline.tick, of: call.time) { try await next(call) }
        }
        switch outcome {
        case .finished(let value): return value
        case .expired:
            let limit = deadline.tick - start
            throw Refusal(.deadlineExceeded, by: self.name, .timedOut(after: limit))
        }
    }
}
