import CSimulation
import Essentials
import Synchronization

/// One queue of jobs, one virtual clock that jumps to the next timer, one thread.
///
/// The state is behind a lock only because the compiler cannot see that one thread uses it; nobody ever waits for it.
final class Scheduler: Sendable {
    /// What can become ready to run.
    enum Work: Sendable {
        /// A job of a task; on a serial executor if there is one.
        case job(UnownedJob, IncarnationSerialExecutor?)
        /// A step of the simulator itself.
        case action(@Sendable () -> Void)
    }

    struct Ready: Sendable {
        var incarnation: Incarnation
        var work: Work
    }

    /// What a timer does when its time has come, and what becomes of it when that never happens.
    enum Wake: Sendable {
        /// A sleeping task, which `State.sleepers` knows by the timer's identifier.
        case sleeper
        case action(@Sendable () -> Void, ifAbandoned: (@Sendable () -> Void)?)
    }

    struct Timer: Sendable {
        var incarnation: Incarnation
        var wake: Wake
    }

    struct State: Sendable {
        var now: Int64 = 0
        var steps = 0
        var ready: [Ready] = []
        /// Ready, but of processes that are paused.
        var parked: [Ready] = []
        /// What the dead left behind: it waits for the end of the run, when it is unwound.
        var graveyard: [Ready] = []
        var timers = TimerHeap<Timer>()
        var sleepers: [UInt64: UnsafeContinuation<Void, any Error>] = [:]
        var nextID: UInt64 = 1
        var generator: SeededGenerator
        var priorities: [UInt64] = []
        var digest = TraceDigest()
        var tasks: [UInt64: RunningTask] = [:]
        var waiting: [UInt64: String] = [:]
        var failure: SimulationFailure?
        /// The process whose step is under way.
        var running = ""
        var leakedTasks = 0
        var phase = Phase.preparing
    }

    enum Phase: Sendable { case preparing, running, finished, unwinding, over }

    struct RunningTask: Sendable {
        var name: String
        var task: Task<Void, Never>
    }

    let seed: UInt64
    let configuration: Simulator.Configuration
    let state: Mutex<State>

    init(seed: UInt64, configuration: Simulator.Configuration) {
        self.seed = seed
        self.configuration = configuration
        self.state = Mutex(State(generator: SeededGenerator(seed: StreamSeed.named("scheduler", seed: seed))))
    }

    var now: Int64 { self.state.withLock(\.now) }

    /// Makes something ready.
    func enqueue(_ work: Work, of incarnation: Incarnation) {
        let isForeign = simulation_current() != self.address
        self.state.withLock { state in
            if isForeign, state.phase == .running {
                state.fail(.escape, "a job came from another thread", "for \(incarnation.label)")
            }
            let ready = Ready(incarnation: incarnation, work: work)
            if incarnation.isAlive || state.phase == .unwinding {
                state.ready.append(ready)
            } else {
                state.graveyard.append(ready)
            }
        }
    }

    /// Sets a timer. It fires at the first step at or after `due`, in nanoseconds of true time.
    @discardableResult
    func schedule(
        at due: Int64, of incarnation: Incarnation, ifAbandoned: (@Sendable () -> Void)? = nil,
        _ action: @escaping @Sendable () -> Void,
    ) -> UInt64 {
        self.state.withLock { state in
            let id = state.takeID()
            state.insert(.action(action, ifAbandoned: ifAbandoned), id: id, due: due, of: incarnation)
            return id
        }
    }

    /// Takes back a timer.
    func cancel(_ timer: UInt64) { self.state.withLock { $0.timers.cancel(timer) } }

    /// Everything of an incarnation leaves the queues for good.
    func bury(_ incarnation: Incarnation) {
        incarnation.die()
        self.state.withLock { state in
            for entry in state.timers.removeAll(where: { $0.incarnation === incarnation }) {
                state.abandon(entry.payload, id: entry.id)
            }
            state.graveyard += state.ready.filter { $0.incarnation === incarnation }
            state.graveyard += state.parked.filter { $0.incarnation === incarnation }
            state.ready.removeAll { $0.incarnation === incarnation }
            state.parked.removeAll { $0.incarnation === incarnation }
        }
    }

    func unpark(_ incarnation: Incarnation) {
        incarnation.setPaused(false)
        self.state.withLock { state in
            state.ready += state.parked.filter { $0.incarnation === incarnation }
            state.parked.removeAll { $0.incarnation === incarnation }
        }
    }

    /// What the thread knows a running simulation by.
    var address: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }
}

extension Scheduler.State {
    mutating func takeID() -> UInt64 {
        defer { self.nextID += 1 }
        return self.nextID
    }

    mutating func insert(_ wake: Scheduler.Wake, id: UInt64, due: Int64, of incarnation: Incarnation) {
        let timer = Scheduler.Timer(incarnation: incarnation, wake: wake)
        if incarnation.isAlive, self.phase != .unwinding {
            self.timers.insert(.init(due: due, id: id, payload: timer))
        } else {
            self.abandon(timer, id: id)
        }
    }

    /// The moment will never come: when the run is unwound, whoever waits for it is told, so that it can end.
    mutating func abandon(_ timer: Scheduler.Timer, id: UInt64) {
        let last: (@Sendable () -> Void)?
        switch timer.wake {
        case .sleeper:
            let sleeper = self.sleepers.removeValue(forKey: id)
            last = { sleeper?.resume(throwing: CancellationError()) }
        case .action(_, let ifAbandoned):
            last = ifAbandoned
        }
        guard let last else { return }
        let ready = Scheduler.Ready(incarnation: timer.incarnation, work: .action(last))
        if self.phase == .unwinding { self.ready.append(ready) } else { self.graveyard.append(ready) }
    }

    /// The first failure ends the run.
    mutating func fail(_ code: SimulationFailure.Code, _ name: String, _ detail: String) {
        guard self.failure == nil, self.phase == .running || self.phase == .preparing else { return }
        self.failure = SimulationFailure(
            code: code, name: name, detail: detail, at: Tick(nanoseconds: self.now), step: self.steps)
    }

    mutating func record(_ kind: UInt64, _ words: UInt64...) {
        self.digest.add(kind)
        for word in words { self.digest.add(word) }
    }
}
