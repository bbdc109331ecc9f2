/// Deadlines of one event loop: a hashed wheel (Varghese and Lauck, SOSP 1987, scheme 6) of 512 slots.
///
/// It holds names of things, not the things, and never removes: whoever is named looks whether its deadline has moved,
/// and if so comes back. So a connection that is busy costs the wheel nothing per request.
struct DeadlineWheel {
    private struct Entry {
        var name: UInt64
        var tick: Int64
    }

    /// Milliseconds of a slot.
    static let granularity: Int64 = 64
    private static let slots = 512

    private var wheel: [[Entry]] = Array(repeating: [], count: Self.slots)
    /// The first slot's worth of time that was not yet looked at.
    private var tick: Int64
    private(set) var count = 0

    /// - Parameter now: milliseconds.
    init(now: Int64) {
        self.tick = now / Self.granularity
    }

    /// Names `name` at the first look after `deadline`, in milliseconds.
    mutating func schedule(_ name: UInt64, at deadline: Int64) {
        let tick = Swift.max(self.tick, deadline / Self.granularity + 1)
        self.wheel[Int(tick % Int64(Self.slots))].append(Entry(name: name, tick: tick))
        self.count += 1
    }

    /// Moves on to `now` and appends the names that are due to `due`, in no particular order.
    /// - Complexity: O(slots passed + entries in them).
    mutating func advance(to now: Int64, _ due: inout [UInt64]) {
        let target = now / Self.granularity
        guard self.tick <= target else { return }
        let last = Swift.min(target, self.tick + Int64(Self.slots) - 1)
        while self.tick <= last {
            let slot = Int(self.tick % Int64(Self.slots))
            if !self.wheel[slot].isEmpty { self.take(slot, target, &due) }
            self.tick += 1
        }
        self.tick = target + 1
    }

    private mutating func take(_ slot: Int, _ target: Int64, _ due: inout [UInt64]) {
        let before = self.wheel[slot].count
        for entry in self.wheel[slot] where entry.tick <= target { due.append(entry.name) }
        self.wheel[slot].removeAll { $0.tick <= target }
        self.count -= before - self.wheel[slot].count
    }
}
