public import Essentials

/// A layer that decides before and after a call, without being around it.
///
/// Gates cost a few nanoseconds, where a layer that is around a call costs some fifty: a pipeline asks all gates in a
/// row without suspending. They are shared by all calls, hence classes. The conformance to ``Strategy`` comes for free.
public protocol Gate: AnyObject, Strategy {
    /// Decides whether the call may go on. Never blocks.
    /// - Parameter now: a reading of the pipeline's clock, shared by all gates in a row.
    /// - Throws: ``Refusal``, when the call may not go on. ``leave(_:_:of:)`` is then not called.
    func enter(_ call: Call, at now: Tick) throws(Refusal) -> Entry

    /// Suspends until a call that was ``Entry/queued(_:)`` may go on. Gates that never queue need not write it.
    /// - Throws: when it may not go on after all. ``leave(_:_:of:)`` is then not called.
    func wait(_ permit: Permit, _ call: Call) async throws -> Permit

    /// The call has ended. Called exactly once for each call that went on.
    func leave(_ permit: Permit, _ outcome: Outcome, of call: Call)
}

/// What a ``Gate`` remembers about a call that it let through. Both fields are the gate's own to fill.
public struct Permit: Hashable, Sendable {
    public var id: UInt64
    public var entered: Tick

    public init(id: UInt64 = 0, entered: Tick = .distantPast) {
        self.id = id
        self.entered = entered
    }
}

/// The answer of a ``Gate`` that does not refuse.
public enum Entry: Hashable, Sendable {
    case admitted(Permit)
    /// The call is in the gate's queue: the pipeline calls ``Gate/wait(_:_:)`` next.
    case queued(Permit)
}

/// How a call ended.
public enum Outcome: Sendable {
    case success
    case failure(any Error)
}

extension Gate {
    public func wait(_ permit: Permit, _ call: Call) async throws -> Permit {
        preconditionFailure("'\(self.descriptor.name)' queued a call, but has no way to wait")
    }

    public func execute<Value: Sendable>(
        _ call: Call, next: @Sendable (Call) async throws -> Value
    ) async throws -> Value {
        let permit: Permit
        switch try self.enter(call, at: call.now) {
        case .admitted(let admitted): permit = admitted
        case .queued(let queued): permit = try await self.wait(queued, call)
        }
        do {
            let value = try await next(call)
            self.leave(permit, .success, of: call)
            return value
        } catch {
            self.leave(permit, .failure(error), of: call)
            throw error
        }
    }
}
