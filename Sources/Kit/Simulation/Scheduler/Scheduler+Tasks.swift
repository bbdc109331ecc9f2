import Essentials
import Synchronization

extension Scheduler {
    /// Starts a task on an incarnation. Only from a step of the simulator itself: a task that is running would pass on its
    /// task-locals.
    func start(_ name: String, on incarnation: Incarnation, _ body: @escaping @Sendable () async -> Void) {
        let id = self.state.withLock { $0.takeID() }
        let task = Task(executorPreference: incarnation) {
            await body()
            self.state.withLock { _ = $0.tasks.removeValue(forKey: id) }
        }
        self.state.withLock { $0.tasks[id] = RunningTask(name: "\(incarnation.label): \(name)", task: task) }
    }

    /// Starts a task with a step of its own.
    func spawn(_ name: String, on incarnation: Incarnation, _ body: @escaping @Sendable () async -> Void) {
        self.enqueue(.action { self.start(name, on: incarnation, body) }, of: incarnation)
    }

    /// Suspends until `due`, in nanoseconds of true time, at least for a step.
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    func sleep(until due: Int64, of incarnation: Incarnation) async throws {
        try Task.checkCancellation()
        let id = self.state.withLock { $0.takeID() }
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Void, any Error>) in
                if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
                self.state.withLock { state in
                    state.sleepers[id] = continuation
                    state.insert(.sleeper, id: id, due: due, of: incarnation)
                }
            }
        } onCancel: {
            self.wakeCancelled(id)
        }
    }

    private func wakeCancelled(_ id: UInt64) {
        let sleeper = self.state.withLock { state in
            let sleeper = state.sleepers.removeValue(forKey: id)
            if sleeper != nil { state.timers.cancel(id) }
            return sleeper
        }
        sleeper?.resume(throwing: CancellationError())
    }
}
