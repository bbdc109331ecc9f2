import Essentials
public import EventSourcing

/// A share of a consumer's keys. Several instances of a service read one source together by owning different shares.
public struct Partition: Hashable, Sendable, CustomStringConvertible {
    /// From 0.
    public let index: Int
    /// How many shares there are.
    public let count: Int

    public init(_ index: Int, of count: Int) {
        precondition(count > 0 && (0..<count).contains(index), "there is no partition \(index) of \(count)")
        self.index = index
        self.count = count
    }

    /// The only share, when one instance reads everything.
    public static let whole = Partition(0, of: 1)

    public func contains(_ key: String) -> Bool {
        self.count == 1 || Self.index(of: key, count: self.count) == self.index
    }

    /// The share that a key falls into. Stable for ever: the same on every machine and in every version.
    public static func index(of key: String, count: Int) -> Int {
        // Then the finaliser of SplitMix64.
        var hash = FNV1a.hash(key)
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((hash ^ (hash >> 31)) % UInt64(count))
    }

    public var description: String { "\(self.index)/\(self.count)" }
}

/// How far one consumer has come with one share of one source.
public struct Watermark: Hashable, Sendable {
    public var consumer: String
    public var source: EventSource
    public var partition: Partition
    /// Every event of the share up to here has had its effect or is parked.
    public var position: Position

    public init(consumer: String, source: EventSource, partition: Partition, position: Position) {
        self.consumer = consumer
        self.source = source
        self.partition = partition
        self.position = position
    }
}

/// All watermarks of one consumer over one source, also those of divisions into shares that are no longer used.
///
/// A key that changes its share takes its progress along: whatever share covered it has handled it.
struct Watermarks {
    private let rows: [Watermark]

    init(_ rows: [Watermark]) {
        self.rows = rows
    }

    /// Whether the event at `position` with this key has been handled.
    func covers(_ position: Position, key: String) -> Bool {
        self.rows.contains { position <= $0.position && $0.partition.contains(key) }
    }

    /// How far the share itself has come.
    func position(of partition: Partition) -> Position {
        self.rows.first { $0.partition == partition }?.position ?? .start
    }

    /// A position behind which everything lies that is still to be done for `partition`.
    func start(of partition: Partition) -> Position {
        let own = self.position(of: partition)
        let divisions = Set(self.rows.map(\.partition.count)).sorted()
        let complete = divisions.compactMap { count -> Position? in
            let positions = self.rows.filter { $0.partition.count == count }.map(\.position)
            return positions.count == count ? positions.min() : nil
        }
        return max(own, complete.max() ?? .start)
    }
}
