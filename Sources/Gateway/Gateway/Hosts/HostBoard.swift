import GatewayCore
import LoadBalancing
import Synchronization

/// What is known of the hosts of all services with hosts of their own. Configuration, discovery, health checks and operators
/// write here; each event loop compares ``generation`` per request and follows.
final class HostBoard: Sendable {
    typealias Observer = @Sendable (_ service: String, _ hosts: [BalancedHost]) -> Void

    private struct State {
        var services: [ServiceConfiguration] = []
        var groups: [String: GroupHosts] = [:]
        var observers: [Observer] = []
    }

    private let state: Mutex<State>
    /// Held by who writes, so that observers hear of changes in their order.
    private let writing = Mutex(())
    private let count = Atomic<Int>(1)

    init(_ services: [ServiceConfiguration]) {
        var state = State()
        state.services = services
        for service in services { state.groups[service.name] = GroupHosts(service) }
        self.state = Mutex(state)
    }

    /// Rises with each change.
    var generation: Int { self.count.load(ordering: .acquiring) }

    var services: [ServiceConfiguration] { self.state.withLock { $0.services } }

    var groups: [String: GroupHosts] { self.state.withLock { $0.groups } }

    /// Is told of each list, those of now first.
    func observe(_ observer: @escaping Observer) {
        self.change { state in
            state.observers.append(observer)
            return Array(state.groups.keys)
        }
    }

    /// Another configuration: what is known of hosts that stay is kept. Nobody is told of a service that goes: requests on
    /// their way to it still get there.
    func configure(_ services: [ServiceConfiguration]) {
        self.change { state in
            let before = Dictionary(state.services.map { ($0.name, $0) }) { first, _ in first }
            var groups: [String: GroupHosts] = [:]
            for service in services {
                var group = GroupHosts(service)
                if let known = state.groups[service.name] {
                    group = known
                    group.balancing = service.balancing
                    group.key = service.key
                    group.isChecked = service.health != nil
                    switch service.source {
                    case .list(let hosts): group.replace(hosts)
                    case .dns, .file: if before[service.name]?.source != service.source { group.replace([]) }
                    }
                    if !group.isChecked {
                        for member in group.members { _ = group.change(member.host.name) { $0.failure = nil } }
                    }
                }
                groups[service.name] = group
            }
            let changed = services.map(\.name).filter { groups[$0] != state.groups[$0] }
            state.services = services
            state.groups = groups
            return changed
        }
    }

    /// Another list of hosts, found by discovery.
    func setHosts(_ hosts: [BalancedHost], of service: String) {
        self.change { state in
            guard state.groups[service]?.members.map(\.host) != hosts else { return [] }
            state.groups[service]?.replace(hosts)
            return [service]
        }
    }

    /// Changes what is known of one host.
    /// - Returns: whether there is such a host.
    @discardableResult
    func change(_ host: String, of service: String, _ change: (inout GroupHosts.Member) -> Void) -> Bool {
        var isThere = false
        self.change { state in
            let before = state.groups[service]
            isThere = state.groups[service]?.change(host, change) == true
            return before != state.groups[service] ? [service] : []
        }
        return isThere
    }

    /// Observers hear of a change before loops do, so that the endpoints to choose from are there.
    /// - Parameter change: returns the services whose hosts are not what they were.
    private func change(_ change: (inout State) -> [String]) {
        self.writing.withLock { _ in
            let (observers, told) = self.state.withLock { state in
                let changed = change(&state)
                return (state.observers, changed.map { ($0, state.groups[$0]?.members.map(\.host) ?? []) })
            }
            guard !told.isEmpty else { return }
            for (service, hosts) in told {
                for observer in observers { observer(service, hosts) }
            }
            self.count.add(1, ordering: .releasing)
        }
    }
}
