import Essentials

/// Which entry goes when there are too many: W-TinyLFU over numbered slots, without keys and values.
///
/// New entries come into a *window* in order of use. Who falls out of it becomes a candidate for the *main* space, which is
/// a segmented LRU: *probation*, and *protected* for those that were used there, at most four fifths of it. When room is
/// short the candidate competes with the oldest on probation, by frequency; the loser goes.
///
/// Two things differ from Caffeine's W-TinyLFU. The candidate must have been seen at least twice more than the victim, which
/// keeps a loop larger than the cache from pushing out its own entries one after the other. And the window's share is set
/// from outside, by ``WindowSelector``; a new share moves entries between the lists and throws nothing away.
struct EvictionPolicy: ~Copyable {
    /// In which list a slot is.
    enum Region: UInt8 { case free, window, probation, protected }

    struct Node {
        var newer: UInt32
        var older: UInt32
        var hash: UInt32
        var region: Region
        var marks: SlotMarks
    }

    static let none = UInt32.max

    private(set) var nodes = Column<Node>()
    /// Empty when each entry weighs one.
    private var weights = Column<UInt32>()
    private let isWeighted: Bool
    private var window = RecencyList()
    private var probation = RecencyList()
    private var protected = RecencyList()
    private var freeSlot = Self.none
    private var sketch: FrequencySketch
    private var generator: SeededGenerator

    let maximum: Int
    private var windowMaximum: Int
    private(set) var count = 0

    /// - Parameters:
    ///   - maximum: how many entries, or how much weight, may be there.
    ///   - isWeighted: whether entries weigh something else than one.
    ///   - seed: for the one decision that chance makes.
    init(maximum: Int, isWeighted: Bool, windowShare: Double, seed: UInt64) {
        self.maximum = maximum
        self.isWeighted = isWeighted
        self.windowMaximum = maximum
        self.sketch = FrequencySketch(entries: 16, maximum: isWeighted ? 16 : maximum)
        self.generator = SeededGenerator(seed: seed)
        self.setWindow(share: windowShare)
    }

    var weight: Int { self.window.weight + self.probation.weight + self.protected.weight }
    var capacity: Int { self.nodes.capacity }

    func weight(of slot: UInt32) -> Int { self.isWeighted ? Int(self.weights[slot]) : 1 }

    // MARK: What happened

    /// An entry was used.
    mutating func touch(_ slot: UInt32) {
        self.sketch.increment(self.nodes[slot].hash)
        switch self.nodes[slot].region {
        case .window: self.window.moveToFront(slot, &self.nodes)
        case .protected: self.protected.moveToFront(slot, &self.nodes)
        case .probation:
            self.move(slot, to: .protected)
            self.demote()
        case .free: preconditionFailure("a free slot cannot be used")
        }
    }

    /// An entry came. ``nextVictim()`` says who has to go for it.
    mutating func insert(_ hash: UInt32, weight: Int) -> UInt32 {
        self.sketch.increment(hash)
        if self.freeSlot == Self.none { self.grow() }
        let slot = self.freeSlot
        self.freeSlot = self.nodes[slot].older
        self.nodes[slot].hash = hash
        self.nodes[slot].marks = []
        self.nodes[slot].region = .window
        if self.isWeighted { self.weights[slot] = UInt32(weight) }
        self.window.pushFront(slot, weight, &self.nodes)
        self.count += 1
        return slot
    }

    /// An entry weighs something else now.
    mutating func reweigh(_ slot: UInt32, to weight: Int) {
        guard self.isWeighted else { return }
        let region = self.nodes[slot].region
        self.unlink(slot)
        self.weights[slot] = UInt32(weight)
        self.link(slot, in: region)
    }

    /// An entry is gone.
    mutating func remove(_ slot: UInt32) {
        self.unlink(slot)
        self.nodes[slot].region = .free
        self.nodes[slot].older = self.freeSlot
        self.freeSlot = slot
        self.count -= 1
    }

    mutating func mark(_ slot: UInt32, _ marks: SlotMarks) { self.nodes[slot].marks = marks }

    // MARK: Who goes

