import Chassis
import Essentials
import HTTPTypes
import Identity
import ShopContracts

/// An administrator brings in somebody who has a password elsewhere. The hash is made anew when the password is known:
/// at the next login.
enum ImportUser {
    static func route(_ users: UserBook) -> Route {
        Route(
            .post, "/v1/admin/users/import", "importUser", tag: "Administration",
            "Registers a user with the hash of their password", access: .admins, body: .model(UserImport.self),
            answers: [.json(.created, UserView.self, "The new user")], problems: [.emailTaken]
        ) { request in
            let input = try request.decode(UserImport.self)
            let email = try EmailAddress.checked(input.email)
            do throws(PasswordError) {
                _ = try PasswordHash(input.passwordHash.exposed)
            } catch {
                throw Problem(.validationFailed, "/passwordHash: \(error.message)")
            }
            let row = try await users.write { unit in
                try users.requireGoodToken(request, in: unit)
                return Changed(
                    value: try users.register(
                        email: email, name: input.name, role: input.role, hash: input.passwordHash,
                        metadata: request.metadata, in: unit))
            }
            return try .json(.created, UserView(row), headers: [.location: "/v1/admin/users/\(row.id)"])
        }
    }
}

/// Somebody from elsewhere.
struct UserImport: APIModel {
    var email: String
    var name: String
    var role: AccountRole
    var passwordHash: Redacted<String>

    /// bcrypt, or argon2id in the PHC string format.
    private static let hash = TextFormat(
        accepted: "a bcrypt or argon2id hash",
        pattern: #"^\$(2[aby]\$(0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}|argon2id\$[A-Za-z0-9$=,+/]{20,400})$"#,
        length: 20...420)

    static let schema = Schema.object([
        .init("email", .string(.email)), .init("name", .string(.personName)), .init("role", AccountRole.schema),
        .init("passwordHash", .string(Self.hash)),
    ])
}
