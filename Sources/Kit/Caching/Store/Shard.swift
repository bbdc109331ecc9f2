import Essentials

/// A key with its value; no value means that there is known to be none.
@usableFromInline
struct CacheEntry<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    @usableFromInline
    let key: Key
    @usableFromInline
    var value: Value?

    @inlinable
    init(key: Key, value: Value?) {
        self.key = key
        self.value = value
    }
}

/// What is to be written for one key.
@usableFromInline
struct CacheWrite<Value: Sendable>: Sendable {
    @usableFromInline
    var value: Value?
    @usableFromInline
    var weight = 1
    @usableFromInline
    var timing = SlotTiming()
    @usableFromInline
    var tags: [String] = []
    @usableFromInline
    var now: Int64 = 0

    @inlinable
    init(value: Value?, tags: [String]) {
        self.value = value
        self.tags = tags
    }
}

/// A part of a cache under a lock of its own: keys and values by slot, and the index that knows the rest.
@usableFromInline
struct Shard<Key: Hashable & Sendable, Value: Sendable>: ~Copyable {
    @usableFromInline
    var index: CacheIndex
    @usableFromInline
    var entries = Column<CacheEntry<Key, Value>>()
    /// Loads under way that a reader may join.
    @usableFromInline
    var flights: [Key: Flight<Value>] = [:]

    init(maximum: Int, isWeighted: Bool, seed: UInt64) {
        self.index = CacheIndex(maximum: maximum, isWeighted: isWeighted, seed: seed)
    }

    deinit {
        for slot in 0..<UInt32(self.entries.capacity) where self.index.isInUse(slot) {
            (self.entries.base + Int(slot)).deinitialize(count: 1)
        }
    }

    @inlinable
    func find(_ key: Key, _ hash: UInt32) -> UInt32? {
        self.index.table.find(hash) { self.entries.base[Int($0)].key == key }
    }

    /// Writes, and removes what has to go for it, or has expired.
    @inlinable
    mutating func write(_ key: Key, _ hash: UInt32, _ write: CacheWrite<Value>, _ removals: inout Removals<Key, Value>)
    {
        self.removeGone(at: write.now, &removals)
        let found = self.find(key, hash)
        guard write.weight <= self.index.maximum else {
            if let found { removals.append(self.take(found, .replaced)) }
            self.index.evicted(weight: write.weight)
            return removals.append(CacheRemoval(key: key, value: write.value, cause: .size))
        }
        let slot: UInt32
        if let found {
            slot = found
            removals.append(CacheRemoval(key: key, value: self.entries[slot].value, cause: .replaced))
            self.entries[slot].value = write.value
            self.index.replaced(slot, weight: write.weight)
        } else {
            slot = self.index.insert(hash, weight: write.weight)
            self.makeRoom(for: slot)
            (self.entries.base + Int(slot)).initialize(to: CacheEntry(key: key, value: write.value))
        }
        self.index.describe(slot, write.timing, write.tags, at: write.now)
        while let victim = self.index.nextVictim() {
            self.index.evicted(weight: self.index.weight(of: victim))
            removals.append(self.take(victim, .size))
        }
    }

    /// A slot beyond the memory there is comes only when all others are in use.
    @inlinable
    mutating func makeRoom(for slot: UInt32) {
        guard slot >= self.entries.capacity else { return }
        self.entries.grow(to: self.index.capacity) { _ in true }
    }

    /// Takes out the entry in the slot.
    @inlinable
    mutating func take(_ slot: UInt32, _ cause: CacheRemoval<Key, Value>.Cause) -> CacheRemoval<Key, Value> {
        self.index.remove(slot)
        let entry = (self.entries.base + Int(slot)).move()
        return CacheRemoval(key: entry.key, value: entry.value, cause: cause)
    }

    /// Removes what has expired, as far as the wheel knows of it.
    @inlinable
    mutating func removeGone(at now: Int64, _ removals: inout Removals<Key, Value>) {
        for slot in self.index.takeGone(at: now) {
            removals.append(self.take(slot, .expired))
        }
    }

    /// Removes everything, and lets nobody join a load that began before.
    mutating func removeAll(_ removals: inout Removals<Key, Value>) {
        self.flights = [:]
        for slot in 0..<UInt32(self.entries.capacity) where self.index.isInUse(slot) {
            removals.append(self.take(slot, .explicit))
        }
    }
}
