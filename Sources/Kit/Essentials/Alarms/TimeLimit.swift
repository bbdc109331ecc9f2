import Synchronization

/// How a body with a limit of time ended.
public enum TimeLimited<Value: Sendable>: Sendable {
    /// It returned; perhaps late, but the work is done.
    case finished(Value)
    /// The time was over, the body was cancelled, and it ended with an error.
    case expired
}

extension TimeSource {
    /// Runs `body` and cancels it when `limit` has come. It has ended when this returns.
    ///
    /// The body runs in a task of its own, started at once in this thread, so that it can be cancelled without
    /// cancelling the caller. A body that ends without suspending sets no alarm. Cancelling the caller cancels the body.
    /// - Throws: what `body` throws before the limit, or after the caller was cancelled.
    public func run<Value: Sendable>(
        until limit: Tick, _ body: @Sendable () async throws -> Value
    ) async throws -> TimeLimited<Value> {
        // The body's own check of cancellation answers a caller who is cancelled already; no alarm could say more.
        if Task.isCancelled { return .finished(try await body()) }
        return try await withoutActuallyEscaping(body) { body in
            let race = Race<Value>()
            let executor = withUnsafeCurrentTask { $0?.unownedTaskExecutor?.asTaskExecutor() }
            let task = Task.immediate(executorPreference: executor) {
                defer { race.bodyEnded() }
                return try await body()
            }
            guard race.starts(task) else { return .finished(try await task.value) }
            let alarm = self.set(race, at: limit)
            defer { self.clear(alarm) }
            let result = await withTaskCancellationHandler {
                await task.result
            } onCancel: {
                race.cancelByCaller()
            }
            if case .failure = result, race.hasExpired { return .expired }
            return .finished(try result.get())
        }
    }
}

/// Who wins when a body and an alarm run side by side. A value: events in, what to do out.
package struct TimeRace: Hashable, Sendable {
    private enum State: Hashable {
        /// Both run. Any other state may follow.
        case racing
        /// The alarm rang first, and the body has been told. Final.
        case expired
        /// The caller was cancelled first, and the body has been told. Final.
        case cancelled
        /// The body ended first. Final.
        case ended
    }

    private var state = State.racing

    package init() {}

    package var hasExpired: Bool { self.state == .expired }
    package var hasEnded: Bool { self.state == .ended }

    package mutating func bodyEnded() {
        if self.state == .racing { self.state = .ended }
    }

    /// Whether the body is to be cancelled.
    package mutating func alarmRang() -> Bool {
        guard self.state == .racing else { return false }
        self.state = .expired
        return true
    }

    /// Whether the body is to be cancelled.
    package mutating func callerCancelled() -> Bool {
        guard self.state == .racing else { return false }
        self.state = .cancelled
        return true
    }
}

private final class Race<Value: Sendable>: Alarm {
    private struct State {
        var machine = TimeRace()
        var task: Task<Value, any Error>?
    }

    private let state = Mutex(State())

    /// Notes the task of the body; false when the body has ended already.
    func starts(_ task: Task<Value, any Error>) -> Bool {
        self.state.withLock { state in
            guard !state.machine.hasEnded else { return false }
            state.task = task
            return true
        }
    }

    var hasExpired: Bool { self.state.withLock(\.machine.hasExpired) }

    func bodyEnded() { self.state.withLock { $0.machine.bodyEnded() } }

    func ring() { self.state.withLock { $0.machine.alarmRang() ? $0.task : nil }?.cancel() }

    func cancelByCaller() { self.state.withLock { $0.machine.callerCancelled() ? $0.task : nil }?.cancel() }
}
