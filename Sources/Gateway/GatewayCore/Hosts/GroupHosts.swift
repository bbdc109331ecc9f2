public import LoadBalancing

/// The hosts of a service, and what is known of each whoever found it out: what all event loops are to agree on.
public struct GroupHosts: Hashable, Sendable {
    public struct Member: Hashable, Sendable {
        public var host: BalancedHost
        /// Why it takes nothing: its checks fail, or the first has not passed yet. Nil when it is well, or never asked.
        public var failure: String?
        /// Whether it was told to take nothing new.
        public var isDraining = false
    }

    public private(set) var members: [Member] = []
    public var balancing: LoadBalancer.Configuration
    /// What algorithms by key choose by.
    public var key: Split.Key
    /// Whether hosts are asked for their health.
    public var isChecked: Bool

    public init(_ service: ServiceConfiguration) {
        self.balancing = service.balancing
        self.key = service.key
        self.isChecked = service.health != nil
        if case .list(let hosts) = service.source { self.replace(hosts) }
    }

    /// Another list: hosts that stay keep what is known of them. One that joins others is used once its first check has
    /// passed, where there are checks.
    public mutating func replace(_ hosts: [BalancedHost]) {
        let known = Dictionary(self.members.map { ($0.host.name, $0) }) { first, _ in first }
        let waits = self.isChecked && !self.members.isEmpty
        self.members = hosts.map { host in
            guard var member = known[host.name] else {
                return Member(host: host, failure: waits ? "it has not been checked yet" : nil)
            }
            member.host = host
            return member
        }
    }

    /// - Returns: whether there is such a host.
    public mutating func change(_ name: String, _ change: (inout Member) -> Void) -> Bool {
        guard let index = self.members.firstIndex(where: { $0.host.name == name }) else { return false }
        change(&self.members[index])
        return true
    }

    /// Why no request can go there; nil when one can.
    public var unavailability: String? {
        if self.members.isEmpty { return "no host of it is known" }
        let staying = self.members.filter { !$0.isDraining }
        if staying.isEmpty { return "all its hosts are being drained" }
        guard let first = staying.first, let failure = first.failure,
            staying.allSatisfy({ $0.failure != nil })
        else { return nil }
        return staying.count == 1 ? failure : "all its hosts fail their checks, \(first.host.name): \(failure)"
    }
}
