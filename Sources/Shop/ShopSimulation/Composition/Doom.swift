import Chassis
import Simulation
import Synchronization

/// The end of a process in the middle of a transaction, between two changes of its files.
final class Doom: Sendable {
    private let machine: String
    private unowned let simulation: Simulator
    private let plan = Mutex<(crash: Crash, downtime: Duration)?>(nil)

    init(_ service: ServiceName, _ simulation: Simulator) {
        self.machine = service.rawValue
        self.simulation = simulation
    }

    func arm(_ crash: Crash, downtime: Duration) { self.plan.withLock { $0 = (crash, downtime) } }

    /// The change has come. Called by the disk, inside a call of SQLite's.
    /// - Returns: whether the power goes, and not the process alone.
    func strike() -> Bool {
        guard let plan = self.plan.withLock({ $0.take() }) else { return false }
        let node = self.simulation.node(self.machine)
        node.crash(plan.crash)
        node.restart(after: plan.downtime)
        self.simulation.sometimes("a process died between two writes")
        return plan.crash == .power
    }
}
