public import Essentials

/// Hosts that join, leave, fail and come back. None of this is on the way of a call, so it may allocate.
extension LoadBalancer {
    /// A host, as it is now.
    public struct Host: Hashable, Sendable {
        public var name: String
        public var slot: Int
        public var weight: Int
        public var state: HostState
        /// Calls under way.
        public var active: Int
        /// Calls ever given to it.
        public var picks: UInt64
        /// The part of its weight that counts; less than 1 during slow start.
        public var share: Double
    }

    /// All hosts of the list, in its order.
    public func hosts(at now: Tick) -> [Host] {
        let listed = self.figures.indices.filter { self.figures[$0].position >= 0 }
        return listed.sorted { self.figures[$0].position < self.figures[$1].position }.map { slot in
            let figures = self.figures[slot]
            return Host(
                name: self.names[slot], slot: slot, weight: figures.weight, state: self.state(of: slot),
                active: figures.active, picks: figures.picks, share: self.share(slot, at: now))
        }
    }

    /// The slot of a host of the list.
    public func slot(named name: String) -> Int? {
        self.figures.indices.first { self.figures[$0].position >= 0 && self.names[$0] == name }
    }

    /// Where a host stands in the list last given; nil when it left.
    public func position(of slot: Int) -> Int? {
        self.figures[slot].position < 0 ? nil : self.figures[slot].position
    }

    public func state(of slot: Int) -> HostState {
        let figures = self.figures[slot]
        if figures.isDraining { return .draining }
        if !figures.isPassing { return .unhealthy }
        return self.outliers?.isEjected(slot) == true ? .ejected : .healthy
    }

    /// Calls under way to a host.
    public func active(_ slot: Int) -> Int { self.figures[slot].active }

    /// Another list. Hosts that stay keep their slots, states and counts; those that leave are chosen no more, and their
    /// slots are free for others when their last call has ended.
    /// - Precondition: names differ, weights lie in 1...1,000.
    public mutating func update(_ hosts: [BalancedHost], at now: Tick) {
        precondition(Set(hosts.map(\.name)).count == hosts.count, "two hosts have one name")
        precondition(hosts.allSatisfy { (1...1_000).contains($0.weight) }, "a weight lies outside of 1...1,000")
        var slots: [String: Int] = [:]
        for slot in self.figures.indices where self.figures[slot].position >= 0 { slots[self.names[slot]] = slot }
        let names = Set(hosts.map(\.name))
        for slot in self.figures.indices {
            self.figures[slot].position = -1
            if !names.contains(self.names[slot]) { self.outliers?.reset(slot, isMember: false) }
        }
        // Those that stay first: a slot without a position is free for one that joins.
        for (position, host) in hosts.enumerated() {
            if let slot = slots[host.name] { self.figures[slot].position = position }
        }
        for (position, host) in hosts.enumerated() {
            let slot = slots[host.name] ?? self.join(host.name, at: now)
            self.figures[slot].position = position
            self.figures[slot].weight = host.weight
        }
        self.rebuildTables()
        self.rebuild(at: now)
    }

    /// The answer of the active check.
    public mutating func setPassing(_ slot: Int, _ isPassing: Bool, at now: Tick) {
        guard self.figures[slot].isPassing != isPassing else { return }
        self.figures[slot].isPassing = isPassing
        if isPassing { self.figures[slot].rampBegan = now }
        self.rebuild(at: now)
    }

    /// Whether a host takes nothing new.
    public mutating func setDraining(_ slot: Int, _ isDraining: Bool, at now: Tick) {
        guard self.figures[slot].isDraining != isDraining else { return }
        self.figures[slot].isDraining = isDraining
        if !isDraining { self.figures[slot].rampBegan = now }
        self.rebuild(at: now)
    }

    private mutating func join(_ name: String, at now: Tick) -> Int {
        var figures = HostFigures()
        figures.rampBegan = now
        // A name that left a moment ago and still has calls under way gets a slot of its own.
        if let free = self.figures.firstIndex(where: \.isFree) {
            self.names[free] = name
            self.figures[free] = figures
            self.outliers?.reset(free)
            return free
        }
        self.names.append(name)
        self.figures.append(figures)
        self.weights.append(1)
        self.outliers?.append()
        return self.figures.count - 1
    }

