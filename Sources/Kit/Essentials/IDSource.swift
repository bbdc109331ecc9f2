import Synchronization

/// Where identifiers come from: UUID version 7 (RFC 9562 §5.7), strictly increasing per source.
///
/// The 12 bits after the milliseconds are a counter (§6.2, method 1) that starts at a random value below 2,048 each
/// millisecond; when it is used up, the source borrows from the next millisecond rather than repeat or go back.
public final class IDSource: Sendable {
    private struct State {
        var milliseconds: Int64 = 0
        var counter: UInt64 = 0
    }

    private let wallClock: WallClock
    private let chance: Chance
    private let state = Mutex(State())

    public init(wallClock: WallClock, chance: Chance) {
        self.wallClock = wallClock
        self.chance = chance
    }

    /// Identifiers from the operating system's clock and generator.
    public static let system = IDSource(wallClock: .system, chance: .system)

    /// The next identifier, greater than every one before it.
    public func next() -> UniqueID {
        let now = self.wallClock.now.milliseconds
        let random = self.chance.next()
        let (milliseconds, counter) = self.state.withLock { state in
            if now > state.milliseconds {
                state.milliseconds = now
                state.counter = random >> 53
            } else if state.counter < 0xFFF {
                state.counter += 1
            } else {
                state.milliseconds += 1
                state.counter = 0
            }
            return (UInt64(state.milliseconds), state.counter)
        }
        return UniqueID(
            high: milliseconds << 16 | 0x7000 | counter,
            low: 0x8000_0000_0000_0000 | self.chance.next() >> 2)
    }

    /// The next identifier, as the identifier of one kind of thing.
    public func next<Subject>(_: Identifier<Subject>.Type = Identifier<Subject>.self) -> Identifier<Subject> {
        Identifier(self.next())
    }
}
