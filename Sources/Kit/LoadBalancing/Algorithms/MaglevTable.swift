/// Google's Maglev hashing: each host lists the places in an order of its own and they take turns in claiming the next free
/// one, so that shares differ by hardly anything and few places change hands when the hosts do.
struct MaglevTable: Sendable {
    private var places: [Int32] = []

    /// - Parameters:
    ///   - hosts: each with its slot, the hash of its name and its weight.
    ///   - size: a prime.
    /// - Complexity: O(m log m) of the places, as a rule.
    init(_ hosts: [(slot: Int, hash: UInt64, weight: Int)] = [], size: Int = 0) {
        // By hash, so that the order of a list means nothing.
        let hosts = hosts.sorted { $0.hash < $1.hash }
        guard let heaviest = hosts.map(\.weight).max() else { return }
        var places = [Int32](repeating: -1, count: size)
        let skips = hosts.map { Int(BalancingKey.mixed($0.hash) % UInt64(size - 1)) + 1 }
        var next = hosts.map { Int($0.hash % UInt64(size)) }
        // A host of half the weight takes every second turn.
        var claims = hosts.map { _ in 0 }
        var taken = 0
        while taken < size {
            for index in hosts.indices where taken < size {
                claims[index] += hosts[index].weight
                guard claims[index] >= heaviest else { continue }
                claims[index] -= heaviest
                while places[next[index]] >= 0 { next[index] = (next[index] + skips[index]) % size }
                places[next[index]] = Int32(hosts[index].slot)
                taken += 1
            }
        }
        self.places = places
    }

    /// The slot that a key belongs to. The table must not be empty.
    func owner(of key: UInt64) -> Int {
        Int(self.places[Int(key.multipliedFullWidth(by: UInt64(self.places.count)).high)])
    }
}
