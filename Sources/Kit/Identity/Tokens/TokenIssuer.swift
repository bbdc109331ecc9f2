public import Essentials

/// A token as it was issued. It prints without the token itself.
public struct IssuedToken: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// The compact form, for the `Authorization` header. Whoever holds it is the bearer.
    public let token: String
    public let claims: TokenClaims

    public var description: String { "token \(self.claims.tokenID ?? "without jti") until \(self.claims.expiresAt)" }
    public var customMirror: Mirror { Mirror(self, children: ["claims": self.claims]) }
}

/// Issues access tokens (RFC 9068) signed with one key.
///
/// ```swift
/// let issuer = try TokenIssuer(issuer: "https://id.example", key: .generate())
/// let issued = try issuer.issue(to: Principal(subject: id, role: .user, email: "ada@example.org"), audience: ["shop"])
/// ```
public struct TokenIssuer: Sendable {
    /// The longest life of a token: 24 hours.
    public static let longestLifetime: Duration = .seconds(86_400)

    public struct Configuration: Hashable, Sendable {
        /// How long a token lives. More than zero, at most 24 hours. Default: 15 minutes.
        public var lifetime: Duration = .seconds(900)
        /// The `typ` of the header. Default: `at+jwt`.
        public var type: String = "at+jwt"

        public init() {}
    }

    public let issuer: String
    public let key: SigningKey
    public let configuration: Configuration
    private let wallClock: WallClock
    private let ids: IDSource

    /// - Throws: `lifetimeTooLong` when the lifetime is not within (0, 24 h], `malformedClaim` for an empty issuer.
    public init(
        issuer: String, key: SigningKey, configuration: Configuration = Configuration(), ids: IDSource = .system,
        wallClock: WallClock = .system
    ) throws(JOSEError) {
        guard !issuer.isEmpty else { throw JOSEError(.malformedClaim, "an issuer has a name") }
        try Self.check(configuration.lifetime)
        self.issuer = issuer
        self.key = key
        self.configuration = configuration
        self.wallClock = wallClock
        self.ids = ids
    }

    /// Issues a token for `principal` with a `jti` of its own.
    /// - Parameters:
    ///   - audience: who shall accept it; at least one.
    ///   - lifetime: instead of the configured one; at most 24 hours.
    /// - Throws: `lifetimeTooLong`, `malformedClaim`, `oversize`.
    public func issue(
        to principal: Principal, audience: [String], lifetime: Duration? = nil
    ) throws(JOSEError) -> IssuedToken {
        let lifetime = lifetime ?? self.configuration.lifetime
        try Self.check(lifetime)
        guard !audience.isEmpty, !audience.contains("") else {
            throw JOSEError(.malformedClaim, "a token is for somebody")
        }
        guard !principal.scopes.contains(where: { $0.isEmpty || $0.utf8.contains(0x20) }) else {
            throw JOSEError(.malformedClaim, "a scope is one word")
        }
        // Whole seconds, rounded down, so that the claims returned are the claims on the wire.
        let now = Timestamp(microseconds: self.wallClock.now.seconds * 1_000_000)
        let subject = principal.subject.description
        let claims = TokenClaims(
            issuer: self.issuer, subject: subject, audience: audience,
            expiresAt: Timestamp(microseconds: (now + lifetime).seconds * 1_000_000), issuedAt: now,
            tokenID: self.ids.next().description, userID: principal.role == .service ? nil : subject,
            email: principal.email, role: principal.role, scopes: principal.scopes, clientID: principal.clientID)
        return try self.issue(claims)
    }

    /// Signs these claims as they are, with times in whole seconds.
    /// - Throws: `lifetimeTooLong` when `iat` is missing or more than 24 hours before `exp`, `oversize`.
    public func issue(_ claims: TokenClaims) throws(JOSEError) -> IssuedToken {
        guard let issuedAt = claims.issuedAt else {
            throw JOSEError(.lifetimeTooLong, "a token without iat has no lifetime that could be checked")
        }
        try Self.check(claims.expiresAt - issuedAt)
        let token = try CompactJWS.sign(claims.payload, type: self.configuration.type, with: self.key)
        guard token.utf8.count <= CompactJWS.maximumBytes else {
            throw JOSEError(.oversize, "the token would have \(token.utf8.count) bytes")
        }
        return IssuedToken(token: token, claims: claims)
    }

    /// The document to publish: the public half of the key, and of others whose tokens still live.
    /// - Throws: `malformedKeySet` when a key is named twice.
    public func keySet(with others: [VerificationKey] = []) throws(JOSEError) -> JWKSet {
        try JWKSet([self.key.publicKey] + others)
    }

    private static func check(_ lifetime: Duration) throws(JOSEError) {
        guard lifetime >= .seconds(1), lifetime <= Self.longestLifetime else {
            throw JOSEError(.lifetimeTooLong, "a token lives between 1 second and 24 hours")
        }
    }
}
