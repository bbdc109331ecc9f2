import Essentials
import EventSourcing
import Identity
import ShopContracts

/// A user as the read model has them.
struct UserRow: Hashable, Sendable {
    var id: UserID
    var email: String
    var name: String
    var role: AccountRole
    var isBlocked: Bool
    /// Access tokens issued before this moment are no longer good.
    var tokensBefore: Timestamp?
    var createdAt: Timestamp
    var updatedAt: Timestamp
}

/// The statements that read users.
enum UserRows {
    static func find(_ id: UserID, in unit: any RelationalUnit) throws -> UserRow? {
        try unit.query("SELECT * FROM users WHERE id = ?", [.blob(id.rawValue.bytes)]).first.map(Self.row)
    }

    /// A page in order of ids, which never change.
    static func list(after id: UserID?, limit: Int, in unit: any RelationalUnit) throws -> [UserRow] {
        try unit.query(
            "SELECT * FROM users WHERE id > ? ORDER BY id LIMIT ?",
            [.blob(id?.rawValue.bytes ?? []), .integer(Int64(limit))]
        ).map(Self.row)
    }

    static func isEmpty(in unit: any RelationalUnit) throws -> Bool {
        try unit.query("SELECT id FROM users LIMIT 1").isEmpty
    }

    /// Whether a token has been called back, by itself or with all of its person.
    static func isRevoked(_ principal: Principal, user: UserRow?, in unit: any RelationalUnit) throws -> Bool {
        if let before = user?.tokensBefore, principal.issuedAt.map({ $0 < before }) ?? true { return true }
        guard let token = principal.tokenID else { return false }
        return try !unit.query("SELECT token FROM revoked_tokens WHERE token = ?", [.text(token)]).isEmpty
    }

    /// The revocations since `moment`: older ones are about tokens that have expired by now.
    static func revocations(since moment: Timestamp, in unit: any RelationalUnit) throws -> [TokensRevoked] {
        let since = SQLValue.integer(moment.microseconds)
        let tokens = try unit.query("SELECT token, user, revoked_at FROM revoked_tokens WHERE revoked_at >= ?", [since])
        let people = try unit.query("SELECT id, tokens_before FROM users WHERE tokens_before >= ?", [since])
        return try tokens.map { row in
            TokensRevoked(
                userId: try Self.id(row.blob("user")), tokenId: try row.text("token"),
                before: Timestamp(microseconds: try row.integer("revoked_at")))
        }
            + people.map { row in
                TokensRevoked(
                    userId: try Self.id(row.blob("id")), tokenId: nil,
                    before: Timestamp(microseconds: try row.integer("tokens_before")))
            }
    }

    private static func row(_ row: SQLRow) throws -> UserRow {
        let role = try row.text("role")
        guard let role = AccountRole(rawValue: role) else {
            throw EventStoreError(.corrupt, "a user has the role '\(role)'")
        }
        return UserRow(
            id: try Self.id(row.blob("id")), email: try row.text("email"), name: try row.text("name"), role: role,
            isBlocked: try row.integer("blocked") != 0,
            tokensBefore: try row.optionalInteger("tokens_before").map { Timestamp(microseconds: $0) },
            createdAt: Timestamp(microseconds: try row.integer("created_at")),
            updatedAt: Timestamp(microseconds: try row.integer("updated_at")))
    }

    static func id(_ bytes: [UInt8]) throws -> UserID {
        guard let id = UniqueID(bytes: bytes) else { throw EventStoreError(.corrupt, "a user has no id") }
        return UserID(id)
    }
}

/// Who has an e-mail address, and the hash that proves it.
enum Credentials {
    struct Found: Sendable {
        var user: UserID
        var hash: Redacted<String>
    }

    /// - Parameter email: normalised.
    static func find(email: String, in unit: any RelationalUnit) throws -> Found? {
        try unit.query(
            """
            SELECT credentials.user AS user, hash FROM user_emails JOIN credentials ON credentials.user = user_emails.user
            WHERE email = ?
            """, [.text(email)]
        ).first.map { Found(user: try UserRows.id($0.blob("user")), hash: Redacted(try $0.text("hash"))) }
    }

    static func find(_ user: UserID, in unit: any RelationalUnit) throws -> Found? {
        try unit.query("SELECT hash FROM credentials WHERE user = ?", [.blob(user.rawValue.bytes)]).first
            .map { Found(user: user, hash: Redacted(try $0.text("hash"))) }
    }

    static func isTaken(_ email: EmailAddress, in unit: any RelationalUnit) throws -> Bool {
        try !unit.query("SELECT user FROM user_emails WHERE email = ?", [.text(email.text)]).isEmpty
    }

    static func create(
        _ user: UserID, email: EmailAddress, hash: Redacted<String>, at moment: Timestamp,
        in unit: any RelationalUnit,
    ) throws {
        try unit.execute("INSERT INTO user_emails VALUES (?, ?)", [.text(email.text), .blob(user.rawValue.bytes)])
        try unit.execute(
            "INSERT INTO credentials VALUES (?, ?, ?)",
            [.blob(user.rawValue.bytes), .text(hash.exposed), .integer(moment.microseconds)])
    }

    /// Replaces a hash, unless it has been replaced by somebody else. Returns whether it was.
    static func replace(
        _ found: Found, with hash: Redacted<String>, at moment: Timestamp, in unit: any RelationalUnit,
    ) throws -> Bool {
        try unit.execute(
            "UPDATE credentials SET hash = ?, changed_at = ? WHERE user = ? AND hash = ?",
            [
                .text(hash.exposed), .integer(moment.microseconds), .blob(found.user.rawValue.bytes),
                .text(found.hash.exposed),
            ]) == 1
    }
}
