import Chassis
import Essentials
import ShopContracts

extension TextFormat {
    /// An e-mail address.
    static let email = TextFormat(
        accepted: "an e-mail address", pattern: EmailAddress.pattern, length: EmailAddress.length,
        matches: { EmailAddress($0) != nil })

    /// A password that somebody chooses now.
    static let newPassword: TextFormat = {
        var format = TextFormat.text(8...128)
        format.accepted = "a password of 8 to 128 characters"
        return format
    }()

    /// The name of a person: not only blanks.
    static let personName = TextFormat(
        accepted: "a name of 1 to 100 characters, without control characters and not blank",
        pattern: #"^[^\x00-\x1F\x7F]*[^\x00-\x20\x7F][^\x00-\x1F\x7F]*$"#, length: 1...100,
        matches: { text in
            text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
                && text.unicodeScalars.contains { $0.value > 0x20 }
        })
}

extension AccountRole {
    static let schema = Schema.oneOf(AccountRole.allCases.map(\.rawValue))
}

/// A user as they see themselves, and as administrators see them.
struct UserView: APIModel {
    var userId: UserID
    var email: String
    var name: String
    var role: AccountRole
    var blocked: Bool
    var createdAt: Timestamp
    var updatedAt: Timestamp

    init(_ row: UserRow) {
        self.userId = row.id
        self.email = row.email
        self.name = row.name
        self.role = row.role
        self.blocked = row.isBlocked
        self.createdAt = row.createdAt
        self.updatedAt = row.updatedAt
    }

    static let schemaName = "User"
    static let schema = Schema.object([
        .init("userId", .uuid), .init("email", .string(.email)), .init("name", .string(.personName)),
        .init("role", AccountRole.schema), .init("blocked", .boolean), .init("createdAt", .timestamp),
        .init("updatedAt", .timestamp),
    ])
}

/// The tokens of a session. It prints without them.
struct SessionView: APIModel, CustomStringConvertible {
    var userId: UserID
    var accessToken: String
    var refreshToken: String
    var tokenType: String
    /// Seconds until the access token expires.
    var expiresIn: Int64

    init(_ tokens: SessionTokens) {
        self.userId = tokens.user
        self.accessToken = tokens.access.exposed
        self.refreshToken = tokens.refresh.text.exposed
        self.tokenType = "Bearer"
        self.expiresIn = tokens.expiresIn.milliseconds / 1_000
    }

    var description: String { "session of \(self.userId)" }

    static let schemaName = "Session"
    static let schema = Schema.object([
        .init("userId", .uuid), .init("accessToken", .text(1...8_192)), .init("refreshToken", .text(1...200)),
        .init("tokenType", .oneOf(["Bearer"])), .init("expiresIn", .integer(1...86_400)),
    ])
}
