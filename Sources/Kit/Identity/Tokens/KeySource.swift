/// Where a verifier's keys come from.
public protocol KeySource: Sendable {
    /// The keys to check with now.
    /// - Throws: `keysUnavailable` when there are none.
    func keys() async throws -> JWKSet

    /// The keys, looked up again because a token named one that ``keys()`` did not have. Default: ``keys()``.
    func keys(afterMissing keyID: String) async throws -> JWKSet
}

extension KeySource {
    public func keys(afterMissing keyID: String) async throws -> JWKSet { try await self.keys() }
}

extension JWKSet: KeySource {
    public func keys() async throws -> JWKSet { self }
}
