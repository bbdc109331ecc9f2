import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts

/// Tells another service who a user is.
enum ReadUser {
    static func route(_ store: ServiceStore) -> Route {
        Route(
            .get, "/internal/users/{userId}", "readUser", tag: "Internal", "Who a user is", access: .services,
            parameters: [.path("userId", .uuid, "The user")], answers: [.json(.ok, UserCard.self, "The user")],
            problems: [.notFound]
        ) { request in
            let id = try request.id("userId", as: UserID.self)
            guard let row = try await store.read({ try UserRows.find(id, in: $0) }) else {
                throw UserRefusal.unknown.problem
            }
            return try .json(.ok, UserCard(userId: row.id, email: row.email, name: row.name, role: row.role))
        }
    }
}

/// What other services may know of a user.
struct UserCard: APIModel {
    var userId: UserID
    var email: String
    var name: String
    var role: AccountRole

    static let schema = Schema.object([
        .init("userId", .uuid), .init("email", .string(.email)), .init("name", .string(.personName)),
        .init("role", AccountRole.schema),
    ])
}
