public import Essentials
public import EventSourcing
public import Identity
public import ShopContracts
import Synchronization

/// The access tokens that have been called back, in memory, for everybody who checks tokens.
///
/// The users service fills its own; another process fills one from the users service's feed with ``apply(_:)``. A
/// revocation is forgotten when every token that it is about has expired.
public final class RevocationList: Sendable {
    private struct State {
        var tokens: [String: Timestamp] = [:]
        var people: [UserID: Timestamp] = [:]
        var cleanedAt: Timestamp
    }

    /// The longest life of a token, with the leeway of those who check it.
    static let memory = TokenIssuer.longestLifetime + .seconds(300)

    private let wallClock: WallClock
    private let state: Mutex<State>

    public init(wallClock: WallClock = .system) {
        self.wallClock = wallClock
        self.state = Mutex(State(cleanedAt: wallClock.now))
    }

    /// Whether the token of this caller has been called back.
    public func isRevoked(_ principal: Principal) -> Bool {
        self.state.withLock { state in
            if let token = principal.tokenID, state.tokens[token] != nil { return true }
            guard let before = state.people[UserID(principal.subject)] else { return false }
            return principal.issuedAt.map { $0 < before } ?? true
        }
    }

    /// Takes note of one revocation.
    public func apply(_ fact: TokensRevoked) {
        let now = self.wallClock.now
        self.state.withLock { state in
            if let token = fact.tokenId {
                state.tokens[token] = fact.before
            } else {
                state.people[fact.userId] = max(state.people[fact.userId] ?? fact.before, fact.before)
            }
            guard now - state.cleanedAt > .seconds(3_600) else { return }
            state.cleanedAt = now
            state.tokens = state.tokens.filter { now - $0.value <= Self.memory }
            state.people = state.people.filter { now - $0.value <= Self.memory }
        }
    }

    /// Takes note of an event of the users service; events of other kinds are passed over.
    /// - Throws: `EventStoreError.corrupt` or `.unknownEvent` when a revocation cannot be read.
    public func apply(_ event: RecordedEvent) throws {
        guard event.type == TokensRevoked.eventType else { return }
        if case .tokensRevoked(let fact) = try UserEvent.catalog.decode(event.event) { self.apply(fact) }
    }

    /// Revocations that are remembered.
    public var count: Int { self.state.withLock { $0.tokens.count + $0.people.count } }
}
