public import Essentials

/// Who makes a request, as a verified token says.
public struct Principal: Hashable, Sendable {
    /// The account, or for a service the identifier that follows from its name (``subject(ofService:)``).
    public var subject: UniqueID
    public var email: String?
    public var role: Role
    /// For whom the token was issued.
    public var audience: [String]
    /// The token's `jti`, by which it can be revoked.
    public var tokenID: String?
    public var scopes: [String]
    /// The caller's program (`client_id`); for a service its name.
    public var clientID: String?
    /// When the token was issued. Tokens older than a change of password can be refused by it.
    public var issuedAt: Timestamp?
    public var expiresAt: Timestamp?

    public init(
        subject: UniqueID, role: Role, email: String? = nil, audience: [String] = [], tokenID: String? = nil,
        scopes: [String] = [], clientID: String? = nil, issuedAt: Timestamp? = nil, expiresAt: Timestamp? = nil
    ) {
        self.subject = subject
        self.email = email
        self.role = role
        self.audience = audience
        self.tokenID = tokenID
        self.scopes = scopes
        self.clientID = clientID
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }

    /// Whether the token grants `scope`, byte for byte.
    public func has(scope: String) -> Bool { self.scopes.contains { $0.hasSameBytes(as: scope) } }
}
