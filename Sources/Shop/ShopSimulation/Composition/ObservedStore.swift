import Chassis
import Essentials
import EventSourcing
import Simulation
import Synchronization

/// Watches the commits of one service across all its lives.
final class CommitWatch: Sendable {
    private let audit: Mutex<StepAudit>
    private let lostPower = Mutex(false)
    let service: ServiceName
    private unowned let simulation: Simulator

    init(_ service: ServiceName, _ simulation: Simulator) {
        self.service = service
        self.simulation = simulation
        self.audit = Mutex(StepAudit(service))
    }

    var found: [Anomaly] { self.audit.withLock(\.found) }

    /// The machine has lost its power, with what was not flushed.
    func powerLost() { self.lostPower.withLock { $0 = true } }

    var thefts: Int { self.audit.withLock(\.thefts) }

    var balances: [UniqueID: Timeline] { self.audit.withLock(\.balances) }

    func moments() -> @Sendable (Int64) -> Committed? {
        let audit = self.audit.withLock { $0 }
        return { audit.moment($0) }
    }

    /// Compares what survived with what was acknowledged.
    func recover(_ store: ServiceStore) async throws {
        let now = self.simulation.now
        let audit = self.audit.withLock { $0 }
        let next = try await store.read { unit in
            var next = audit
            try next.recover(unit, at: now)
            return next
        }
        self.audit.withLock { $0 = next }
        let survived = self.lostPower.withLock { $0 } && !next.log.isEmpty && next.found.isEmpty
        self.simulation.sometimes("an acknowledged commit survived the loss of power", survived)
    }

    private func took(_ reading: StepAudit.Reading) {
        let now = self.simulation.now
        let anomaly = self.audit.withLock { audit in
            audit.commit(reading, at: now)
            return audit.found.first
        }
        if let anomaly {
            self.simulation.fail(anomaly.kind.rawValue, ([anomaly.what] + anomaly.excerpt).joined(separator: "\n    "))
        }
    }

    /// The same database; each commit is looked at before whoever wrote it hears of it.
    /// - Parameter process: whose database it is; dead, it reaches nothing any more.
    func watching(_ store: ServiceStore, _ process: SimulatedProcess) -> ServiceStore {
        Transactor(commits: store.commits) { mode, body in
            guard process.isAlive else { throw EventStoreError(.unavailable, "the process is dead") }
            guard mode == .write else { return try await store.read { try body($0) } }
            let service = self.service
            let (value, reading) = try await store.write { unit in
                let value = try body(unit)
                // From what was acknowledged last: what shares a flush with this one, or was kept without anybody being
                // told, stands in between.
                let known = self.audit.withLock { $0.log.count }
                let reading = try StepAudit.Reading(
                    service, after: Position(Int64(known)), in: unit, at: self.simulation.now)
                self.audit.withLock { $0.attempt(reading) }
                return (value, reading)
            }
            self.took(reading)
            return value
        }
    }
}
