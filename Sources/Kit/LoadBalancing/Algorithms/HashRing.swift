/// Points on a circle, each owned by a host; a key belongs to the next point. A host that leaves gives its keys to the
/// hosts behind it, and no other key moves.
struct HashRing: Sendable {
    private var points: [UInt64] = []
    private var owners: [Int32] = []

    var count: Int { self.points.count }

    /// - Parameters:
    ///   - hosts: each with its slot, the hash of its name and its weight.
    ///   - pointsPerWeight: of a host of weight 1.
    /// - Complexity: O(p log p) of the points.
    init(_ hosts: [(slot: Int, hash: UInt64, weight: Int)] = [], pointsPerWeight: Int = 0) {
        var pairs: [(point: UInt64, slot: Int)] = []
        // Weights of 100 and 200 need no more points than those of 1 and 2.
        let unit = hosts.reduce(0) { Self.commonDivisor($0, $1.weight) }
        let total = hosts.reduce(0) { $0 + $1.weight / max(1, unit) * pointsPerWeight }
        let excess = max(1, (total + Self.maximumPoints - 1) / Self.maximumPoints)
        for host in hosts {
            for number in 0..<max(1, host.weight / unit * pointsPerWeight / excess) {
                pairs.append((BalancingKey.mixed(host.hash &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15), host.slot))
            }
        }
        pairs.sort { $0.point != $1.point ? $0.point < $1.point : $0.slot < $1.slot }
        self.points = pairs.map(\.point)
        self.owners = pairs.map { Int32($0.slot) }
    }

    private static let maximumPoints = 1 << 20

    private static func commonDivisor(_ left: Int, _ right: Int) -> Int {
        right == 0 ? left : self.commonDivisor(right, left % right)
    }

    func owner(at place: Int) -> Int { Int(self.owners[place]) }

    /// The place of the first point at or behind the key, around the circle. The ring must not be empty.
    func place(of key: UInt64) -> Int {
        var (low, high) = (0, self.points.count)
        while low < high {
            let middle = (low + high) / 2
            if self.points[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low == self.points.count ? 0 : low
    }
}
