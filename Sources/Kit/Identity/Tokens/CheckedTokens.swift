import Essentials
import Synchronization

/// Tokens whose signatures have been found good, so that the arithmetic is done once a token and not once a request.
///
/// Nothing is believed that would not be found again: a token is known by all of its bytes, and only as long as the key
/// that it was checked with is, member for member, still in the set.
final class CheckedTokens: Sendable {
    /// How many are remembered; beyond it the expired ones go, and if that is not enough all.
    static let limit = 512

    struct Entry: Sendable {
        var verified: VerifiedToken
        fileprivate var key: VerificationKey

        /// Whether the key that the token was checked with is still in use.
        func holds(with keys: JWKSet) -> Bool {
            guard let key = try? keys.key(named: self.verified.header.keyID) else { return false }
            return key.algorithm == self.key.algorithm && key.members == self.key.members
        }
    }

    // By bytes: strings are also equal when they differ in their bytes but not in what they look like.
    private let entries = Mutex<[[UInt8]: Entry]>([:])

    /// What was found in a token that has been checked before.
    func entry(_ token: String) -> Entry? {
        let bytes = Array(token.utf8)
        return self.entries.withLock { $0[bytes] }
    }

    func remember(_ verified: VerifiedToken, _ token: String, by keys: JWKSet, at now: Timestamp) {
        guard let key = try? keys.key(named: verified.header.keyID) else { return }
        let bytes = Array(token.utf8)
        self.entries.withLock { entries in
            if entries.count >= Self.limit { entries = entries.filter { $0.value.verified.claims.expiresAt > now } }
            if entries.count >= Self.limit { entries = [:] }
            entries[bytes] = Entry(verified: verified, key: key)
        }
    }

    /// For tests.
    var count: Int { self.entries.withLock { $0.count } }
}
