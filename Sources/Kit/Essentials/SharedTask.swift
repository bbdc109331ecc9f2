import Synchronization

/// One piece of work for all who want its result, in a task of its own.
///
/// Who wants the result joins, and then waits. One who is cancelled leaves without harm to the others; when the last one
/// leaves, the work is cancelled. The task takes nothing from the one who happened to start it but the executor.
package final class SharedTask<Value: Sendable>: Sendable {
    /// How waiting ended.
    package enum Outcome: Sendable {
        case finished(Result<Value, any Error>)
        /// The waiter's own limit came. It counts as one who still wants the result.
        case timedOut
        /// The waiter was cancelled, and has left.
        case cancelled
    }

    private enum Phase {
        /// Somebody wants the result. Any other phase may follow.
        case running
        /// The last one has left. Final.
        case abandoned
        /// The work is done, or was given up. Final.
        case ended(Result<Value, any Error>)
    }

    private enum Waiter {
        /// Not waiting yet.
        case announced
        /// Not waiting yet, and told not to.
        case left(Outcome)
        case waiting(CheckedContinuation<Outcome, Never>)
    }

    private struct State {
        var phase = Phase.running
        var wanted = 0
        var lastWaiter: UInt64 = 0
        var waiters: [UInt64: Waiter] = [:]
        var task: Task<Void, Never>?

        /// Returns the task if it is to be cancelled.
        mutating func leave(_ outcome: Outcome) -> Task<Void, Never>? {
            guard case .cancelled = outcome else { return nil }
            self.wanted -= 1
            guard self.wanted == 0 else { return nil }
            self.phase = .abandoned
            return self.task.take()
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// Says that the result is wanted; false when it is too late for that. Who has joined waits, or wants it for good.
    package func join() -> Bool {
        self.state.withLock { state in
            guard case .running = state.phase else { return false }
            state.wanted += 1
            return true
        }
    }

    package var isRunning: Bool {
        self.state.withLock { state in
            if case .running = state.phase { true } else { false }
        }
    }

    /// Whether everybody who wanted the result has left.
    package var isAbandoned: Bool {
        self.state.withLock { state in
            if case .abandoned = state.phase { true } else { false }
        }
    }

    /// Begins the work, at once and in this thread until it first suspends. To be called once.
    package func start(_ body: @escaping @Sendable () async throws -> Value) {
        let executor = withUnsafeCurrentTask { $0?.unownedTaskExecutor?.asTaskExecutor() }
        let task = Task.immediateDetached(executorPreference: executor) {
            do { self.end(.success(try await body())) } catch { self.end(.failure(error)) }
        }
        let isRunning = self.state.withLock { state in
            switch state.phase {
            case .running:
                state.task = task
                return true
            case .ended, .abandoned: return false
            }
        }
        if !isRunning { task.cancel() }
    }

    /// Gives up the work: it is cancelled, and all who wait get `error`.
    package func fail(_ error: any Error) {
        let task = self.state.withLock(\.task)
        self.end(.failure(error))
        task?.cancel()
    }

    private func end(_ result: Result<Value, any Error>) {
        let waiters = self.state.withLock { state -> [Waiter] in
            state.task = nil
            guard case .running = state.phase else { return [] }
            state.phase = .ended(result)
            defer { state.waiters = [:] }
            // In the order in which they came, whatever the process hashes with.
            return state.waiters.sorted { $0.key < $1.key }.map(\.value)
        }
        for case .waiting(let continuation) in waiters { continuation.resume(returning: .finished(result)) }
    }

    /// Waits for the result, after ``join()``.
    /// - Parameter limit: until when; nil for as long as it takes.
    package func wait(until limit: Tick? = nil, _ time: TimeSource) async -> Outcome {
        let id = self.state.withLock { state in
            state.lastWaiter += 1
            state.waiters[state.lastWaiter] = .announced
            return state.lastWaiter
        }
        let alarm = limit.map { time.set(WaitLimit { self.leave(id, .timedOut) }, at: $0) }
        defer { if let alarm { time.clear(alarm) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { self.enter(id, $0) }
        } onCancel: {
            self.leave(id, .cancelled)
        }
    }

    private func enter(_ id: UInt64, _ continuation: CheckedContinuation<Outcome, Never>) {
        let outcome = self.state.withLock { state -> Outcome? in
            let waiter = state.waiters.removeValue(forKey: id)
            if case .left(let outcome) = waiter { return outcome }
            switch state.phase {
            case .ended(let result): return .finished(result)
            case .abandoned: return .cancelled
            case .running:
                state.waiters[id] = .waiting(continuation)
                return nil
            }
        }
        if let outcome { continuation.resume(returning: outcome) }
    }

    private func leave(_ id: UInt64, _ outcome: Outcome) {
        let (waiter, task) = self.state.withLock { state -> (Waiter?, Task<Void, Never>?) in
            guard case .running = state.phase, let waiter = state.waiters.removeValue(forKey: id) else {
                return (nil, nil)
            }
            switch waiter {
            case .left:
                state.waiters[id] = waiter
                return (nil, nil)
            case .announced: state.waiters[id] = .left(outcome)
            case .waiting: break
            }
            return (waiter, state.leave(outcome))
        }
        if case .waiting(let continuation) = waiter { continuation.resume(returning: outcome) }
        task?.cancel()
    }
}

/// Rings for one who does not wait longer.
private final class WaitLimit: Alarm {
    private let action: @Sendable () -> Void

    init(_ action: @escaping @Sendable () -> Void) {
        self.action = action
    }

    func ring() { self.action() }
}
