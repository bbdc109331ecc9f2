/// The alarms that are set, earliest first. A value: ticks in, alarms out.
///
/// A binary heap over slots that know their place in it. Setting and clearing cost O(log n) at worst, and O(1) for the
/// usual load, where each new alarm is later than all before and most are cleared soon. Slots are used again, so
/// memory is bounded by the most alarms that were ever set at one time.
struct AlarmQueue: Sendable {
    private struct Slot {
        var alarm: (any Alarm)?
        var generation: UInt32 = 0
        /// Where in the heap, while there is an alarm.
        var place = 0
    }

    private struct Entry {
        var tick: Tick
        /// Ties ring in the order in which they were set.
        var number: UInt64
        var slot: Int

        static func < (left: Entry, right: Entry) -> Bool {
            left.tick == right.tick ? left.number < right.number : left.tick < right.tick
        }
    }

    private var slots: [Slot] = []
    private var free: [Int] = []
    private var heap: [Entry] = []
    private var nextNumber: UInt64 = 0

    var count: Int { self.heap.count }
    var earliest: Tick? { self.heap.first?.tick }

    mutating func insert(_ alarm: any Alarm, at tick: Tick) -> AlarmID {
        let slot: Int
        if let reused = self.free.popLast() {
            slot = reused
        } else {
            slot = self.slots.count
            self.slots.append(Slot())
        }
        self.slots[slot].alarm = alarm
        self.slots[slot].generation &+= 1
        self.nextNumber += 1
        self.heap.append(Entry(tick: tick, number: self.nextNumber, slot: slot))
        self.rise(self.heap.count - 1)
        return AlarmID(rawValue: UInt64(self.slots[slot].generation) << 32 | UInt64(slot))
    }

    /// Returns the alarm, for its reference to be dropped outside the lock; nil when it is not known any more.
    mutating func remove(_ id: AlarmID) -> (any Alarm)? {
        let slot = Int(id.rawValue & 0xFFFF_FFFF)
        guard slot < self.slots.count, self.slots[slot].generation == UInt32(id.rawValue >> 32),
            self.slots[slot].alarm != nil
        else { return nil }
        return self.remove(at: self.slots[slot].place)
    }

    /// Takes out the alarms whose tick has come, in their order.
    mutating func takeDue(at now: Tick) -> [any Alarm] {
        var due: [any Alarm] = []
        while let first = self.heap.first, first.tick <= now {
            if let alarm = self.remove(at: 0) { due.append(alarm) }
        }
        return due
    }

    private mutating func remove(at place: Int) -> (any Alarm)? {
        let slot = self.heap[place].slot
        let last = self.heap.removeLast()
        if place < self.heap.count {
            self.heap[place] = last
            self.slots[last.slot].place = place
            self.rise(place)
            self.sink(self.slots[last.slot].place)
        }
        self.free.append(slot)
        return self.slots[slot].alarm.take()
    }

    private mutating func rise(_ start: Int) {
        var place = start
        let entry = self.heap[place]
        while place > 0, entry < self.heap[(place - 1) / 2] {
            self.move(from: (place - 1) / 2, to: place)
            place = (place - 1) / 2
        }
        self.heap[place] = entry
        self.slots[entry.slot].place = place
    }

    private mutating func sink(_ start: Int) {
        var place = start
        let entry = self.heap[place]
        while true {
            var child = 2 * place + 1
            guard child < self.heap.count else { break }
            if child + 1 < self.heap.count, self.heap[child + 1] < self.heap[child] { child += 1 }
            guard self.heap[child] < entry else { break }
            self.move(from: child, to: place)
            place = child
        }
        self.heap[place] = entry
        self.slots[entry.slot].place = place
    }

    private mutating func move(from source: Int, to target: Int) {
        self.heap[target] = self.heap[source]
        self.slots[self.heap[target].slot].place = target
    }
}
