import CSimulation
import Essentials
import Synchronization

extension Scheduler {
    /// Where a job tried to go instead of the simulator.
    enum Escape: Int32 {
        case global = 0
        case delayed = 1
        case main = 2

        var name: String {
            switch self {
            case .global: "a job went to the global executor"
            case .delayed: "a job waits for a real clock"
            case .main: "a job went to the main actor"
            }
        }

        var advice: String {
            switch self {
            case .global: "an unstructured Task, a GlobalActor, or an actor used from outside the simulation"
            case .delayed: "Task.sleep or a clock of the system: take the process's TimeSource"
            case .main: "simulated code must not touch the main actor"
            }
        }
    }

    /// Ends the run because of a job that got away. The job never runs.
    func escaped(_ escape: Escape, _ job: UnownedJob) {
        let frames = EscapeSite.frames(of: job)
        self.state.withLock { state in
            guard state.phase == .running else { return }
            let site = frames.isEmpty ? "" : ", from " + frames.joined(separator: " < ")
            state.fail(.escape, escape.name, "\(job.description) of \(state.running): \(escape.advice)\(site)")
        }
    }

    /// Called by the runtime's hooks, on the thread that simulates.
    fileprivate func take(_ escape: Escape, _ job: UnownedJob) -> Bool {
        switch self.state.withLock(\.phase) {
        case .running:
            self.escaped(escape, job)
            return true
        case .preparing, .finished, .unwinding, .over: return false
        }
    }
}

/// The hooks on the runtime's executors.
enum Tripwire {
    /// Stands in for the main actor's executor on threads that run a simulation.
    private final class MainActorStandIn: SerialExecutor {
        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            _ = Scheduler.running?.take(.main, job)
        }
    }

    private static let standIn = MainActorStandIn()

    private static let installed: Void = {
        let words = unsafeBitCast(standIn.asUnownedSerialExecutor(), to: (UInt, UInt).self)
        simulation_tripwire_install(
            { simulation, kind, job in
                guard let simulation, let job, let escape = Scheduler.Escape(rawValue: kind) else { return 0 }
                let scheduler = Unmanaged<Scheduler>.fromOpaque(simulation).takeUnretainedValue()
                return scheduler.take(escape, unsafeBitCast(job, to: UnownedJob.self)) ? 1 : 0
            }, words.0, words.1)
    }()

    /// Once for the process; threads that do not simulate are not affected.
    static func install() { self.installed }
}

extension Scheduler {
    /// The simulation that runs on this thread.
    fileprivate static var running: Scheduler? {
        simulation_current().map { Unmanaged<Scheduler>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Makes this thread the simulation's while `body` runs.
    func occupyingThread<Value>(_ body: () -> Value) -> Value {
        Tripwire.install()
        let outer = simulation_current()
        simulation_set_current(self.address)
        defer { simulation_set_current(outer) }
        return body()
    }
}
