import Synchronization

extension Cache {
    /// Forgets `key`. A load of it that is under way goes on for those who wait, but its value is not kept.
    public func invalidate(_ key: Key) {
        let place = self.place(of: key)
        let removal = self.shards[place.shard].withLock { shard -> CacheRemoval<Key, Value>? in
            if !shard.flights.isEmpty { shard.flights[key] = nil }
            return shard.find(key, place.hash).map { shard.take($0, .explicit) }
        }
        if let removal { self.onRemoval?(removal) }
    }

    /// Forgets all entries with this tag, without looking at them: their memory is given back when they would have gone
    /// anyway. A value that is being loaded and will have the tag is not kept.
    /// - Complexity: O(1) in the number of entries; O(n) in that of loads under way.
    public func invalidate(tag: String) {
        for number in 0..<self.shardCount {
            self.shards[number].withLock { shard in
                shard.index.tags.purge(tag)
                if !shard.flights.isEmpty { shard.flights = shard.flights.filter { !$0.value.tags.contains(tag) } }
            }
        }
    }

    /// Forgets everything, loads that are under way included.
    /// - Complexity: O(n) in the number of entries.
    public func invalidateAll() {
        for number in 0..<self.shardCount {
            self.report(
                self.shards[number].withLock { shard in
                    var removals = Removals<Key, Value>()
                    shard.removeAll(&removals)
                    return removals
                })
        }
    }
}
