/// Finds the slots whose time has come, without looking at the others: a hierarchical timing wheel.
///
/// Five wheels of 64 buckets, whose buckets last 1.07 s, 69 s, 73 min, 78 h and 208 days. A slot lies in the finest wheel
/// that reaches its time, and moves to a finer one when its bucket's time comes.
/// Source: Varghese, Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987.
struct ExpiryWheel: ~Copyable {
    struct Link {
        var before: UInt32
        var after: UInt32
    }

    private static let shifts: [Int64] = [30, 36, 42, 48, 54]
    private static let bucketsPerWheel: Int64 = 64
    private static let heads = UInt32(Self.shifts.count) * UInt32(Self.bucketsPerWheel)

    /// First the heads of the buckets, which are circular lists, then the slots.
    private var links = Column<Link>()
    private var now: Int64 = 0
    private(set) var count = 0

    /// Sets the time of a wheel without slots; one with slots is advanced.
    mutating func begin(at now: Int64) {
        if self.count == 0 { self.now = now }
    }

    /// Makes room for so many slots.
    mutating func grow(to capacity: Int) {
        let old = self.links.capacity
        self.links.grow(to: Int(Self.heads) + capacity, filling: Link(before: 0, after: 0))
        for number in UInt32(old)..<UInt32(self.links.capacity) { self.close(number) }
    }

    /// Enters a slot, or moves it if it is in.
    mutating func schedule(_ slot: UInt32, at tick: Int64) {
        self.cancel(slot)
        self.count += 1
        let (node, head) = (Self.heads + slot, self.bucket(of: tick))
        let last = self.links[head].before
        self.links[node] = Link(before: last, after: head)
        self.links[last].after = node
        self.links[head].before = node
    }

    /// Takes out a slot, if it is in.
    mutating func cancel(_ slot: UInt32) {
        let node = Self.heads + slot
        let (before, after) = (self.links[node].before, self.links[node].after)
        guard before != node else { return }
        self.links[before].after = after
        self.links[after].before = before
        self.close(node)
        self.count -= 1
    }

    private mutating func close(_ node: UInt32) { self.links[node] = Link(before: node, after: node) }

    private func bucket(of tick: Int64) -> UInt32 {
        let wait = max(0, tick &- self.now)
        let wheel = Self.shifts.indices.dropLast().first { wait < Self.bucketsPerWheel << Self.shifts[$0] }
        let chosen = wheel ?? Self.shifts.count - 1
        // What is overdue lies in the bucket that is looked at next.
        let turn = (max(tick, self.now) >> Self.shifts[chosen]) & (Self.bucketsPerWheel - 1)
        return UInt32(Int64(chosen) * Self.bucketsPerWheel + turn)
    }

    /// Whether ``advance(to:visit:)`` would look at anything.
    func isDue(at tick: Int64) -> Bool { self.count > 0 && tick >> Self.shifts[0] != self.now >> Self.shifts[0] }

    /// Takes out the slots of all buckets whose time has come. Some may have a little time left: who gets them looks, and
    /// enters those again.
    mutating func advance(to tick: Int64) -> [UInt32] {
        let before = self.now
        guard tick > before else { return [] }
        self.now = tick
        var due: [UInt32] = []
        for (wheel, shift) in Self.shifts.enumerated() {
            let passed = (tick >> shift) - (before >> shift)
            guard passed > 0 else { break }
            for step in 0..<min(passed + 1, Self.bucketsPerWheel) {
                let turn = ((before >> shift) + step) & (Self.bucketsPerWheel - 1)
                self.empty(UInt32(Int64(wheel) * Self.bucketsPerWheel + turn), into: &due)
            }
        }
        return due
    }

    private mutating func empty(_ head: UInt32, into due: inout [UInt32]) {
        while self.links[head].after != head {
            let slot = self.links[head].after - Self.heads
            self.cancel(slot)
            due.append(slot)
        }
    }
}
