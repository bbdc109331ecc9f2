/// The last purges, numbered, so that what was asked for before one of them is not stored after it.
struct PurgeLog {
    /// What one purge forgot.
    enum Target: Hashable {
        case key(EdgeKey)
        case tag(String)
        case all
    }

    private static let length = 4_096

    private var targets: [Target] = []
    /// How many purges there were before the first of ``targets``.
    private var forgotten: UInt64 = 0

    var count: UInt64 { self.forgotten + UInt64(self.targets.count) }

    mutating func note(_ target: Target) {
        if self.targets.count == Self.length {
            self.targets.removeFirst(Self.length / 2)
            self.forgotten += UInt64(Self.length / 2)
        }
        self.targets.append(target)
    }

    /// Whether one of the purges after the first `count` forgot the key, or one of the tags. Those that are not known any
    /// more count as if they had.
    func covers(_ key: EdgeKey, _ tags: [String], since count: UInt64) -> Bool {
        guard count < self.count else { return false }
        guard count >= self.forgotten else { return true }
        return self.targets[Int(count - self.forgotten)...].contains { target in
            switch target {
            case .key(let purged): purged == key
            case .tag(let tag): tags.contains(tag)
            case .all: true
            }
        }
    }
}
