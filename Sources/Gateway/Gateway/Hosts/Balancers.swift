import Essentials
import GatewayCore
import HTTPWire
import LoadBalancing

/// The load balancers of one event loop, or of the handler: they follow the board.
struct Balancers {
    /// A host that a request was given, until ``ended(_:_:at:)``.
    struct Lease {
        fileprivate var group: Int
        fileprivate var slot: Int
        /// Of the balancer: one that was made anew knows nothing of older leases.
        fileprivate var edition: Int
        fileprivate var began: Tick
    }

    /// What is asked of a group with each request.
    private struct Group {
        /// 0 for a group without hosts of its own.
        var edition = 0
        var usesKey = false
        var reader = RequestKey(.client)
        var names: [String] = []
        var unavailability: String?
    }

    private let board: HostBoard
    private let chance: Chance
    private var generation = 0
    private var editions = 0
    private var names: [String] = []
    /// By group, as the next.
    private var groups: [Group] = []
    private var balancers: [LoadBalancer] = []

    init(_ board: HostBoard, chance: Chance) {
        self.board = board
        self.chance = chance
    }

    /// Adopts what has changed. One load when nothing has.
    /// - Parameter names: of the groups, which keep their places.
    mutating func follow(_ names: [String], at now: Tick) {
        let generation = self.board.generation
        guard generation != self.generation || names.count != self.names.count else { return }
        self.generation = generation
        self.names = names
        let known = self.board.groups
        while self.groups.count < names.count {
            self.groups.append(Group())
            self.balancers.append(LoadBalancer([], seed: 0, at: now))
        }
        for (index, name) in names.enumerated() {
            if let hosts = known[name] { self.adopt(hosts, index, at: now) } else { self.groups[index] = Group() }
        }
    }

    private mutating func adopt(_ hosts: GroupHosts, _ index: Int, at now: Tick) {
        let list = hosts.members.map(\.host)
        let isKept = self.groups[index].edition > 0 && self.balancers[index].configuration == hosts.balancing
        if isKept {
            self.balancers[index].update(list, at: now)
        } else {
            self.editions += 1
            self.balancers[index] = LoadBalancer(list, hosts.balancing, seed: self.chance.next(), at: now)
            self.groups[index].edition = self.editions
        }
        for member in hosts.members {
            guard let slot = self.balancers[index].slot(named: member.host.name) else { continue }
            self.balancers[index].setPassing(slot, member.failure == nil, at: now)
            self.balancers[index].setDraining(slot, member.isDraining, at: now)
        }
        self.groups[index].usesKey = hosts.balancing.algorithm.usesKey
        self.groups[index].reader = RequestKey(hosts.key)
        self.groups[index].names = list.map(\.name)
        self.groups[index].unavailability = hosts.unavailability
    }

    /// Whether a group has hosts of its own, to be chosen here.
    func has(_ group: Int) -> Bool { self.groups[group].edition > 0 }

    /// Why no request can go to a group; nil when one can, or the group has no hosts of its own.
    func unavailability(_ group: Int) -> String? { self.groups[group].unavailability }

    /// What a request is balanced by; zero where it does not matter.
    func key(
        _ group: Int, _ head: borrowing RequestHead, _ bytes: RawSpan, peer: UInt64, draw: UInt64
    ) -> UInt64 {
        self.groups[group].usesKey ? self.groups[group].reader.value(head, bytes, peer: peer, draw: draw) : 0
    }

    /// Chooses a host.
    /// - Parameter failed: the host that failed this request before.
    /// - Returns: nil when there is none.
    mutating func pick(_ group: Int, key: UInt64, avoiding failed: Lease? = nil, at now: Tick) -> Lease? {
        let edition = self.groups[group].edition
        guard edition > 0 else { return nil }
        let avoided = failed?.edition == edition ? failed?.slot : nil
        guard let slot = self.balancers[group].pick(key: key, avoiding: avoided, at: now) else { return nil }
        return Lease(group: group, slot: slot, edition: edition, began: now)
    }

    /// Where the host stands in the list; nil when it left meanwhile.
    func position(_ lease: Lease) -> Int? {
        guard self.groups[lease.group].edition == lease.edition else { return nil }
        return self.balancers[lease.group].position(of: lease.slot)
    }

    /// The name of the host; nil when it left meanwhile.
    func name(_ lease: Lease) -> String? { self.position(lease).map { self.groups[lease.group].names[$0] } }

    /// Every lease ends once.
    mutating func ended(_ lease: Lease, _ outcome: CallOutcome, at now: Tick) {
        guard self.groups[lease.group].edition == lease.edition else { return }
        self.balancers[lease.group].ended(lease.slot, outcome, took: now - lease.began, at: now)
    }

    /// What each host of each group does, by the name of the group.
    func hosts(at now: Tick) -> [String: [LoadBalancer.Host]] {
        var hosts: [String: [LoadBalancer.Host]] = [:]
        for index in self.names.indices where self.groups[index].edition > 0 {
            hosts[self.names[index]] = self.balancers[index].hosts(at: now)
        }
        return hosts
    }
}
