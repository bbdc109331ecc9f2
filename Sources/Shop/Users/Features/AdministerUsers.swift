import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts

/// What administrators see and change of others.
enum AdministerUsers {
    static func routes(_ users: UserBook) -> [Route] { [self.list(users), self.change(users), self.revoke(users)] }

    private static func list(_ users: UserBook) -> Route {
        Route(
            .get, "/v1/admin/users", "listUsers", tag: "Administration", "Lists all users", access: .admins,
            parameters: PageRequest.parameters,
            answers: [.json(.ok, Page<UserView>.self, "One page of users, the first registered first")]
        ) { request in
            let page = try PageRequest(request, keyParts: 1)
            let after = try page.after.map { parts in
                guard let id = UserID(parts[0]) else {
                    throw Problem(
                        .validationFailed, "query/cursor: a cursor that an earlier page of this list gave is expected")
                }
                return id
            }
            let rows = try await users.store.read { unit in
                try users.requireGoodToken(request, in: unit)
                return try UserRows.list(after: after, limit: page.limit + 1, in: unit)
            }
            return try .json(.ok, page.page(of: rows, key: { [$0.id.description] }, item: { UserView($0) }))
        }
    }

    private static func change(_ users: UserBook) -> Route {
        Route(
            .patch, "/v1/admin/users/{userId}", "administerUser", tag: "Administration",
            "Changes somebody's role, or blocks them", access: .admins,
            parameters: [.path("userId", .uuid, "The user")], body: .model(UserAdministration.self),
            answers: [.json(.ok, UserView.self, "The user as they are now")], problems: [.notFound, .conflict]
        ) { request in
            let id = try request.id("userId", as: UserID.self)
            let input = try request.decode(UserAdministration.self)
            guard try request.caller().subject != id.rawValue else {
                throw Problem(.conflict, "an administrator cannot change their own role or block themselves")
            }
            let row = try await users.write { unit in
                try users.requireGoodToken(request, in: unit)
                _ = try users.row(id, in: unit)
                let revocation = try users.sessions.everyAccessToken(of: id, in: unit)
                let events = try users.execute(
                    .administer(role: input.role, isBlocked: input.blocked, revocation), on: id, request.metadata,
                    in: unit)
                // A new role needs new access tokens only; whoever is blocked needs to log in again.
                if events.contains(where: { if case .blocked = $0 { true } else { false } }) {
                    try users.sessions.endAll(of: id, in: unit)
                }
                return Changed(value: try users.row(id, in: unit), revoked: events.revocations)
            }
            return try .json(.ok, UserView(row))
        }
    }

    private static func revoke(_ users: UserBook) -> Route {
        Route(
            .post, "/v1/admin/users/{userId}/revoke", "revokeUserTokens", tag: "Administration",
            "Ends all sessions of somebody and calls back their tokens", access: .admins,
            parameters: [.path("userId", .uuid, "The user")],
            answers: [.empty(.noContent, "No token of this user is good any more")], problems: [.notFound]
        ) { request in
            let id = try request.id("userId", as: UserID.self)
            try await users.write { unit in
                try users.requireGoodToken(request, in: unit)
                _ = try users.row(id, in: unit)
                return Changed(value: (), revoked: try users.revokeEverything(of: id, request.metadata, in: unit))
            }
            return .empty()
        }
    }
}

/// What an administrator sets. What is missing stays as it is.
struct UserAdministration: APIModel {
    var role: AccountRole?
    var blocked: Bool?

    static let schema = Schema.object([
        .init("role", AccountRole.schema, required: false), .init("blocked", .boolean, required: false),
    ])
}
