import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts

/// Somebody registers, or an administrator registers somebody.
enum RegisterUser {
    static func routes(_ users: UserBook, _ passwords: Passwords) -> [Route] {
        [self.register(users, passwords), self.create(users, passwords)]
    }

    private static func register(_ users: UserBook, _ passwords: Passwords) -> Route {
        Route(
            .post, "/v1/users", "registerUser", tag: "Users", "Registers a customer", access: .anyone,
            body: .model(Registration.self), answers: [.json(.created, UserView.self, "The new user")],
            problems: [.emailTaken]
        ) { request in
            let input = try request.decode(Registration.self)
            let email = try EmailAddress.checked(input.email)
            try await Self.requireFree(email, users)
            let hash = try await passwords.hash(input.password, email: email, at: "/password")
            let row = try await users.write { unit in
                Changed(
                    value: try users.register(
                        email: email, name: input.name, role: .user, hash: hash, metadata: request.metadata, in: unit))
            }
            return try .json(.created, UserView(row), headers: [.location: "/v1/users/me"])
        }
    }

    private static func create(_ users: UserBook, _ passwords: Passwords) -> Route {
        Route(
            .post, "/v1/admin/users", "createUser", tag: "Administration", "Registers a user with a role",
            access: .admins, body: .model(UserCreation.self), answers: [.json(.created, UserView.self, "The new user")],
            problems: [.emailTaken]
        ) { request in
            let input = try request.decode(UserCreation.self)
            let email = try EmailAddress.checked(input.email)
            try await users.store.read { try users.requireGoodToken(request, in: $0) }
            try await Self.requireFree(email, users)
            let hash = try await passwords.hash(input.password, email: email, at: "/password")
            let row = try await users.write { unit in
                try users.requireGoodToken(request, in: unit)
                return Changed(
                    value: try users.register(
                        email: email, name: input.name, role: input.role, hash: hash, metadata: request.metadata,
                        in: unit))
            }
            return try .json(.created, UserView(row), headers: [.location: "/v1/admin/users/\(row.id)"])
        }
    }

    /// Says so before the work of hashing is done; the transaction decides.
    static func requireFree(_ email: EmailAddress, _ users: UserBook) async throws {
        guard try await !users.store.read({ try Credentials.isTaken(email, in: $0) }) else {
            throw UserRefusal.emailTaken(email).problem
        }
    }
}

/// What somebody says who registers.
struct Registration: APIModel {
    var email: String
    var password: Redacted<String>
    var name: String

    static let schema = Schema.object([
        .init("email", .string(.email)), .init("password", .string(.newPassword)), .init("name", .string(.personName)),
    ])
}

/// What an administrator says who registers somebody.
struct UserCreation: APIModel {
    var email: String
    var password: Redacted<String>
    var name: String
    var role: AccountRole

    static let schema = Schema.object([
        .init("email", .string(.email)), .init("password", .string(.newPassword)), .init("name", .string(.personName)),
        .init("role", AccountRole.schema),
    ])
}

extension EmailAddress {
    /// - Throws: a ``Problem`` that names the member.
    static func checked(_ text: String) throws -> EmailAddress {
        guard let email = EmailAddress(text) else {
            throw Problem(.validationFailed, "/email: an e-mail address is expected")
        }
        return email
    }
}
