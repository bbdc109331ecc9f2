public import Essentials

/// What a token says about its bearer (RFC 7519 §4.1, and the members of requirement S3.8.1).
public struct TokenClaims: Hashable, Sendable {
    /// `iss`: who issued it.
    public var issuer: String
    /// `sub`: whom it speaks for.
    public var subject: String
    /// `aud`: for whom it was issued; on the wire a string or an array.
    public var audience: [String]
    /// `exp`
    public var expiresAt: Timestamp
    /// `nbf`
    public var notBefore: Timestamp?
    /// `iat`
    public var issuedAt: Timestamp?
    /// `jti`
    public var tokenID: String?
    /// `userId`: the account; equal to ``subject`` when both are accounts.
    public var userID: String?
    public var email: String?
    public var role: Role?
    /// `scope`: on the wire words with spaces between them.
    public var scopes: [String]
    /// `client_id` (RFC 9068): the program that calls; for a service its name.
    public var clientID: String?

    public init(
        issuer: String, subject: String, audience: [String], expiresAt: Timestamp, notBefore: Timestamp? = nil,
        issuedAt: Timestamp? = nil, tokenID: String? = nil, userID: String? = nil, email: String? = nil,
        role: Role? = nil, scopes: [String] = [], clientID: String? = nil
    ) {
        self.issuer = issuer
        self.subject = subject
        self.audience = audience
        self.expiresAt = expiresAt
        self.notBefore = notBefore
        self.issuedAt = issuedAt
        self.tokenID = tokenID
        self.userID = userID
        self.email = email
        self.role = role
        self.scopes = scopes
        self.clientID = clientID
    }
}

extension TokenClaims {
    /// The bearer.
    /// - Throws: `missingClaim` without a role, `malformedClaim` when the subject is not a UUID.
    public func principal() throws(JOSEError) -> Principal {
        guard let role else { throw JOSEError(.missingClaim, "the claim role is missing") }
        guard let subject = UniqueID(self.subject) else {
            throw JOSEError(.malformedClaim, "the claim sub is not a UUID")
        }
        return Principal(
            subject: subject, role: role, email: self.email, audience: self.audience, tokenID: self.tokenID,
            scopes: self.scopes, clientID: self.clientID, issuedAt: self.issuedAt, expiresAt: self.expiresAt)
    }
}
