public import Essentials

/// Chooses one of several hosts that do the same, for each call anew.
///
/// A value without locks, made for an event loop that keeps its own: the same seed, times and calls give the same choices.
/// A choice allocates nothing and costs O(1) or O(log n), see ``Algorithm``. Each host has a slot for as long as it is in
/// the list or has calls under way, however the list changes.
///
/// ```swift
/// var balancer = LoadBalancer([BalancedHost("10.0.0.7:80"), BalancedHost("10.0.0.8:80")], seed: chance.next(), at: time.now)
/// if let slot = balancer.pick(at: time.now) {
///     // … call the host, then:
///     balancer.ended(slot, .success, took: .milliseconds(3), at: time.now)
/// }
/// ```
public struct LoadBalancer: Sendable {
    public let configuration: Configuration
    var names: [String] = []
    var figures: [HostFigures] = []
    /// By slot: weight times the share of slow start.
    var weights: [Double] = []
    /// Slots to choose from.
    var usable: [Int32] = []
    /// Whether those are hosts that should be left out, because too few others are left.
    public internal(set) var isPanic = false
    var totalActive = 0
    var usableWeight = 0

    var generator: SeededGenerator
    var sequence: UInt64 = 0
    var cursor = 0
    var heap = HostHeap()
    var alias = AliasTable()
    var ring = HashRing()
    var maglev = MaglevTable()
    var outliers: OutlierEjection.StateMachine?
    var ejectionChanges = 0
    /// When shares of slow start or ejections are looked at again.
    var nextReview = Tick.distantFuture

    /// - Parameters:
    ///   - hosts: with different names; may be empty.
    ///   - seed: decides the draws.
    /// - Precondition: the configuration has no ``Configuration/problems()``.
    public init(
        _ hosts: [BalancedHost], _ configuration: Configuration = Configuration(), seed: UInt64, at now: Tick
    ) {
        let problems = configuration.problems()
        precondition(problems.isEmpty, "load balancer: \(problems.joined(separator: "; "))")
        self.configuration = configuration
        self.generator = SeededGenerator(seed: seed)
        self.outliers = configuration.outliers.map { OutlierEjection.StateMachine(endpoints: 0, $0) }
        self.update(hosts, at: now)
        // Hosts that are all equally new do not wait for one another.
        for slot in self.figures.indices { self.figures[slot].rampBegan = nil }
        self.rebuild(at: now)
    }

    /// Chooses a host and counts a call to it as under way, until ``ended(_:_:took:at:)``.
    /// - Parameters:
    ///   - key: for algorithms that choose by key, see ``BalancingKey``.
    ///   - avoided: the slot that failed this call before; chosen only when there is no other.
    /// - Returns: its slot; nil when there is no host, or all are draining.
    public mutating func pick(key: UInt64 = 0, avoiding avoided: Int? = nil, at now: Tick) -> Int? {
        if now >= self.nextReview { self.review(at: now) }
        guard !self.usable.isEmpty else { return nil }
        var slot = self.choose(key, at: now)
        if slot == avoided, self.usable.count > 1 { slot = self.other(than: slot, key, at: now) }
        self.figures[slot].active += 1
        self.figures[slot].picks += 1
        self.totalActive += 1
        self.sequence += 1
        switch self.configuration.algorithm {
        case .weightedRoundRobin:
            let rank = self.heap.rank(of: slot) ?? 0
            self.heap.move(slot, rank: rank + 1 / self.weights[slot], sequence: self.sequence)
        case .leastConnections: self.heap.move(slot, rank: self.load(slot), sequence: self.sequence)
        case .roundRobin, .leastRequest, .peakEWMA, .ipHash, .ringHash, .maglev: break
        }
        return slot
    }

    /// A call to a host has ended. Every call that ``pick(key:avoiding:at:)`` counted ends once.
    /// - Parameter took: from the choice to the end.
    public mutating func ended(_ slot: Int, _ outcome: CallOutcome, took: Duration, at now: Tick) {
        precondition(self.figures[slot].active > 0, "more calls of a host end than began")
        self.figures[slot].active -= 1
        self.totalActive -= 1
        if self.configuration.algorithm == .leastConnections { self.heap.move(slot, rank: self.load(slot)) }
        guard outcome != .cancelled, self.figures[slot].position >= 0 else { return }
        if self.configuration.algorithm == .peakEWMA {
            let counted = outcome == .failure ? max(took, self.configuration.failurePenalty) : took
            self.figures[slot].latency.record(counted, at: now, decay: self.configuration.decay)
        }
        guard self.outliers?.record(slot, isSuccess: outcome == .success, at: now) != nil else { return }
        self.noticeEjections(at: now)
    }

