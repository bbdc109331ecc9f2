import Chassis
import Essentials
import EventSourcing
import Identity
import ShopContracts

/// The tokens of a session, as they are handed out.
struct SessionTokens: Sendable {
    var user: UserID
    var access: Redacted<String>
    var refresh: RefreshSecret
    var expiresIn: Duration
}

/// Opens, renews and ends sessions inside a transaction. A session is a family of refresh tokens, of which only the
/// latest is good, and the access tokens that were issued with them.
struct SessionBook: Sendable {
    /// What came of a refresh token.
    enum Renewal: Sendable {
        case renewed(SessionTokens)
        /// The token was used before: the session is to end, with these access tokens.
        case reused(user: UserID, family: [UInt8])
        case refused(String)
    }

    let issuer: TokenIssuer
    let refreshLifetime: Duration
    let repeatWindow: Duration
    let chance: Chance
    let ids: IDSource
    let wallClock: WallClock

    /// Opens a session for somebody who has proved who they are.
    func open(_ user: UserRow, in unit: any RelationalUnit) throws -> SessionTokens {
        let now = self.wallClock.now
        let family = self.ids.next().bytes
        let secret = RefreshSecret.fresh(from: self.chance)
        try unit.execute(
            "INSERT INTO sessions VALUES (?, ?, ?, ?, NULL)",
            [
                .blob(family), .blob(user.id.rawValue.bytes), .integer(now.microseconds),
                .integer((now + self.refreshLifetime).microseconds),
            ])
        try self.keep(secret, family: family, at: now, in: unit)
        return try self.tokens(user, family: family, secret, at: now, in: unit)
    }

    /// Exchanges a refresh token for its successor and a new access token.
    func renew(_ presented: RefreshSecret, in unit: any RelationalUnit) throws -> Renewal {
        let now = self.wallClock.now
        guard let found = try StoredRefreshToken.find(presented, in: unit) else {
            return .refused("the refresh token is not known here")
        }
        guard let user = try UserRows.find(found.user, in: unit), !user.isBlocked else {
            return .refused("the account is closed")
        }
        switch found.token.presented(at: now, window: self.repeatWindow) {
        case .ended: return .refused("the session has ended")
        case .expired: return .refused("the refresh token has expired")
        case .reuse:
            #if PlantedFaults
                if PlantedFault.acceptUsedRefreshToken.isPlanted {
                    let successor = presented.successor(seed: found.seed)
                    return .renewed(try self.tokens(user, family: found.family, successor, at: now, in: unit))
                }
            #endif
            return .reused(user: found.user, family: found.family)
        case .repeatExchange:
            let successor = presented.successor(seed: found.seed)
            return .renewed(try self.tokens(user, family: found.family, successor, at: now, in: unit))
        case .exchange:
            let seed = self.chance.bytes(32)
            let successor = presented.successor(seed: seed)
            try unit.execute(
                "UPDATE refresh_tokens SET exchanged_at = ?, seed = ?, successor = ? WHERE hash = ?",
                [.integer(now.microseconds), .blob(seed), .blob(successor.hash), .blob(presented.hash)])
            try unit.execute(
                "UPDATE sessions SET expires_at = ? WHERE family = ?",
                [.integer((now + self.refreshLifetime).microseconds), .blob(found.family)])
            try self.keep(successor, family: found.family, at: now, in: unit)
            return .renewed(try self.tokens(user, family: found.family, successor, at: now, in: unit))
        }
    }

    /// Ends one session. Returns its access tokens that still live, to be called back.
    func end(family: [UInt8], in unit: any RelationalUnit) throws -> Revocation {
        let now = self.wallClock.now
        try unit.execute(
            "UPDATE sessions SET ended_at = ? WHERE family = ? AND ended_at IS NULL",
            [.integer(now.microseconds), .blob(family)])
        let tokens = try unit.query(
            "SELECT token FROM access_tokens WHERE family = ? AND expires_at > ? ORDER BY token LIMIT 10000",
            [.blob(family), .integer((now + (.zero - Self.leeway)).microseconds)])
        return Revocation(before: nil, tokenIDs: try tokens.map { try $0.text("token") }, at: now)
    }

    /// The session that an access token belongs to.
    func family(ofAccessToken token: String, in unit: any RelationalUnit) throws -> [UInt8]? {
        try unit.query("SELECT family FROM access_tokens WHERE token = ?", [.text(token)]).first?.blob("family")
    }

