import Essentials
import Synchronization

/// Jobs one after another, each a step of its own after a drawn latency.
final class SimulatedBlockingExecutor: BlockingExecutor {
    private struct State {
        var generator: SeededGenerator
        /// Submitted and not yet done, the one under way first.
        var jobs: [@Sendable () -> Void] = []
    }

    private let process: SimulatedProcess
    private let latency: Latency
    private let busy: @Sendable () -> Duration
    private let state: Mutex<State>

    init(_ process: SimulatedProcess, name: String, latency: Latency, busy: @escaping @Sendable () -> Duration) {
        self.process = process
        self.busy = busy
        self.latency = latency
        let stream = "blocking/\(process.nodeName)/\(process.number)/\(name)"
        self.state = Mutex(
            State(generator: SeededGenerator(seed: StreamSeed.named(stream, seed: process.scheduler.seed))))
    }

    func submit(_ job: @escaping @Sendable () -> Void) {
        let isIdle = self.state.withLock { state in
            state.jobs.append(job)
            return state.jobs.count == 1
        }
        if isIdle { self.scheduleFirst(after: .zero) }
    }

    private func scheduleFirst(after busy: Duration) {
        let latency = self.state.withLock { $0.jobs.isEmpty ? nil : self.latency.draw(using: &$0.generator) }
        guard let latency else { return }
        let scheduler = self.process.scheduler
        // A dead process's jobs run when the run is unwound, because tasks wait for them; their devices refuse them.
        scheduler.schedule(
            at: scheduler.now + latency.nanoseconds + busy.nanoseconds, of: self.process.incarnation,
            ifAbandoned: { self.runFirst() }, { self.runFirst() })
    }

    private func runFirst() {
        guard let job = self.state.withLock({ $0.jobs.first }) else { return }
        job()
        self.state.withLock { _ = $0.jobs.removeFirst() }
        self.scheduleFirst(after: self.busy())
    }
}
