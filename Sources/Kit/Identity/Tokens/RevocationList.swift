public import Essentials
import Synchronization

/// The ``Revocations`` of one process, shared by everybody in it who checks tokens.
public final class RevocationList: Sendable {
    private let wallClock: WallClock
    private let revocations = Mutex(Revocations())

    public init(wallClock: WallClock = .system) {
        self.wallClock = wallClock
    }

    /// Whether the token that this caller brought has been called back.
    public func isRevoked(_ principal: Principal) -> Bool {
        self.revocations.withLock { $0.contains(principal) }
    }

    /// Takes note of a revocation; from now on the tokens are refused.
    public func insert(_ revocation: TokenRevocation) {
        let now = self.wallClock.now
        self.revocations.withLock { $0.insert(revocation, at: now) }
    }

    /// Revocations that are remembered.
    public var count: Int { self.revocations.withLock(\.count) }
}