    // MARK: Derived

    /// Looks at what changes with time: shares of slow start, ejections that end.
    mutating func review(at now: Tick) {
        _ = self.outliers?.advance(to: now)
        let hasChanged = self.noticeEjections(at: now)
        if !hasChanged { self.rebuild(at: now) }
    }

    /// - Returns: whether the hosts in use changed.
    @discardableResult
    mutating func noticeEjections(at now: Tick) -> Bool {
        guard let changes = self.outliers?.changes, changes != self.ejectionChanges else { return false }
        self.ejectionChanges = changes
        for slot in self.figures.indices where self.outliers?.hasReturned(slot) == true {
            self.figures[slot].rampBegan = now
        }
        self.outliers?.forgetReturns()
        self.rebuild(at: now)
        return true
    }

    func share(_ slot: Int, at now: Tick) -> Double {
        guard let began = self.figures[slot].rampBegan else { return 1 }
        return self.configuration.slowStart.share(after: now - began)
    }

    /// What depends on the list and its weights alone.
    private mutating func rebuildTables() {
        let listed = self.figures.indices.filter { self.figures[$0].position >= 0 }
        let hosts = listed.map { (slot: $0, hash: BalancingKey.of(self.names[$0]), weight: self.figures[$0].weight) }
        switch self.configuration.algorithm {
        case .ipHash, .ringHash: self.ring = HashRing(hosts, pointsPerWeight: self.configuration.ringPoints)
        case .maglev: self.maglev = MaglevTable(hosts, size: self.configuration.maglevPlaces)
        case .roundRobin, .weightedRoundRobin, .leastConnections, .leastRequest, .peakEWMA: break
        }
    }

    /// What depends on states and shares.
    mutating func rebuild(at now: Tick) {
        self.selectUsable()
        var isRamping = false
        for slot in self.figures.indices {
            if self.share(slot, at: now) >= 1 { self.figures[slot].rampBegan = nil }
            isRamping = isRamping || self.figures[slot].rampBegan != nil
            self.weights[slot] = Double(self.figures[slot].weight) * self.share(slot, at: now)
        }
        switch self.configuration.algorithm {
        case .roundRobin: if self.cursor >= self.usable.count { self.cursor = 0 }
        case .weightedRoundRobin, .leastConnections: self.refillHeap()
        case .leastRequest, .peakEWMA: if !self.usable.isEmpty { self.alias.fill(self.usable, weights: self.weights) }
        case .ipHash, .ringHash, .maglev: break
        }
        self.nextReview =
            isRamping ? now + .milliseconds(100) : self.outliers != nil ? now + .seconds(1) : .distantFuture
    }

    private mutating func selectUsable() {
        var (candidates, healthy) = (0, 0)
        for slot in self.figures.indices where self.figures[slot].position >= 0 && !self.figures[slot].isDraining {
            candidates += 1
            if self.state(of: slot) == .healthy { healthy += 1 }
        }
        self.isPanic = healthy < candidates && healthy * 100 < self.configuration.panicThreshold * candidates
        self.usable.removeAll(keepingCapacity: true)
        self.usableWeight = 0
        for slot in self.figures.indices {
            let state = self.state(of: slot)
            let isUsable =
                self.figures[slot].position >= 0 && (state == .healthy || self.isPanic && state != .draining)
            self.figures[slot].isUsable = isUsable
            if isUsable {
                self.usable.append(Int32(slot))
                self.usableWeight += self.figures[slot].weight
            }
        }
    }

    /// Turns go on where they stood: a host that comes gets its first turn half a stride from now.
    private mutating func refillHeap() {
        let now = self.heap.lowestRank ?? 0
        let old = self.heap
        self.heap.removeAll(slots: self.figures.count)
        for slot in self.usable.map({ Int($0) }) {
            let rank =
                switch self.configuration.algorithm {
                case .weightedRoundRobin: min(old.rank(of: slot) ?? .infinity, now + 0.5 / self.weights[slot])
                case .roundRobin, .leastConnections, .leastRequest, .peakEWMA, .ipHash, .ringHash, .maglev:
                    self.load(slot)
                }
            self.heap.insert(slot, rank: rank, sequence: UInt64(slot))
        }
    }
}