    // MARK: The choice

    private mutating func choose(_ key: UInt64, at now: Tick) -> Int {
        switch self.configuration.algorithm {
        case .roundRobin:
            self.cursor = self.cursor + 1 < self.usable.count ? self.cursor + 1 : 0
            return Int(self.usable[self.cursor])
        case .weightedRoundRobin, .leastConnections: return self.heap.first
        case .leastRequest, .peakEWMA: return self.betterOfTwo(at: now)
        case .ipHash, .ringHash: return self.onRing(key, avoiding: nil)
        case .maglev: return self.inTable(key, avoiding: nil)
        }
    }

    private mutating func other(than avoided: Int, _ key: UInt64, at now: Tick) -> Int {
        switch self.configuration.algorithm {
        case .roundRobin: return self.choose(key, at: now)
        case .weightedRoundRobin, .leastConnections: return self.heap.first(but: avoided) ?? avoided
        case .leastRequest, .peakEWMA: return self.drawn(but: avoided)
        case .ipHash, .ringHash: return self.onRing(key, avoiding: avoided)
        case .maglev: return self.inTable(key, avoiding: avoided)
        }
    }

    private mutating func betterOfTwo(at now: Tick) -> Int {
        let first = self.alias.draw(self.generator.next())
        guard self.usable.count > 1 else { return first }
        let second = self.drawn(but: first)
        // Equal ones: the first, so that idle hosts are chosen by weight.
        return self.cost(second, at: now) < self.cost(first, at: now) ? second : first
    }

    /// A host drawn by weight; after a few draws of `other`, which is then by far the heaviest, any one.
    private mutating func drawn(but other: Int) -> Int {
        for _ in 0..<8 {
            let slot = self.alias.draw(self.generator.next())
            if slot != other { return slot }
        }
        let place = Int(self.generator.next(upperBound: UInt64(self.usable.count)))
        let slot = Int(self.usable[place])
        return slot != other ? slot : Int(self.usable[(place + 1) % self.usable.count])
    }

    private func cost(_ slot: Int, at now: Tick) -> Double {
        let active = Double(self.figures[slot].active)
        guard self.configuration.algorithm == .peakEWMA else { return active / self.weights[slot] }
        let latency = self.figures[slot].latency.value(at: now, decay: self.configuration.decay)
        // A host that was never measured is worth a try, but not a rush.
        if latency == 0 { return active == 0 ? 0 : self.configuration.failurePenalty.fractionalSeconds * active }
        return latency * (active + 1) / self.weights[slot]
    }

    /// Calls under way for its weight, with one more.
    func load(_ slot: Int) -> Double { Double(self.figures[slot].active + 1) / self.weights[slot] }

    private func onRing(_ key: UInt64, avoiding avoided: Int?) -> Int {
        let start = self.ring.place(of: key)
        var fallback: Int?
        var place = start
        repeat {
            let slot = self.ring.owner(at: place)
            if self.figures[slot].isUsable, slot != avoided {
                if self.hasRoom(slot) { return slot }
                fallback = fallback ?? slot
            }
            place = place + 1 < self.ring.count ? place + 1 : 0
        } while place != start
        return fallback ?? Int(self.usable[0])
    }

    /// Whether a host takes one more call within the bound of its load.
    private func hasRoom(_ slot: Int) -> Bool {
        guard self.configuration.algorithm == .ringHash, self.configuration.loadBound.isFinite else { return true }
        let share = Double(self.figures[slot].weight) / Double(self.usableWeight)
        let bound = (self.configuration.loadBound * Double(self.totalActive + 1) * share).rounded(.up)
        return Double(self.figures[slot].active + 1) <= bound
    }

    /// A host that is left out gives its keys to all others evenly: each is hashed again until it meets one in use.
    private func inTable(_ key: UInt64, avoiding avoided: Int?) -> Int {
        var hash = key
        for _ in 0..<16 {
            let slot = self.maglev.owner(of: hash)
            if self.figures[slot].isUsable, slot != avoided { return slot }
            hash = BalancingKey.mixed(hash &+ 0x9E37_79B9_7F4A_7C15)
        }
        let place = Int(hash % UInt64(self.usable.count))
        let slot = Int(self.usable[place])
        return slot != avoided ? slot : Int(self.usable[(place + 1) % self.usable.count])
    }
}
