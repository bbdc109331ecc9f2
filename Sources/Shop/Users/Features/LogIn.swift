import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts

/// Somebody proves who they are and gets the tokens of a new session.
struct LogIn: Sendable {
    let users: UserBook
    let passwords: Passwords
    let limits: LoginLimits

    var route: Route {
        Route(
            .post, "/v1/sessions", "logIn", tag: "Sessions", "Logs in", access: .anyone, body: .model(Login.self),
            answers: [.json(.created, SessionView.self, "The tokens of the session")],
            problems: [.invalidCredentials, .forbidden, .tooManyRequests]
        ) { request in
            let input = try request.decode(Login.self)
            let email = EmailAddress.normalized(input.email)
            let attempt = LoginAttempt(email: email, client: request.client)
            try self.limits.admit(attempt)
            let (found, check) = try await self.check(input, attempt)
            guard let found, check.isMatch else { throw Self.wrong }
            self.limits.succeeded(attempt)
            let hash = check == .matchesAndNeedsRehash ? try await self.passwords.rehash(input.password) : nil
            let tokens = try await self.open(found, rehashed: hash, request)
            return try .json(.created, SessionView(tokens), headers: [.cacheControl: "no-store"])
        }
    }

    /// The same work and the same answer, whether the address or the password is wrong.
    static let wrong = Problem(.invalidCredentials, "no account has this e-mail address with this password")

    private func check(_ input: Login, _ attempt: LoginAttempt) async throws -> (Credentials.Found?, PasswordCheck) {
        do {
            let found = try await self.users.store.read { try Credentials.find(email: attempt.email, in: $0) }
            return (found, try await self.passwords.check(input.password, against: found?.hash))
        } catch {
            self.limits.withdraw(attempt)
            throw error
        }
    }

    private func open(
        _ found: Credentials.Found, rehashed hash: Redacted<String>?, _ request: RoutedRequest,
    ) async throws -> SessionTokens {
        let users = self.users
        return try await users.write { unit in
            let user = try users.row(found.user, in: unit)
            guard !user.isBlocked else { throw Problem(.forbidden, "the account has been blocked") }
            // Somebody may have changed the password while this one was checked.
            guard try Credentials.find(found.user, in: unit)?.hash == found.hash else { throw Self.wrong }
            if let hash, try Credentials.replace(found, with: hash, at: users.wallClock.now, in: unit) {
                _ = try users.execute(.rehashPassword, on: found.user, request.metadata, in: unit)
            }
            return Changed(value: try users.sessions.open(user, in: unit))
        }
    }
}

/// What somebody says who logs in.
struct Login: APIModel {
    var email: String
    var password: Redacted<String>

    static let schema = Schema.object([
        .init("email", .text(1...254)), .init("password", .text(1...1_024)),
    ])
}

extension RoutedRequest {
    /// The address of who tries a password, as the gateway or the connection says.
    var client: String { ClientNetwork.key(of: self.header(.clientIP) ?? self.raw.peer ?? "unknown") }
}
