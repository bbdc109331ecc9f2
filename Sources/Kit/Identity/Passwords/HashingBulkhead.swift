import Essentials
import Synchronization

/// Runs slow work on a few threads of its own, with a bounded queue before them.
///
/// Not the `Bulkhead` of Resilience: a place there is a number, here it is one of the executors, handed from job to job; a
/// job whose deadline passes in the queue is dropped unhashed when its turn comes; and how long to stay away is reckoned from the
/// measured time of a hash. So this library needs nothing but Essentials.
final class HashingBulkhead: Sendable {
    /// A job with its caller's continuation inside.
    private struct Pending: Sendable {
        /// Does the work and returns what hands its result to the caller.
        var work: @Sendable () -> @Sendable () -> Void
        var fail: @Sendable (any Error) -> Void
    }

    private struct State {
        var queue: HashingQueue
        var pending: [UInt64: Pending] = [:]
        /// Jobs that have a number but have not come in yet. Cancellation takes a job out.
        var arriving: Set<UInt64> = []
        var nextID: UInt64 = 0
    }

    private let executors: [any BlockingExecutor]
    private let time: TimeSource
    private let state: Mutex<State>

    init(executors: [any BlockingExecutor], capacity: Int, time: TimeSource) {
        self.executors = executors
        self.time = time
        self.state = Mutex(State(queue: HashingQueue(permits: executors.count, capacity: capacity)))
    }

    var waitingCount: Int { self.state.withLock(\.queue.waitingCount) }
    var runningCount: Int { self.state.withLock(\.queue.runningCount) }

    /// Runs `work` in its turn.
    /// - Throws: `busy`, `deadlinePassed`; `CancellationError` when the task is cancelled while it waits; what `work`
    ///   throws.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        let id = self.state.withLock { state in
            state.nextID += 1
            state.arriving.insert(state.nextID)
            return state.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
                let pending = Pending(
                    work: {
                        let result = Result { try work() }
                        return { continuation.resume(with: result) }
                    },
                    fail: { continuation.resume(throwing: $0) })
                self.enter(HashingQueue.Job(id: id, deadline: Deadline.current), pending)
            }
        } onCancel: {
            self.cancel(id)
        }
    }

    private func enter(_ job: HashingQueue.Job, _ pending: Pending) {
        let arrival: HashingQueue.Arrival? = self.state.withLock { state in
            guard state.arriving.remove(job.id) != nil else { return nil }
            let arrival = state.queue.arrive(job, at: self.time.now)
            if case .queued = arrival { state.pending[job.id] = pending }
            return arrival
        }
        switch arrival {
        case .start(let permit): self.start(pending, permit: permit)
        case .queued: break
        case .refused(let retryAfter):
            pending.fail(PasswordError(.busy, "too many passwords are being checked", retryAfter: retryAfter))
        case .deadlinePassed: pending.fail(Self.deadlinePassed)
        case nil: pending.fail(CancellationError())
        }
    }

    private func start(_ pending: Pending, permit: Int) {
        self.executors[permit].submit {
            let deliver = pending.work()
            self.finish(permit: permit, deliver)
        }
    }

    /// The permit is free before the caller hears of the result, so that a caller who comes back at once finds it free.
    private func finish(permit: Int, _ deliver: () -> Void) {
        let (next, late) = self.state.withLock { state in
            let departure = state.queue.finish(permit: permit, at: self.time.now)
            return (
                departure.next.flatMap { state.pending.removeValue(forKey: $0) },
                departure.late.compactMap { state.pending.removeValue(forKey: $0) }
            )
        }
        deliver()
        for pending in late { pending.fail(Self.deadlinePassed) }
        if let next { self.start(next, permit: permit) }
    }

    private func cancel(_ id: UInt64) {
        let pending = self.state.withLock { state -> Pending? in
            if state.arriving.remove(id) != nil { return nil }
            return state.queue.cancel(id) ? state.pending.removeValue(forKey: id) : nil
        }
        pending?.fail(CancellationError())
    }

    private static let deadlinePassed = PasswordError(.deadlinePassed, "the deadline passed before the password's turn")
}
