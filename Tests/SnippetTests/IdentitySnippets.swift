import Essentials
import Identity

private struct StoredAccount: Sendable {
    var passwordHash: String
}

private struct Refused: Error {
    var reason: PasswordPolicy.Problem
}

private struct CalledBack: Error {}

private func issueAndCheck(
    _ token: String, fileBytes: [UInt8], accountID: UniqueID,
    _ fetchDocument: @escaping @Sendable () async throws -> [UInt8],
) async throws -> (IssuedToken, [UInt8], Principal) {
    // snippet Docs/Identity.md
    // PEM or JWK; SigningKey.generate() for a new one
    let key = try SigningKey(importing: fileBytes)
    let issuer = try TokenIssuer(issuer: "https://id.example", key: key)
    let issued = try issuer.issue(
        to: Principal(subject: accountID, role: .user, email: "ada@example.org"), audience: ["shop"])
    // Serve it at /.well-known/jwks.json
    let published = try issuer.keySet().document

    let keys = CachedKeySource { try JWKSet(parsing: try await fetchDocument()) }
    let verifier = TokenVerifier(issuer: "https://id.example", audience: "shop", keys: keys)
    let principal = try await verifier.verify(token).claims.principal()
    // end
    return (issued, published, principal)
}

private func storeAndCheck(
    _ password: String, email: String, of account: StoredAccount?,
) async throws -> (String, PasswordCheck) {
    // snippet Docs/Identity.md
    let hasher = PasswordHasher()
    if let problem = PasswordPolicy().problem(with: password, email: email) { throw Refused(reason: problem) }
    let stored = try await hasher.hash(password).text
    let check = try await hasher.verify(password, against: account.map { try PasswordHash($0.passwordHash) })
    // end
    return (stored, check)
}

private func callBack(_ jti: String, _ accountID: UniqueID, _ principal: Principal, now: Timestamp) throws {
    // snippet Docs/Identity.md
    let list = RevocationList()
    // One of them
    list.insert(.token(jti, at: now))
    // All of a person's until now
    list.insert(.tokens(of: accountID, issuedBefore: now))
    guard !list.isRevoked(principal) else { throw CalledBack() }
    // end
}
