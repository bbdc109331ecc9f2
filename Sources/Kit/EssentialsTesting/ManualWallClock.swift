public import Essentials
import Synchronization

/// A date that a test sets. It starts at 2026-01-01T00:00:00Z.
public final class ManualWallClock: Sendable {
    private let moment: Mutex<Timestamp>

    public init(_ start: Timestamp = Timestamp(microseconds: 1_767_225_600_000_000)) {
        self.moment = Mutex(start)
    }

    public var now: Timestamp { self.moment.withLock { $0 } }

    public func advance(by duration: Duration) {
        self.moment.withLock { $0 = $0 + duration }
    }

    public func set(_ moment: Timestamp) {
        self.moment.withLock { $0 = moment }
    }

    /// This clock as a dependency.
    public var wallClock: WallClock { WallClock { self.now } }
}

extension IDSource {
    /// Identifiers that follow from the seed alone.
    public static func seeded(_ seed: UInt64, wallClock: ManualWallClock = ManualWallClock()) -> IDSource {
        IDSource(wallClock: wallClock.wallClock, chance: Chance(seed: seed))
    }
}
