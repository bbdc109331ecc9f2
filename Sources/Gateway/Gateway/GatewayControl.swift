public import GatewayCore

/// Changes a gateway while requests come: routes, services, hosts and limits together, and never a part of them.
public final class GatewayControl: Sendable {
    let plan: GatewayPlan
    let board: HostBoard
    let upstreams: Upstreams
    let guards: UpstreamGuards

    init(_ plan: GatewayPlan, _ board: HostBoard, _ upstreams: Upstreams, _ guards: UpstreamGuards) {
        self.plan = plan
        self.board = board
        self.upstreams = upstreams
        self.guards = guards
        self.prepare(plan.current)
    }

    /// Puts another configuration into force. Hosts and routes that stay keep what is known of them, and no request notices.
    /// - Returns: what changed.
    @discardableResult
    public func replace(_ configuration: GatewayConfiguration) -> [GatewayChange] {
        self.update { $0 = configuration }
    }

    /// Makes another configuration of the one in force.
    /// - Parameter change: what it throws leaves everything as it was.
    /// - Returns: what changed.
    @discardableResult
    public func update(_ change: (inout GatewayConfiguration) throws -> Void) rethrows -> [GatewayChange] {
        try self.plan.update(change) { self.prepare($0) }
    }

    /// Has a host take nothing new, or take requests again. What it has under way ends there.
    /// - Returns: whether there is such a host.
    @discardableResult
    public func drain(_ host: String, of service: String, _ isDraining: Bool) -> Bool {
        self.board.change(host, of: service) { $0.isDraining = isDraining }
    }

    /// Has everything ready before the first request is led by the edition.
    private func prepare(_ edition: GatewayPlan.Edition) {
        self.upstreams.adopt(edition.table.groups)
        self.guards.configure(edition.configuration.services, groups: edition.table.groups)
        self.board.configure(edition.configuration.services)
    }
}
