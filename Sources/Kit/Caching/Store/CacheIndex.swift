public import Essentials

/// What a use of a slot finds.
@usableFromInline
enum SlotState {
    /// It may be served.
    case fresh
    /// It may be served, and should be refreshed.
    case due
    /// It has expired, and may be served while nothing better is to be had.
    case stale
    /// It has expired, or one of its tags was purged.
    case gone
}

/// All that a shard knows about its entries except keys and values: where they are, who goes next, when they expire, and
/// which tags they carry. Not generic, so it is compiled once.
@usableFromInline
struct CacheIndex: ~Copyable {
    @usableFromInline
    var table: SlotTable
    private var policy: EvictionPolicy
    private var selector: WindowSelector?
    private var times = SlotTimes()
    var tags = TagTable()
    var counters = CacheCounters()
    private let isWeighted: Bool
    private var generator: SeededGenerator

    /// - Parameter maximum: how many entries, or how much weight, may be there; 0 for a shard that is not used.
    init(maximum: Int, isWeighted: Bool, seed: UInt64) {
        self.generator = SeededGenerator(seed: seed)
        self.isWeighted = isWeighted
        self.table = SlotTable(capacity: 0)
        self.policy = EvictionPolicy(
            maximum: maximum, isWeighted: isWeighted, windowShare: WindowSelector.shares[WindowSelector.firstShare],
            seed: self.generator.next())
        if !isWeighted, maximum > 0 { self.expect(entries: maximum) }
    }

    var count: Int { self.policy.count }
    var weight: Int { self.policy.weight }
    @usableFromInline
    var maximum: Int { self.policy.maximum }
    @usableFromInline
    var capacity: Int { self.policy.capacity }

    func hash(of slot: UInt32) -> UInt32 { self.policy.nodes[slot].hash }
    func isInUse(_ slot: UInt32) -> Bool { self.policy.nodes[slot].region != .free }
    @usableFromInline
    func weight(of slot: UInt32) -> Int { self.policy.weight(of: slot) }
    func timing(of slot: UInt32) -> SlotTiming {
        self.policy.nodes[slot].marks.contains(.timed) ? self.times[slot] : SlotTiming()
    }

    // MARK: Reading

    /// What the slot is good for now; counts the use if it may be served.
    @usableFromInline
    mutating func use(_ slot: UInt32, _ time: borrowing TimeSource) -> SlotState {
        let marks = self.policy.nodes[slot].marks
        var state = SlotState.fresh
        if !marks.isEmpty { state = self.check(slot, marks, time) }
        switch state {
        case .fresh, .due:
            self.counters.hits &+= 1
            self.note(self.policy.nodes[slot].hash)
            self.policy.touch(slot)
        case .stale, .gone: self.counters.misses &+= 1
        }
        return state
    }

    private mutating func check(_ slot: UInt32, _ marks: SlotMarks, _ time: borrowing TimeSource) -> SlotState {
        if marks.contains(.tagged), self.tags.isPurged(slot) { return .gone }
        guard marks.contains(.timed) else { return .fresh }
        let (now, timing) = (time.now.nanoseconds, self.times[slot])
        let state = timing.state(at: now)
        switch state {
        case .fresh, .due: self.times.slide(slot, timing, at: now)
        case .stale, .gone: break
        }
        return state
    }

    /// What the slot is good for, without counting.
    func state(of slot: UInt32, at now: Int64) -> SlotState {
        let marks = self.policy.nodes[slot].marks
        if marks.contains(.tagged), self.tags.isPurged(slot) { return .gone }
        return self.timing(of: slot).state(at: now)
    }

    @usableFromInline
    mutating func missed() { self.counters.misses &+= 1 }

    // MARK: Writing

    /// Makes a slot for a new entry. `nextVictim` says who has to go for it.
    @usableFromInline
    mutating func insert(_ hash: UInt32, weight: Int) -> UInt32 {
        self.note(hash)
        let slot = self.policy.insert(hash, weight: weight)
        self.table.grow(to: self.policy.capacity)
        self.table.insert(hash, slot)
        return slot
    }

    /// The value of a slot was replaced, which counts as a use.
    @usableFromInline
    mutating func replaced(_ slot: UInt32, weight: Int) {
        self.note(self.policy.nodes[slot].hash)
        self.policy.touch(slot)
        self.policy.reweigh(slot, to: weight)
    }

    /// Times and tags of an entry that was just written.
    @usableFromInline
    mutating func describe(_ slot: UInt32, _ timing: SlotTiming, _ tags: [String], at now: Int64) {
        var marks: SlotMarks = []
        let old = self.policy.nodes[slot].marks
        if timing.isPlain, tags.isEmpty, old.isEmpty { return }
        if !timing.isPlain {
            marks.insert(.timed)
            self.times.set(slot, timing, capacity: self.policy.capacity, at: now)
        } else if old.contains(.timed) {
            self.times.clear(slot)
        }
        if !tags.isEmpty {
            marks.insert(.tagged)
            self.tags.set(slot, tags)
        } else if old.contains(.tagged) {
            self.tags.clear(slot)
        }
        self.policy.mark(slot, marks)
    }

    @usableFromInline
    mutating func remove(_ slot: UInt32) {
        let node = self.policy.nodes[slot]
        if node.marks.contains(.timed) { self.times.clear(slot) }
        if node.marks.contains(.tagged) { self.tags.clear(slot) }
        self.table.remove(node.hash, slot)
        self.policy.remove(slot)
    }

    /// The next entry that must be removed because there is too much; nil when all fits.
    @usableFromInline
    mutating func nextVictim() -> UInt32? {
        if self.isWeighted, self.policy.weight > self.policy.maximum { self.expect(entries: self.policy.count) }
        return self.policy.nextVictim()
    }

    /// The slots whose entries have expired, and may be removed.
    @usableFromInline
    mutating func takeGone(at now: Int64) -> [UInt32] {
        let gone = self.times.takeGone(at: now)
        self.counters.expirations += gone.count
        return gone
    }

    @usableFromInline
    mutating func evicted(weight: Int) {
        self.counters.evictions += 1
        self.counters.evictionWeight += weight
    }

    /// Puts a refresh off.
    mutating func postponeRefresh(_ slot: UInt32, until tick: Int64) { self.times.setRefresh(slot, at: tick) }

    /// Lets a stale entry be served as a fresh one until `tick`, as long as its grace lasts.
    mutating func extend(_ slot: UInt32, until tick: Int64) { self.times.extend(slot, until: tick) }

    // MARK: The window

    private mutating func note(_ hash: UInt32) {
        if let share = self.selector?.record(hash) { self.policy.setWindow(share: share) }
    }

    /// Begins the choice of the window's share. Where entries weigh, the size of the sample follows from how many there are
    /// when the cache is full for the first time, and is chosen anew when that turns out to be far off.
    private mutating func expect(entries: Int) {
        let entries = self.isWeighted ? max(entries, 16) : entries
        if let selector, selector.suits(entries) { return }
        self.selector = WindowSelector(capacity: entries, seed: self.generator.next())
        self.policy.setWindow(share: WindowSelector.shares[WindowSelector.firstShare])
    }
}

extension SlotTiming {
    fileprivate func state(at now: Int64) -> SlotState {
        if now < self.expiresAt { return now >= self.refreshAt ? .due : .fresh }
        return now < self.goneAt ? .stale : .gone
    }
}
