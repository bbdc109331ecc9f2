import Essentials
import Synchronization

#if os(Linux)
    @_spi(ExperimentalScheduling) import _Concurrency
#endif

/// The executor of one life of a node, a facade over the scheduler that all lives share: what belongs to a dead one is
/// never run again.
final class Incarnation: TaskExecutor {
    /// 0 is the driver; then in the order in which the processes were started.
    let ordinal: Int
    /// `NODE/NUMBER`.
    let label: String
    let scheduler: Scheduler
    private let alive = Atomic(true)
    private let paused = Atomic(false)
    /// Steps until the countdown's end; zero without one.
    private let stepsLeft = Atomic(0)
    private let countdown = Mutex<(@Sendable () -> Void)?>(nil)

    init(ordinal: Int, label: String, scheduler: Scheduler) {
        self.ordinal = ordinal
        self.label = label
        self.scheduler = scheduler
    }

    var isAlive: Bool { self.alive.load(ordering: .relaxed) }
    var isPaused: Bool { self.paused.load(ordering: .relaxed) }
    func die() { self.alive.store(false, ordering: .relaxed) }
    func setPaused(_ paused: Bool) { self.paused.store(paused, ordering: .relaxed) }

    func enqueue(_ job: consuming ExecutorJob) {
        self.scheduler.enqueue(.job(UnownedJob(job), nil), of: self)
    }

    /// Runs `action` right after so many more steps. One countdown at a time: a second one replaces the first.
    func countDown(_ steps: Int, _ action: @escaping @Sendable () -> Void) {
        self.countdown.withLock { $0 = action }
        self.stepsLeft.store(steps, ordering: .relaxed)
    }

    func cancelCountdown() {
        self.stepsLeft.store(0, ordering: .relaxed)
        self.countdown.withLock { $0 = nil }
    }

    /// Called after each step of the incarnation.
    func didStep() {
        let left = self.stepsLeft.load(ordering: .relaxed)
        guard left > 0 else { return }
        self.stepsLeft.store(left - 1, ordering: .relaxed)
        if left == 1 { self.countdown.withLock { $0.take() }?() }
    }
}

#if os(Linux)
    /// `Task.sleep` asks the executor it runs on to wait: the only place where it can be seen.
    extension Incarnation: SchedulingExecutor {
        func enqueue<C: Clock>(
            _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C,
        ) {
            self.scheduler.escaped(.delayed, UnownedJob(job))
        }

        func enqueue<C: Clock>(
            _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C,
        ) {
            self.scheduler.escaped(.delayed, UnownedJob(job))
        }
    }
#endif

/// The executor for actors that want their process's own: the same queue, the same life.
final class IncarnationSerialExecutor: SerialExecutor {
    private let incarnation: Incarnation

    init(_ incarnation: Incarnation) {
        self.incarnation = incarnation
    }

    func enqueue(_ job: consuming ExecutorJob) {
        self.incarnation.scheduler.enqueue(.job(UnownedJob(job), self), of: self.incarnation)
    }
}
