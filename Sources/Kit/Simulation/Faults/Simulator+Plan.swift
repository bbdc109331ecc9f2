import Essentials
import Synchronization

extension Simulator {
    /// Carries a plan out from now on. Each fault that strikes is recorded, and can be left out of a replay by
    /// `Configuration.faults`.
    /// - Parameters:
    ///   - partition: called with true when a cut begins and with false when it ends; for a network, `network.apply`.
    ///   - custom: carries out the harness's own kinds.
    public func apply(
        _ plan: FaultPlan, partition: @escaping @Sendable (PlannedFault, Bool) -> Void = { _, _ in },
        custom: @escaping @Sendable (PlannedFault) -> Void = { _ in },
    ) {
        for fault in plan.faults where self.configuration.faults.allows(fault.id) {
            self.after(fault.at) { self.strike(fault, partition, custom) }
        }
    }

    /// Carries a plan out over a network's nodes.
    public func apply<Request, Response>(
        _ plan: FaultPlan, to network: SimulatedNetwork<Request, Response>,
        custom: @escaping @Sendable (PlannedFault) -> Void = { _ in },
    ) {
        self.apply(plan, partition: { network.apply($0, begins: $1) }, custom: custom)
    }

    private func strike(
        _ fault: PlannedFault, _ partition: @escaping @Sendable (PlannedFault, Bool) -> Void,
        _ custom: @Sendable (PlannedFault) -> Void,
    ) {
        switch fault.kind {
        case .crash(let name, let crash, let afterSteps, let downtime):
            let node = self.node(name)
            let label = node.process?.label ?? name
            node.crash(crash, afterSteps: afterSteps, downtime: downtime) {
                self.record(fault.id, "\(label) \(crash.rawValue), down for \(downtime)")
            }
        case .pause(let name, let duration):
            self.record(fault.id, "\(name) for \(duration)")
            self.node(name).pause(for: duration)
        case .clockJump(let name, let duration):
            self.record(fault.id, "\(name) by \(duration)")
            self.node(name).jumpWallClock(by: duration)
        case .partition(let from, let to, let cut, let duration):
            self.record(fault.id, "\(from.sorted()) to \(to.sorted()) \(cut.rawValue) for \(duration)")
            partition(fault, true)
            self.after(duration) { partition(fault, false) }
        case .custom(_, let node):
            self.record(fault.id, node)
            custom(fault)
        }
    }

    private func after(_ delay: Duration, _ action: @escaping @Sendable () -> Void) {
        self.scheduler.schedule(
            at: self.scheduler.now + delay.nanoseconds, of: self.driver.incarnation, action)
    }
}

extension SimulatedNetwork {
    /// Begins or ends the cut of a planned partition; other kinds are none of the network's business.
    public func apply(_ fault: PlannedFault, begins: Bool) {
        guard case .partition(let from, let to, let cut, _) = fault.kind else { return }
        if begins { self.partition(from: from, to: to, cut) } else { self.heal(from: from, to: to) }
    }
}
