public import Essentials

/// Access tokens that are called back before they expire.
public enum TokenRevocation: Hashable, Sendable {
    /// One token, by its `jti`, called back at that moment.
    case token(String, at: Timestamp)
    /// Every token of somebody that was issued before that moment. The `iat` of a token has whole seconds.
    case tokens(of: UniqueID, issuedBefore: Timestamp)

    /// When it happened.
    var moment: Timestamp {
        switch self {
        case .token(_, let at): at
        case .tokens(_, let issuedBefore): issuedBefore
        }
    }
}

/// Which tokens have been called back: a value, filled from wherever revocations come and asked at every request.
///
/// A revocation is forgotten when every token that it is about has expired, so that memory is bounded by the revocations
/// of one day.
public struct Revocations: Hashable, Sendable {
    /// How long a revocation matters: the longest life of a token, with the leeway of those who check it.
    public static let memory: Duration = TokenIssuer.longestLifetime + .seconds(300)
    /// How often what matters no more is looked for.
    private static let cleaningInterval: Duration = .seconds(3_600)

    private var tokens: [String: Timestamp] = [:]
    private var subjects: [UniqueID: Timestamp] = [:]
    private var cleanedAt: Timestamp?

    public init() {}

    /// Revocations that are remembered.
    public var count: Int { self.tokens.count + self.subjects.count }

    /// Takes note of a revocation. The order of several does not matter, nor does a repetition.
    /// - Complexity: O(1); once an hour O(`count`).
    public mutating func insert(_ revocation: TokenRevocation, at now: Timestamp) {
        if now - (self.cleanedAt ?? now) > Self.cleaningInterval { self.forget(at: now) }
        if self.cleanedAt == nil { self.cleanedAt = now }
        guard now - revocation.moment <= Self.memory else { return }
        switch revocation {
        case .token(let id, let at): self.tokens[id] = at
        case .tokens(let subject, let before):
            self.subjects[subject] = max(self.subjects[subject] ?? before, before)
        }
    }

    /// Whether the token that this caller brought has been called back. A token that does not say when it was issued counts
    /// as an old one.
    public func contains(_ principal: Principal) -> Bool {
        if let token = principal.tokenID, self.tokens[token] != nil { return true }
        guard let before = self.subjects[principal.subject] else { return false }
        return principal.issuedAt.map { $0 < before } ?? true
    }

    /// Forgets what is about tokens that have expired by now.
    public mutating func forget(at now: Timestamp) {
        self.cleanedAt = now
        self.tokens = self.tokens.filter { now - $0.value <= Self.memory }
        self.subjects = self.subjects.filter { now - $0.value <= Self.memory }
    }
}
