import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts

/// What somebody sees and changes of themselves.
struct OwnProfile: Sendable {
    let users: UserBook
    let passwords: Passwords
    let limits: LoginLimits

    var routes: [Route] { [self.read, self.update, self.changePassword] }

    private var read: Route {
        Route(
            .get, "/v1/users/me", "getMyProfile", tag: "Users", "Reads the caller's profile",
            answers: [.json(.ok, UserView.self, "The profile")]
        ) { request in
            try .json(.ok, UserView(try await self.users.store.read { try self.users.caller(request, in: $0) }))
        }
    }

    private var update: Route {
        Route(
            .patch, "/v1/users/me", "updateMyProfile", tag: "Users", "Changes the caller's profile",
            body: .model(ProfileChange.self), answers: [.json(.ok, UserView.self, "The profile as it is now")]
        ) { request in
            let input = try request.decode(ProfileChange.self)
            let row = try await self.users.write { unit in
                let user = try self.users.caller(request, in: unit)
                _ = try self.users.execute(.rename(input.name), on: user.id, request.metadata, in: unit)
                return Changed(value: try self.users.row(user.id, in: unit))
            }
            return try .json(.ok, UserView(row))
        }
    }

    private var changePassword: Route {
        Route(
            .put, "/v1/users/me/password", "changeMyPassword", tag: "Users",
            "Changes the caller's password and ends all their sessions", body: .model(PasswordChange.self),
            answers: [.empty(.noContent, "The password is changed; log in with the new one")],
            problems: [.invalidCredentials, .tooManyRequests]
        ) { request in
            let input = try request.decode(PasswordChange.self)
            let (user, found) = try await self.users.store.read { unit in
                let user = try self.users.caller(request, in: unit)
                return (user, try Credentials.find(user.id, in: unit))
            }
            guard let found, let email = EmailAddress(user.email) else { throw LogIn.wrong }
            try self.passwords.requireAllowed(input.newPassword, email: email, at: "/newPassword")
            try await self.requireCurrent(input, found, email: email, request)
            let hash = try await self.passwords.hash(input.newPassword, email: email, at: "/newPassword")
            try await self.change(found, to: hash, request)
            return .empty()
        }
    }

    /// A stolen access token is no chance to guess the password: these tries count as logins do.
    private func requireCurrent(
        _ input: PasswordChange, _ found: Credentials.Found, email: EmailAddress, _ request: RoutedRequest,
    ) async throws {
        let attempt = LoginAttempt(email: email.text, client: request.client)
        try self.limits.admit(attempt)
        let check: PasswordCheck
        do {
            check = try await self.passwords.check(input.currentPassword, against: found.hash)
        } catch {
            self.limits.withdraw(attempt)
            throw error
        }
        guard check.isMatch else { throw Problem(.invalidCredentials, "/currentPassword: this is not the password") }
        self.limits.succeeded(attempt)
    }

    private func change(
        _ found: Credentials.Found, to hash: Redacted<String>, _ request: RoutedRequest,
    ) async throws {
        let users = self.users
        try await users.write { unit in
            let user = try users.caller(request, in: unit)
            guard try Credentials.replace(found, with: hash, at: users.wallClock.now, in: unit) else {
                throw Problem(.invalidCredentials, "the password was changed by somebody else just now")
            }
            let revocation = try users.sessions.everyAccessToken(of: user.id, in: unit)
            try users.sessions.endAll(of: user.id, in: unit)
            let events = try users.execute(.changePassword(revocation), on: user.id, request.metadata, in: unit)
            return Changed(value: (), revoked: events.revocations)
        }
    }
}

/// What somebody changes of their profile.
struct ProfileChange: APIModel {
    var name: String

    static let schema = Schema.object([.init("name", .string(.personName))])
}

/// Somebody chooses a new password.
struct PasswordChange: APIModel {
    var currentPassword: Redacted<String>
    var newPassword: Redacted<String>

    static let schema = Schema.object([
        .init("currentPassword", .text(1...1_024)), .init("newPassword", .string(.newPassword)),
    ])
}
