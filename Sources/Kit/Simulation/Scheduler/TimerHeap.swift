/// What waits for a moment, the earliest first; at the same moment, the one whose identifier was taken first.
///
/// Not the `AlarmQueue` of Essentials, which knows the place of each alarm so that very many can be set and cleared at once:
/// timers here are named by the scheduler before they are set, few are ever cancelled, and those of a process that dies go
/// together.
struct TimerHeap<Payload: Sendable>: Sendable {
    struct Entry: Sendable {
        /// Nanoseconds of true time.
        var due: Int64
        var id: UInt64
        var payload: Payload
    }

    private var entries: [Entry] = []
    /// Timers that were cancelled and still lie in the heap.
    private var cancelled: Set<UInt64> = []

    init() {}

    /// When the next timer is due; nil when there is none.
    /// - Complexity: O(log n), amortised over the cancelled.
    mutating func nextDue() -> Int64? {
        self.dropCancelled()
        return self.entries.first?.due
    }

    /// - Complexity: O(log n).
    mutating func insert(_ entry: Entry) {
        self.entries.append(entry)
        var child = self.entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard Self.isBefore(self.entries[child], self.entries[parent]) else { break }
            self.entries.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the next timer out if it is due at `now`.
    mutating func popDue(at now: Int64) -> Entry? {
        self.dropCancelled()
        guard let first = self.entries.first, first.due <= now else { return nil }
        return self.popFirst()
    }

    /// Takes a timer out, whenever it is due. Only for timers that are in the heap.
    mutating func cancel(_ id: UInt64) { self.cancelled.insert(id) }

    /// Takes out all timers that `belongs` names, in the order in which they are due.
    /// - Complexity: O(n log n).
    mutating func removeAll(where belongs: (Payload) -> Bool) -> [Entry] {
        var kept: [Entry] = []
        var removed: [Entry] = []
        while let entry = self.popFirst() {
            if self.cancelled.remove(entry.id) != nil { continue }
            if belongs(entry.payload) { removed.append(entry) } else { kept.append(entry) }
        }
        // Sorted, and therefore a heap.
        self.entries = kept
        return removed
    }

    private mutating func dropCancelled() {
        while !self.cancelled.isEmpty, let first = self.entries.first, self.cancelled.remove(first.id) != nil {
            _ = self.popFirst()
        }
    }

    private mutating func popFirst() -> Entry? {
        guard let last = self.entries.popLast() else { return nil }
        guard !self.entries.isEmpty else { return last }
        let first = self.entries[0]
        self.entries[0] = last
        self.siftDown()
        return first
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < self.entries.count else { return }
            if child + 1 < self.entries.count, Self.isBefore(self.entries[child + 1], self.entries[child]) {
                child += 1
            }
            guard Self.isBefore(self.entries[child], self.entries[parent]) else { return }
            self.entries.swapAt(child, parent)
            parent = child
        }
    }

    private static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
        left.due < right.due || left.due == right.due && left.id < right.id
    }
}
