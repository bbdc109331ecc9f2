/// Hosts by rank, the lowest first, each found by its slot: a binary heap with places.
struct HostHeap: Sendable {
    private struct Entry {
        var rank: Double
        /// Decides between equal ranks: lower is older.
        var sequence: UInt64
        var slot: Int32

        static func < (left: Entry, right: Entry) -> Bool {
            left.rank != right.rank ? left.rank < right.rank : left.sequence < right.sequence
        }
    }

    private var entries: [Entry] = []
    /// By slot; -1 for one that is not in the heap.
    private var places: [Int32] = []

    /// The slot with the lowest rank. The heap must not be empty.
    var first: Int { Int(self.entries[0].slot) }
    var lowestRank: Double? { self.entries.first?.rank }

    /// The slot with the lowest rank but `other`; nil when there is none.
    func first(but other: Int) -> Int? {
        guard !self.entries.isEmpty else { return nil }
        if self.first != other { return self.first }
        switch self.entries.count {
        case 1: return nil
        case 2: return Int(self.entries[1].slot)
        default: return Int(self.entries[self.entries[2] < self.entries[1] ? 2 : 1].slot)
        }
    }

    func rank(of slot: Int) -> Double? {
        guard slot < self.places.count, self.places[slot] >= 0 else { return nil }
        return self.entries[Int(self.places[slot])].rank
    }

    /// Leaves the room for `slots` slots, and no hosts.
    mutating func removeAll(slots: Int) {
        self.entries.removeAll(keepingCapacity: true)
        self.places.removeAll(keepingCapacity: true)
        self.places.append(contentsOf: repeatElement(-1, count: slots))
    }

    mutating func insert(_ slot: Int, rank: Double, sequence: UInt64) {
        self.entries.append(Entry(rank: rank, sequence: sequence, slot: Int32(slot)))
        self.places[slot] = Int32(self.entries.count - 1)
        self.rise(self.entries.count - 1)
    }

    /// Gives a host another rank; nothing when it is not in the heap.
    mutating func move(_ slot: Int, rank: Double, sequence: UInt64? = nil) {
        let place = Int(self.places[slot])
        guard place >= 0 else { return }
        self.entries[place].rank = rank
        if let sequence { self.entries[place].sequence = sequence }
        self.rise(place)
        self.sink(Int(self.places[slot]))
    }

    private mutating func rise(_ start: Int) {
        var index = start
        let entry = self.entries[index]
        while index > 0 {
            let parent = (index - 1) / 2
            guard entry < self.entries[parent] else { break }
            self.entries[index] = self.entries[parent]
            self.places[Int(self.entries[index].slot)] = Int32(index)
            index = parent
        }
        self.entries[index] = entry
        self.places[Int(entry.slot)] = Int32(index)
    }

    private mutating func sink(_ start: Int) {
        var index = start
        let entry = self.entries[index]
        while true {
            var child = 2 * index + 1
            guard child < self.entries.count else { break }
            if child + 1 < self.entries.count, self.entries[child + 1] < self.entries[child] { child += 1 }
            guard self.entries[child] < entry else { break }
            self.entries[index] = self.entries[child]
            self.places[Int(self.entries[index].slot)] = Int32(index)
            index = child
        }
        self.entries[index] = entry
        self.places[Int(entry.slot)] = Int32(index)
    }
}
