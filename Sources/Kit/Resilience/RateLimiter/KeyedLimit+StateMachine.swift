package import Essentials

extension KeyedLimit {
    /// The meters of all keys. A value: time comes in, decisions come out.
    ///
    /// Keys are linked in the order in which they last recorded, so that the idlest is found without searching.
    package struct StateMachine: Sendable {
        private struct Entry {
            var key: Key
            var meter = Meter()
            var older: Int?
            var newer: Int?
        }

        private let limit: RateLimiter.Configuration
        private let keyLimit: Int
        private var slots: [Key: Int] = [:]
        private var entries: [Entry] = []
        private var free: [Int] = []
        private var idlest: Int?
        private var freshest: Int?
        private var latest = Tick.distantPast
        /// Keys dropped although their events still mattered, because there were too many keys.
        package private(set) var evictions = 0

        package init(_ limit: RateLimiter.Configuration, keyLimit: Int) {
            self.limit = limit
            self.keyLimit = keyLimit
        }

        package var keyCount: Int { self.slots.count }

        /// What `record` would answer, without recording.
        package func peek(_ key: Key, at now: Tick) -> Decision {
            let meter = self.slots[key].map { self.entries[$0].meter } ?? Meter()
            return meter.peek(under: self.limit, at: max(now, self.latest))
        }

        /// Counts an event of `key` if there is room for it.
        @specialized(where Key == UInt64, Meter == CellRate)
        package mutating func record(_ key: Key, at now: Tick) -> Decision {
            self.latest = max(self.latest, now)
            let slot = self.slots[key]
            self.dropIdleKeys(but: slot)
            guard let slot else {
                var meter = Meter()
                let decision = meter.record(under: self.limit, at: self.latest)
                self.insert(Entry(key: key, meter: meter))
                return decision
            }
            let decision = self.entries[slot].meter.record(under: self.limit, at: self.latest)
            if case .allowed = decision, slot != self.freshest {
                self.unlink(slot)
                self.linkAsFreshest(slot)
            }
            return decision
        }

        /// Takes back the latest event of `key`.
        package mutating func withdraw(_ key: Key) {
            guard let slot = self.slots[key] else { return }
            self.entries[slot].meter.withdraw(under: self.limit)
            if self.entries[slot].meter.isUnused { self.remove(slot) }
        }

        /// Forgets `key`.
        package mutating func clear(_ key: Key) {
            guard let slot = self.slots[key] else { return }
            self.remove(slot)
        }

        /// Forgets, from the idlest on, at most two keys whose events no longer matter: each record adds at most one key,
        /// so the memory of a burst is given back by the traffic after it. `kept`, which records now, stays.
        private mutating func dropIdleKeys(but kept: Int?) {
            for _ in 0..<2 {
                guard let slot = self.idlest, slot != kept,
                    self.entries[slot].meter.isSpent(under: self.limit, at: self.latest)
                else { return }
                self.remove(slot)
            }
        }

        private mutating func insert(_ entry: Entry) {
            if self.slots.count == self.keyLimit, let slot = self.idlest {
                self.remove(slot)
                self.evictions += 1
            }
            let slot: Int
            if let reused = self.free.popLast() {
                slot = reused
                self.entries[slot] = entry
            } else {
                slot = self.entries.count
                self.entries.append(entry)
            }
            self.slots[entry.key] = slot
            self.linkAsFreshest(slot)
        }

        private mutating func remove(_ slot: Int) {
            self.unlink(slot)
            self.slots[self.entries[slot].key] = nil
            self.entries[slot].meter = Meter()
            self.free.append(slot)
        }

        private mutating func linkAsFreshest(_ slot: Int) {
            self.entries[slot].older = self.freshest
            self.entries[slot].newer = nil
            if let freshest { self.entries[freshest].newer = slot } else { self.idlest = slot }
            self.freshest = slot
        }

        private mutating func unlink(_ slot: Int) {
            let (older, newer) = (self.entries[slot].older, self.entries[slot].newer)
            if let older { self.entries[older].newer = newer } else { self.idlest = newer }
            if let newer { self.entries[newer].older = older } else { self.freshest = older }
        }
    }
}