    /// What calls back every access token of somebody that was issued until now, and none that is issued later.
    ///
    /// The time in a token has whole seconds. Tokens of earlier seconds are called back by time, those of the current
    /// second one by one.
    func everyAccessToken(of user: UserID, in unit: any RelationalUnit) throws -> Revocation {
        let now = self.wallClock.now
        let second = Timestamp(microseconds: now.seconds * 1_000_000)
        let recent = try unit.query(
            "SELECT token FROM access_tokens WHERE user = ? AND issued_at >= ? ORDER BY token LIMIT 10000",
            [.blob(user.rawValue.bytes), .integer(second.microseconds)])
        return Revocation(before: second, tokenIDs: try recent.map { try $0.text("token") }, at: now)
    }

    /// Ends all sessions of somebody.
    func endAll(of user: UserID, in unit: any RelationalUnit) throws {
        try unit.execute(
            "UPDATE sessions SET ended_at = ? WHERE user = ? AND ended_at IS NULL",
            [.integer(self.wallClock.now.microseconds), .blob(user.rawValue.bytes)])
    }

    /// Forgets what nobody can use any more, at most 1,000 rows of each kind. Returns how many rows.
    func prune(in unit: any RelationalUnit) throws -> Int {
        let now = SQLValue.integer((self.wallClock.now + (.zero - Self.leeway)).microseconds)
        let sessions = "SELECT family FROM sessions WHERE expires_at < ? ORDER BY expires_at LIMIT 1000"
        return try unit.execute("DELETE FROM refresh_tokens WHERE family IN (\(sessions))", [now])
            + unit.execute("DELETE FROM sessions WHERE family IN (\(sessions))", [now])
            + unit.execute(
                """
                DELETE FROM access_tokens WHERE token IN (
                    SELECT token FROM access_tokens WHERE expires_at < ? ORDER BY expires_at LIMIT 1000)
                """, [now])
    }

    /// How far the clocks of those who check tokens may be behind.
    private static let leeway = Duration.seconds(60)

    private func keep(
        _ secret: RefreshSecret, family: [UInt8], at now: Timestamp, in unit: any RelationalUnit,
    ) throws {
        try unit.execute(
            "INSERT INTO refresh_tokens VALUES (?, ?, ?, NULL, NULL, NULL)",
            [.blob(secret.hash), .blob(family), .integer((now + self.refreshLifetime).microseconds)])
    }

    private func tokens(
        _ user: UserRow, family: [UInt8], _ secret: RefreshSecret, at now: Timestamp, in unit: any RelationalUnit,
    ) throws -> SessionTokens {
        guard let role = Role(rawValue: user.role.rawValue) else {
            throw EventStoreError(.corrupt, "no token has the role \(user.role.rawValue)")
        }
        let issued = try self.issuer.issue(
            to: Principal(subject: user.id.rawValue, role: role, email: user.email),
            audience: [TokenAuthenticator.userIssuer])
        guard let token = issued.claims.tokenID, let issuedAt = issued.claims.issuedAt else {
            throw EventStoreError(.corrupt, "an access token was issued without jti or iat")
        }
        try unit.execute(
            "INSERT INTO access_tokens VALUES (?, ?, ?, ?, ?)",
            [
                .text(token), .blob(family), .blob(user.id.rawValue.bytes), .integer(issuedAt.microseconds),
                .integer(issued.claims.expiresAt.microseconds),
            ])
        return SessionTokens(
            user: user.id, access: Redacted(issued.token), refresh: secret,
            expiresIn: self.issuer.configuration.lifetime)
    }
}

/// A refresh token as the database has it.
private struct StoredRefreshToken {
    var token: RefreshToken
    var family: [UInt8]
    var user: UserID
    /// Empty before the exchange.
    var seed: [UInt8]

    static func find(_ secret: RefreshSecret, in unit: any RelationalUnit) throws -> StoredRefreshToken? {
        let rows = try unit.query(
            """
            SELECT t.family AS family, t.expires_at AS expires_at, t.exchanged_at AS exchanged_at, t.seed AS seed,
                s.user AS user, s.ended_at AS ended_at, n.exchanged_at AS successor_exchanged_at
            FROM refresh_tokens AS t JOIN sessions AS s ON s.family = t.family
            LEFT JOIN refresh_tokens AS n ON n.hash = t.successor WHERE t.hash = ?
            """, [.blob(secret.hash)])
        guard let row = rows.first else { return nil }
        let exchangedAt = try row.optionalInteger("exchanged_at").map { Timestamp(microseconds: $0) }
        let successorWasUsed = try row.optionalInteger("successor_exchanged_at") != nil
        return StoredRefreshToken(
            token: RefreshToken(
                state: exchangedAt.map { .exchanged(at: $0, successorWasUsed: successorWasUsed) } ?? .fresh,
                expiresAt: Timestamp(microseconds: try row.integer("expires_at")),
                sessionHasEnded: try row.optionalInteger("ended_at") != nil),
            family: try row.blob("family"), user: try UserRows.id(row.blob("user")),
            seed: try row.optionalBlob("seed") ?? [])
    }
}
