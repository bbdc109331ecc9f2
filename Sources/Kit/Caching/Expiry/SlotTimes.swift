/// When an entry expires and what may be done with it then. Ticks and nanoseconds of the cache's time source.
@usableFromInline
struct SlotTiming: Sendable {
    static let never = Int64.max

    var expiresAt = Self.never
    /// How long each use lets it live; 0 when uses change nothing.
    var slide: Int64 = 0
    /// The end that no use moves.
    var latest = Self.never
    /// How long it may be served stale.
    var grace: Int64 = 0
    /// From when on a use asks for a refresh.
    var refreshAt = Self.never

    @usableFromInline
    init(expiresAt: Int64 = .max) {
        self.expiresAt = expiresAt
    }

    var isPlain: Bool { self.expiresAt == Self.never && self.refreshAt == Self.never }
    var goneAt: Int64 { self.expiresAt.addingSaturated(self.grace) }
}

extension Int64 {
    func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, overflow) = self.addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

/// The times of the slots that have any. Memory is taken when the first one comes: for fixed expiry 16 bytes a slot.
struct SlotTimes: ~Copyable {
    struct Rule {
        var slide: Int64 = 0
        var latest = SlotTiming.never
        var grace: Int64 = 0
        var refreshAt = SlotTiming.never
    }

    private var ends = Column<Int64>()
    private var rules = Column<Rule>()
    private var wheel = ExpiryWheel()

    subscript(slot: UInt32) -> SlotTiming {
        guard self.rules.capacity > slot else { return SlotTiming(expiresAt: self.ends[slot]) }
        let rule = self.rules[slot]
        var timing = SlotTiming(expiresAt: self.ends[slot])
        timing.slide = rule.slide
        timing.latest = rule.latest
        timing.grace = rule.grace
        timing.refreshAt = rule.refreshAt
        return timing
    }

    /// - Parameter capacity: of slots.
    mutating func set(_ slot: UInt32, _ timing: SlotTiming, capacity: Int, at now: Int64) {
        self.wheel.begin(at: now)
        if self.ends.capacity < capacity {
            self.ends.grow(to: capacity, filling: SlotTiming.never)
            self.wheel.grow(to: capacity)
        }
        self.ends[slot] = timing.expiresAt
        if self.rules.capacity > 0 || timing.slide != 0 || timing.grace != 0 || timing.refreshAt != SlotTiming.never {
            self.rules.grow(to: capacity, filling: Rule())
            self.rules[slot] = Rule(
                slide: timing.slide, latest: timing.latest, grace: timing.grace, refreshAt: timing.refreshAt)
        }
        if timing.goneAt == SlotTiming.never {
            self.wheel.cancel(slot)
        } else {
            self.wheel.schedule(slot, at: timing.goneAt)
        }
    }

    mutating func clear(_ slot: UInt32) {
        if self.ends.capacity > slot { self.wheel.cancel(slot) }
    }

    /// A use at `now`. The wheel learns of the later end when the earlier one comes.
    mutating func slide(_ slot: UInt32, _ timing: SlotTiming, at now: Int64) {
        if timing.slide != 0 { self.ends[slot] = min(now.addingSaturated(timing.slide), timing.latest) }
    }

    mutating func setRefresh(_ slot: UInt32, at tick: Int64) {
        if self.rules.capacity > slot { self.rules[slot].refreshAt = tick }
    }

    /// Lets a stale entry count as fresh until `tick`, without a refresh before; the end of its grace stays.
    mutating func extend(_ slot: UInt32, until tick: Int64) {
        var timing = self[slot]
        let goneAt = timing.goneAt
        timing.expiresAt = min(tick, goneAt)
        timing.grace = goneAt - timing.expiresAt
        self.ends[slot] = timing.expiresAt
        self.rules[slot].grace = timing.grace
        self.rules[slot].slide = 0
        self.rules[slot].refreshAt = SlotTiming.never
    }

    /// The slots that are gone at `now`, taken out of the wheel.
    mutating func takeGone(at now: Int64) -> [UInt32] {
        guard self.wheel.isDue(at: now) else { return [] }
        var gone: [UInt32] = []
        for slot in self.wheel.advance(to: now) {
            let goneAt = self[slot].goneAt
            if goneAt <= now { gone.append(slot) } else { self.wheel.schedule(slot, at: goneAt) }
        }
        return gone
    }
}
