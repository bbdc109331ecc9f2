/// Finds the slot of an entry by its hash: open addressing with linear probing, eight bytes a bucket.
///
/// A bucket holds 32 bits of the hash and the slot's number plus one, or zero. At most four fifths are full. Removal moves
/// later buckets back, so there are no tombstones.
@usableFromInline
struct SlotTable: ~Copyable {
    @usableFromInline
    var buckets: Column<UInt64>
    @usableFromInline
    var mask: UInt32

    init(capacity: Int) {
        let size = Self.size(for: capacity)
        self.buckets = Column(repeating: 0, count: size)
        self.mask = UInt32(size - 1)
    }

    private static func size(for capacity: Int) -> Int {
        var size = 8
        while size * 4 / 5 < capacity { size *= 2 }
        return size
    }

    /// The slot with this hash for which `matches` says so.
    @inlinable
    func find(_ hash: UInt32, where matches: (UInt32) -> Bool) -> UInt32? {
        var place = hash & self.mask
        while true {
            let bucket = self.buckets[place]
            if bucket == 0 { return nil }
            if UInt32(truncatingIfNeeded: bucket >> 32) == hash {
                let slot = UInt32(truncatingIfNeeded: bucket) &- 1
                if matches(slot) { return slot }
            }
            place = (place &+ 1) & self.mask
        }
    }

    /// Enters a slot that is not in the table, which has room for it.
    @usableFromInline
    mutating func insert(_ hash: UInt32, _ slot: UInt32) {
        self.place(UInt64(hash) << 32 | UInt64(slot &+ 1))
    }

    private mutating func place(_ bucket: UInt64) {
        var place = UInt32(truncatingIfNeeded: bucket >> 32) & self.mask
        while self.buckets[place] != 0 { place = (place &+ 1) & self.mask }
        self.buckets[place] = bucket
    }

    /// Makes room for so many slots.
    mutating func grow(to capacity: Int) {
        let size = Self.size(for: capacity)
        guard size > self.buckets.capacity else { return }
        var old = Column<UInt64>(repeating: 0, count: size)
        swap(&old, &self.buckets)
        self.mask = UInt32(size - 1)
        for number in 0..<UInt32(old.capacity) where old[number] != 0 { self.place(old[number]) }
    }

    /// Takes out a slot that is in the table.
    @usableFromInline
    mutating func remove(_ hash: UInt32, _ slot: UInt32) {
        let wanted = UInt64(hash) << 32 | UInt64(slot &+ 1)
        var hole = hash & self.mask
        while self.buckets[hole] != wanted {
            precondition(self.buckets[hole] != 0, "the slot is not in the table")
            hole = (hole &+ 1) & self.mask
        }
        var next = (hole &+ 1) & self.mask
        while self.buckets[next] != 0 {
            let home = UInt32(truncatingIfNeeded: self.buckets[next] >> 32) & self.mask
            // What lies between its home and here may move back to the hole if the hole is on that way.
            if (next &- home) & self.mask >= (next &- hole) & self.mask {
                self.buckets[hole] = self.buckets[next]
                hole = next
            }
            next = (next &+ 1) & self.mask
        }
        self.buckets[hole] = 0
    }
}
