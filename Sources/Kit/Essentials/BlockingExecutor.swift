import Dispatch
import Foundation
import Synchronization

/// Runs work that blocks its thread (a database call, a slow hash) away from the cooperative pool, one job after another.
///
/// This is the one seam between tasks and blocking code: in production a ``DedicatedThread``, in the simulator an
/// ``InlineExecutor``.
public protocol BlockingExecutor: Sendable {
    /// Queues `job` behind the jobs submitted before it. Does not wait for it.
    func submit(_ job: @escaping @Sendable () -> Void)
    /// Queues `job` when `delay` has passed; at once where nobody can wait, which is the default.
    func submit(after delay: Duration, _ job: @escaping @Sendable () -> Void)
}

extension BlockingExecutor {
    public func submit(after delay: Duration, _ job: @escaping @Sendable () -> Void) { self.submit(job) }

    /// Runs `body` on the executor and returns what it returns. Cancellation does not interrupt it.
    public func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            self.submit { continuation.resume(with: Result { try body() }) }
        }
    }
}

/// Runs each job at once on the caller's thread: for tests and the simulator, where nothing really blocks.
public struct InlineExecutor: BlockingExecutor {
    public init() {}

    public func submit(_ job: @escaping @Sendable () -> Void) { job() }
}

/// A thread of its own. It ends after its queue has emptied once the last reference to it is gone.
///
/// The queue has no bound of its own: whoever submits bounds what it lets in.
public final class DedicatedThread: BlockingExecutor {
    private final class Queue: Sendable {
        struct State {
            var jobs: [@Sendable () -> Void] = []
            var delayed: [(due: DispatchTime, job: @Sendable () -> Void)] = []
            var isClosed = false

            /// What can be done now.
            mutating func take() -> [@Sendable () -> Void] {
                var taken = self.jobs
                self.jobs.removeAll(keepingCapacity: true)
                guard !self.delayed.isEmpty else { return taken }
                let now = DispatchTime.now()
                taken += self.delayed.filter { $0.due <= now }.map(\.job)
                self.delayed.removeAll { $0.due <= now }
                return taken
            }
        }

        let state = Mutex(State())
        let arrivals = DispatchSemaphore(value: 0)

        /// The jobs that have come, waiting for at least one; nil when no more will come.
        func takeAll() -> [@Sendable () -> Void]? {
            while true {
                let (jobs, next, isClosed) = self.state.withLock { state in
                    (state.take(), state.delayed.map(\.due).min(), state.isClosed)
                }
                if !jobs.isEmpty { return jobs }
                if let next {
                    _ = self.arrivals.wait(timeout: next)
                } else if isClosed {
                    return nil
                } else {
                    self.arrivals.wait()
                }
            }
        }
    }

    private let queue = Queue()

    /// - Parameter name: shown by debuggers and `top -H`; the first 15 bytes count.
    public init(name: String) {
        let queue = self.queue
        let thread = Thread {
            while let jobs = queue.takeAll() {
                for job in jobs { job() }
            }
        }
        thread.name = name
        thread.stackSize = 1 << 20
        thread.start()
    }

    deinit {
        self.queue.state.withLock { $0.isClosed = true }
        self.queue.arrivals.signal()
    }

    public func submit(_ job: @escaping @Sendable () -> Void) {
        self.queue.state.withLock { $0.jobs.append(job) }
        self.queue.arrivals.signal()
    }

    public func submit(after delay: Duration, _ job: @escaping @Sendable () -> Void) {
        guard delay > .zero else { return self.submit(job) }
        let due = DispatchTime.now() + .nanoseconds(Int(delay.nanoseconds))
        self.queue.state.withLock { $0.delayed.append((due, job)) }
        self.queue.arrivals.signal()
    }
}
