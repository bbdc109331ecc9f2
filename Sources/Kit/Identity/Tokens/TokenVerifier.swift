public import Essentials

/// A token whose signature and claims have been checked.
public struct VerifiedToken: Hashable, Sendable {
    public var header: CompactJWS.Header
    public var claims: TokenClaims
    /// The payload: strict JSON, for claims of your own.
    public var payload: [UInt8]
}

/// Checks tokens: signature, issuer, audience, times and type.
///
/// ```swift
/// let verifier = TokenVerifier(issuer: "https://id.example", audience: "orders", keys: keySet)
/// let principal = try await verifier.verify(token).claims.principal()
/// ```
public struct TokenVerifier: Sendable {
    public struct Configuration: Hashable, Sendable {
        /// How far clocks may disagree. At most 5 minutes. Default: 30 seconds.
        public var leeway: Duration = .seconds(30)
        /// The longest life, from `iat` to `exp`, that a token may have. Default: 24 hours.
        public var maximumLifetime: Duration = .seconds(86_400)
        /// The `typ` that tokens must have, such as `at+jwt` (RFC 9068); nil accepts any and none. Default: nil.
        public var requiredType: String?
        /// Claims that must be there besides `iss`, `sub`, `aud` and `exp`. Default: `iat`.
        public var requiredClaims: Set<OptionalClaim> = [.issuedAt]

        public init() {}
    }

    /// A claim that some tokens have and others do not.
    public enum OptionalClaim: String, Hashable, Sendable, CaseIterable {
        case notBefore = "nbf"
        case issuedAt = "iat"
        case tokenID = "jti"
        case userID = "userId"
        case email = "email"
        case role = "role"
        case scope = "scope"
        case clientID = "client_id"
    }

    public let issuer: String
    public let audience: String
    public let configuration: Configuration
    private let keys: any KeySource
    private let wallClock: WallClock
    private let checked = CheckedTokens()

    /// - Parameters:
    ///   - issuer: the `iss` that tokens must have, byte for byte.
    ///   - audience: one of the `aud` of each token.
    public init(
        issuer: String, audience: String, keys: any KeySource, configuration: Configuration = Configuration(),
        wallClock: WallClock = .system
    ) {
        precondition(!issuer.isEmpty && !audience.isEmpty, "a verifier names an issuer and an audience")
        precondition((.zero...(.seconds(300))).contains(configuration.leeway), "a leeway is between 0 and 5 minutes")
        precondition(configuration.maximumLifetime > .zero, "a token lives longer than no time")
        self.issuer = issuer
        self.audience = audience
        self.configuration = configuration
        self.keys = keys
        self.wallClock = wallClock
    }

    /// Checks a token with the keys of the source; a `kid` that they lack is looked up once more.
    ///
    /// The signature of a token that comes again is not computed again while its key is still the same one of the
    /// source; its times are checked each time.
    /// - Throws: ``JOSEError``; what the source throws.
    public func verify(_ token: String) async throws -> VerifiedToken {
        if let known = self.checked.entry(token), known.holds(with: try await self.keys.keys()) {
            try self.checkTimes(known.verified.claims, now: self.wallClock.now)
            return known.verified
        }
        let signed = try CompactJWS(parsing: token)
        var keys = try await self.keys.keys()
        if let keyID = signed.header.keyID, keys.lacks(keyID) {
            keys = try await self.keys.keys(afterMissing: keyID)
        }
        let verified = try self.verify(signed, with: keys)
        self.checked.remember(verified, token, by: keys, at: self.wallClock.now)
        return verified
    }

    /// Checks a token with these keys, without waiting for anything.
    public func verify(_ token: String, with keys: JWKSet) throws(JOSEError) -> VerifiedToken {
        try self.verify(CompactJWS(parsing: token), with: keys)
    }

    private func verify(_ signed: CompactJWS, with keys: JWKSet) throws(JOSEError) -> VerifiedToken {
        let payload = try signed.verified(by: keys)
        try self.checkType(signed.header)
        let claims = try TokenClaims(parsing: payload)
        guard claims.issuer.hasSameBytes(as: self.issuer) else {
            throw JOSEError(.wrongIssuer, "the token was not issued by \(self.issuer)")
        }
        guard claims.audience.contains(where: { $0.hasSameBytes(as: self.audience) }) else {
            throw JOSEError(.wrongAudience, "the token was not issued for \(self.audience)")
        }
        try self.checkTimes(claims, now: self.wallClock.now)
        try self.checkPresence(claims)
        return VerifiedToken(header: signed.header, claims: claims, payload: payload)
    }

    private func checkType(_ header: CompactJWS.Header) throws(JOSEError) {
        // A nested token would be a token about a token.
        guard header.contentType == nil else { throw JOSEError(.refusedHeader, "the header member cty is refused") }
        guard let required = self.configuration.requiredType else { return }
        // RFC 7515 §4.1.9: media types compare without case, and `application/` may be left out.
        let stated = header.type?.lowercased()
        guard let stated, stated == required.lowercased() || stated == "application/" + required.lowercased() else {
            throw JOSEError(.wrongType, "the token's typ is not \(required)")
        }
    }

    private func checkTimes(_ claims: TokenClaims, now: Timestamp) throws(JOSEError) {
        let leeway = self.configuration.leeway
        guard now < claims.expiresAt + leeway else {
            throw JOSEError(.expired, "the token expired at \(claims.expiresAt)")
        }
        if let notBefore = claims.notBefore {
            guard notBefore <= now + leeway else {
                throw JOSEError(.notYetValid, "the token is not valid before \(notBefore)")
            }
            guard notBefore < claims.expiresAt else {
                throw JOSEError(.malformedClaim, "the token expires before it begins")
            }
        }
        if let issuedAt = claims.issuedAt {
            guard issuedAt <= now + leeway else {
                throw JOSEError(.notYetValid, "the token was issued in the future, at \(issuedAt)")
            }
            guard issuedAt < claims.expiresAt else {
                throw JOSEError(.malformedClaim, "the token expires before it was issued")
            }
        }
        let start = claims.issuedAt ?? now
        guard claims.expiresAt - start <= self.configuration.maximumLifetime else {
            throw JOSEError(
                .lifetimeTooLong,
                "the token lives longer than \(self.configuration.maximumLifetime.milliseconds / 1_000) seconds")
        }
    }

    private func checkPresence(_ claims: TokenClaims) throws(JOSEError) {
        for claim in OptionalClaim.allCases where self.configuration.requiredClaims.contains(claim) {
            let isPresent =
                switch claim {
                case .notBefore: claims.notBefore != nil
                case .issuedAt: claims.issuedAt != nil
                case .tokenID: claims.tokenID != nil
                case .userID: claims.userID != nil
                case .email: claims.email != nil
                case .role: claims.role != nil
                case .scope: !claims.scopes.isEmpty
                case .clientID: claims.clientID != nil
                }
            guard isPresent else { throw JOSEError(.missingClaim, "the claim \(claim.rawValue) is missing") }
        }
    }
}
