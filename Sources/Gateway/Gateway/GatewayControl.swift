public import GatewayCore
import LoadBalancing
import Synchronization

/// Changes a gateway while requests come: routes, services, hosts and limits together, and never a part of them.
public final class GatewayControl: Sendable {
    let plan: GatewayPlan
    let board: HostBoard
    let upstreams: Upstreams
    let guards: UpstreamGuards
    let releases: ReleaseDriver
    let usage = Mutex(VersionUsage())

    init(
        _ environment: GatewayEnvironment, _ plan: GatewayPlan, _ configuration: GatewayService.Configuration
    ) {
        self.plan = plan
        self.board = HostBoard(plan.current.configuration.services)
        self.upstreams = Upstreams(environment, self.board, configuration: configuration)
        self.guards = UpstreamGuards(environment, configuration)
        self.releases = ReleaseDriver(environment, plan, self.board)
        self.releases.adopt(plan.current.configuration.releases)
        self.prepare(plan.current)
    }

    /// Puts another configuration into force. Hosts and routes that stay keep what is known of them, releases go on, and no
    /// request notices.
    /// - Returns: what changed.
    @discardableResult
    public func replace(_ configuration: GatewayConfiguration) -> [GatewayChange] {
        self.update { current in
            current = configuration
            self.releases.adopt(configuration.releases)
            self.releases.carry(into: &current)
        }
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

    /// What an operator may want of a release.
    public enum ReleaseOrder: String, Hashable, Sendable, CaseIterable {
        /// Brings the other colour into use, step by step.
        case start
        /// Takes the next step now.
        case promote
        /// Sends all traffic back.
        case rollBack = "rollback"
    }

    /// - Returns: whether there is such a release.
    /// - Throws: `ReleaseMachine.Refusal`.
    @discardableResult
    public func order(_ order: ReleaseOrder, of release: String) throws -> Bool {
        try self.releases.order(release, order) != nil
    }

    /// A request was led to a version of a resource.
    func countVersion(_ decision: RouteDecision, _ table: RoutingTable, consumer: String) {
        guard decision.route >= 0, let served = table.routes[decision.route].serves else { return }
        self.usage.withLock { $0.count(resource: served.resource, version: served.number, consumer: consumer) }
    }

    /// Has everything ready before the first request is led by the edition.
    private func prepare(_ edition: GatewayPlan.Edition) {
        self.upstreams.adopt(edition.table.groups)
        self.guards.configure(edition.configuration.services, groups: edition.table.groups)
        self.board.configure(edition.configuration.services)
    }
}
