import Essentials

/// Remembers a value for each of the keys that were written lately, in bounded memory: two generations, of which the
/// older is dropped when a lifetime has passed or the younger is full.
///
/// A value is kept for at least `lifetime` after its last writing, unless more than `capacity` keys were written since.
struct RecentMemory<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let capacity: Int
    private let lifetime: Duration
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]
    private var begunAt: Tick

    /// - Parameters:
    ///   - capacity: keys of one generation; at most twice as many are remembered.
    ///   - lifetime: how long a value is kept at least.
    init(capacity: Int, lifetime: Duration, from now: Tick) {
        self.capacity = capacity
        self.lifetime = lifetime
        self.begunAt = now
    }

    var count: Int { self.young.count + self.old.keys.count(where: { self.young[$0] == nil }) }

    func value(of key: Key) -> Value? { self.young[key] ?? self.old[key] }

    mutating func set(_ value: Value, for key: Key, at now: Tick) {
        let isFull = self.young.count >= self.capacity && self.young[key] == nil
        if isFull || now >= self.begunAt + self.lifetime {
            self.old = now >= self.begunAt + self.lifetime * 2 ? [:] : self.young
            self.young = [:]
            self.begunAt = now
        }
        self.young[key] = value
    }

    mutating func forget(_ key: Key) {
        self.young[key] = nil
        self.old[key] = nil
    }
}
