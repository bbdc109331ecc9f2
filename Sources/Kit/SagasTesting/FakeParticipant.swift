public import Essentials
import Sagas
import Synchronization

/// A participant as a participant should be: it does a thing once per key, undoes it once, and keeps a tombstone for a
/// compensation that overtakes its action.
public final class FakeParticipant: Sendable {
    private struct State {
        /// Effects that stand.
        var standing: Set<UniqueID> = []
        var undone: Set<UniqueID> = []
        /// Compensated before the action came: it must not come any more.
        var tombstones: Set<UniqueID> = []
        var applied: [UniqueID: Int] = [:]
        var calls: [UniqueID: Int] = [:]
    }

    public let name: String
    private let state = Mutex(State())

    public init(_ name: String) {
        self.name = name
    }

    /// Does the thing, or does nothing when it has been done under this key.
    /// - Throws: `SagaRejection` when the key has been compensated.
    public func act(_ key: UniqueID) throws {
        try self.state.withLock { state in
            state.calls[key, default: 0] += 1
            guard !state.tombstones.contains(key), !state.undone.contains(key) else {
                throw SagaRejection(code: "compensated", message: "\(self.name) has been told to undo this")
            }
            if state.standing.insert(key).inserted { state.applied[key, default: 0] += 1 }
        }
    }

    /// Undoes the thing, or remembers that it must not be done.
    public func compensate(_ actionKey: UniqueID) {
        self.state.withLock { state in
            if state.standing.remove(actionKey) != nil {
                state.undone.insert(actionKey)
            } else if !state.undone.contains(actionKey) {
                state.tombstones.insert(actionKey)
            }
        }
    }

    /// Whether the effect under a key stands.
    public func stands(_ key: UniqueID) -> Bool { self.state.withLock { $0.standing.contains(key) } }

    /// How many effects stand.
    public var standing: Int { self.state.withLock(\.standing.count) }

    /// How often the effect under a key was made: never more than once.
    public func applied(_ key: UniqueID) -> Int { self.state.withLock { $0.applied[key] ?? 0 } }

    /// How often the key was called.
    public func calls(_ key: UniqueID) -> Int { self.state.withLock { $0.calls[key] ?? 0 } }

    /// How many effects were undone, and how many compensations found nothing to undo.
    public var compensations: (undone: Int, tombstones: Int) {
        self.state.withLock { ($0.undone.count, $0.tombstones.count) }
    }
}
