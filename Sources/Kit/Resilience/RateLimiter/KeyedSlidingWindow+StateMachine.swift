package import Essentials

extension KeyedSlidingWindow {
    /// The logs of all keys. A value: time comes in, decisions come out.
    ///
    /// Keys are linked in the order in which they last recorded, so that the idlest is found without searching.
    package struct StateMachine: Sendable {
        private struct Entry {
            var key: Key
            /// Ticks of the recorded events, oldest first; at most `maximum`.
            var log: [Tick] = []
            var older: Int?
            var newer: Int?
        }

        private let maximum: Int
        private let window: Duration
        private let keyLimit: Int
        private var slots: [Key: Int] = [:]
        private var entries: [Entry] = []
        private var free: [Int] = []
        private var idlest: Int?
        private var freshest: Int?
        private var latest = Tick.distantPast
        /// Keys dropped although they had events within the window, because there were too many keys.
        package private(set) var evictions = 0

        package init(maximum: Int, window: Duration, keyLimit: Int) {
            self.maximum = maximum
            self.window = window
            self.keyLimit = keyLimit
        }

        package var keyCount: Int { self.slots.count }

        /// What `record` would answer, without recording.
        package func peek(_ key: Key, at now: Tick) -> Decision {
            guard let slot = self.slots[key] else { return .allowed(remaining: self.maximum) }
            let now = max(now, self.latest)
            let log = self.entries[slot].log
            let expired = log.prefix { $0 + self.window <= now }.count
            guard log.count - expired < self.maximum else {
                return .refused(retryAfter: log[expired] + self.window - now)
            }
            return .allowed(remaining: self.maximum - (log.count - expired))
        }

        /// Counts an event of `key` if there is room for it.
        package mutating func record(_ key: Key, at now: Tick) -> Decision {
            self.latest = max(self.latest, now)
            self.dropIdleKeys()
            let decision = self.peek(key, at: self.latest)
            guard case .allowed(let remaining) = decision else { return decision }
            let slot = self.slots[key] ?? self.insert(key)
            let (window, latest) = (self.window, self.latest)
            self.entries[slot].log.removeAll { $0 + window <= latest }
            self.entries[slot].log.append(latest)
            self.unlink(slot)
            self.linkAsFreshest(slot)
            return .allowed(remaining: remaining - 1)
        }

        /// Takes back the latest event of `key`.
        package mutating func withdraw(_ key: Key) {
            guard let slot = self.slots[key] else { return }
            self.entries[slot].log.removeLast()
            if self.entries[slot].log.isEmpty { self.remove(slot) }
        }

        /// Forgets `key`.
        package mutating func clear(_ key: Key) {
            guard let slot = self.slots[key] else { return }
            self.remove(slot)
        }

        /// Forgets, from the idlest on, at most two keys whose events have all left the window: each record adds at
        /// most one key, so the memory of a burst is given back by the traffic after it.
        private mutating func dropIdleKeys() {
            for _ in 0..<2 {
                guard let slot = self.idlest, let last = self.entries[slot].log.last, last + self.window <= self.latest
                else { return }
                self.remove(slot)
            }
        }

        private mutating func insert(_ key: Key) -> Int {
            if self.slots.count == self.keyLimit, let slot = self.idlest {
                self.remove(slot)
                self.evictions += 1
            }
            let slot: Int
            if let reused = self.free.popLast() {
                slot = reused
                self.entries[slot] = Entry(key: key)
            } else {
                slot = self.entries.count
                self.entries.append(Entry(key: key))
            }
            self.slots[key] = slot
            self.linkAsFreshest(slot)
            return slot
        }

        private mutating func remove(_ slot: Int) {
            self.unlink(slot)
            self.slots[self.entries[slot].key] = nil
            self.entries[slot].log = []
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