    /// The next entry that must be removed, or nil when all fits. To be called until it returns nil.
    mutating func nextVictim() -> UInt32? {
        while self.weight > self.maximum {
            let victim = self.mainVictim
            guard self.window.weight > self.windowMaximum else { return victim ?? self.window.oldest }
            let candidate = self.window.oldest
            guard let victim else { return candidate }
            return self.admits(candidate, over: victim) ? victim : candidate
        }
        self.settle()
        return nil
    }

    private var mainVictim: UInt32? {
        if self.probation.oldest != Self.none { return self.probation.oldest }
        return self.protected.oldest != Self.none ? self.protected.oldest : nil
    }

    /// Frequency decides. A frequent candidate is let in now and then even so: otherwise somebody who knows the hash
    /// could keep an entry in by keeping a victim's frequency high.
    private mutating func admits(_ candidate: UInt32, over victim: UInt32) -> Bool {
        let frequency = self.sketch.frequency(self.nodes[candidate].hash)
        if frequency > self.sketch.frequency(self.nodes[victim].hash) + 1 { return true }
        return frequency >= 6 && self.generator.next() & 127 == 0
    }

    // MARK: The window

    /// How much of the whole the window may hold, from 0 (one entry) to 1 (all: plain LRU).
    mutating func setWindow(share: Double) {
        self.windowMaximum = max(1, min(self.maximum, Int(Double(self.maximum) * share)))
        if self.weight <= self.maximum { self.settle() }
    }

    private var protectedMaximum: Int { (self.maximum - self.windowMaximum) * 4 / 5 }

    /// Moves what is too much in the window to probation. Everything fits, so nothing has to go for it.
    private mutating func settle() {
        while self.window.weight > self.windowMaximum { self.move(self.window.oldest, to: .probation) }
        self.demote()
    }

    private mutating func demote() {
        while self.protected.weight > self.protectedMaximum { self.move(self.protected.oldest, to: .probation) }
    }

    // MARK: Lists

    private mutating func move(_ slot: UInt32, to region: Region) {
        self.unlink(slot)
        self.link(slot, in: region)
    }

    private mutating func unlink(_ slot: UInt32) {
        let weight = self.weight(of: slot)
        switch self.nodes[slot].region {
        case .window: self.window.remove(slot, weight, &self.nodes)
        case .probation: self.probation.remove(slot, weight, &self.nodes)
        case .protected: self.protected.remove(slot, weight, &self.nodes)
        case .free: preconditionFailure("a free slot is in no list")
        }
    }

    private mutating func link(_ slot: UInt32, in region: Region) {
        let weight = self.weight(of: slot)
        self.nodes[slot].region = region
        switch region {
        case .window: self.window.pushFront(slot, weight, &self.nodes)
        case .probation: self.probation.pushFront(slot, weight, &self.nodes)
        case .protected: self.protected.pushFront(slot, weight, &self.nodes)
        case .free: preconditionFailure("a slot becomes free by being removed")
        }
    }

    /// Four times as many slots, but no more than can be filled at one time: the maximum, and one that waits for the
    /// decision who goes. Where entries weigh nobody knows how many that are, and there are twice as many.
    private mutating func grow() {
        let old = self.nodes.capacity
        var capacity = max(16, old * (self.isWeighted ? 2 : 4))
        if !self.isWeighted, capacity > self.maximum / 2 { capacity = self.maximum + 1 }
        precondition(capacity < Self.none, "a cache cannot hold more than four thousand million entries")
        let blank = Node(newer: Self.none, older: Self.none, hash: 0, region: .free, marks: [])
        self.nodes.grow(to: capacity, filling: blank)
        for slot in (old..<capacity).reversed() {
            self.nodes[UInt32(slot)].older = self.freeSlot
            self.freeSlot = UInt32(slot)
        }
        if self.isWeighted {
            self.weights.grow(to: capacity, filling: 0)
            self.sketch.expect(capacity)
        }
        self.sketch.grow(to: capacity - 1)
    }
}

/// What must be looked at when an entry is read, besides its value.
@usableFromInline
struct SlotMarks: OptionSet {
    @usableFromInline
    var rawValue: UInt8

    @inlinable
    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// It expires, is refreshed, or may be served stale.
    @inlinable
    static var timed: SlotMarks { SlotMarks(rawValue: 1) }
    /// It carries tags.
    @inlinable
    static var tagged: SlotMarks { SlotMarks(rawValue: 2) }
}
