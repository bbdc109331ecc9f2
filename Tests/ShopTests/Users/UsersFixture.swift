import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts
import Synchronization

@testable import Users

/// Hashes in no time, and can be made to refuse.
final class QuickHasher: PasswordHashing {
    private struct State {
        var isBusy = false
        var checks = 0
    }

    private let state = Mutex(State())

    var isBusy: Bool {
        get { self.state.withLock(\.isBusy) }
        set { self.state.withLock { $0.isBusy = newValue } }
    }

    /// How many passwords were checked, also against nothing.
    var checks: Int { self.state.withLock(\.checks) }

    func storedHash(of password: Redacted<String>) throws -> Redacted<String> {
        try self.requireRoom()
        return Redacted("quick:\(password.exposed)")
    }

    func check(_ password: Redacted<String>, against stored: Redacted<String>?) throws -> PasswordCheck {
        try self.requireRoom()
        self.state.withLock { $0.checks += 1 }
        return stored?.exposed == "quick:\(password.exposed)" ? .matches : .mismatch
    }

    private func requireRoom() throws {
        if self.isBusy { throw PasswordError(.busy, "full", retryAfter: .seconds(3)) }
    }
}

/// A users service of its own.
struct UsersFixture {
    static let password = "correct horse battery"

    let platform: TestPlatform
    let hasher = QuickHasher()
    let users: UsersService
    let environment: ServiceEnvironment
    let revocations: RevocationList

    init(_ configure: (inout UsersService.Configuration) -> Void = { _ in }) async throws {
        self.platform = try TestPlatform()
        self.environment = try self.platform.environment(.users, migrations: UsersService.migrations)
        self.revocations = RevocationList(wallClock: self.platform.wallClock.wallClock)
        var configuration = UsersService.Configuration(
            signingKey: self.platform.userSigningKey, hasher: self.hasher, revocations: self.revocations)
        configure(&configuration)
        self.users = try UsersService(self.environment, configuration: configuration)
        try await self.users.service.prepare()
        self.platform.host(self.users.service)
    }

    /// Moves both clocks.
    func pass(_ duration: Duration) {
        self.platform.clock.advance(by: duration)
        self.platform.wallClock.advance(by: duration)
    }

    func register(
        _ email: String = "ada@example.org", password: String = UsersFixture.password, name: String = "Ada",
    ) async throws -> TestAnswer {
        try await self.platform.call(
            .users, .post, "/v1/users",
            json: ["email": .string(email), "password": .string(password), "name": .string(name)])
    }

    func logIn(
        _ email: String = "ada@example.org", password: String = UsersFixture.password, client: String? = nil,
    ) async throws -> TestAnswer {
        try await self.platform.call(
            .users, .post, "/v1/sessions", headers: client.map { [.clientIP: $0] } ?? [:],
            json: ["email": .string(email), "password": .string(password)])
    }

    func refresh(_ token: String) async throws -> TestAnswer {
        try await self.platform.call(.users, .post, "/v1/sessions/refresh", json: ["refreshToken": .string(token)])
    }

    /// A call with the token of a session.
    func call(
        _ method: HTTPRequest.Method, _ path: String, token: String, json: JSONValue? = nil,
    ) async throws -> TestAnswer {
        try await self.platform.call(
            .users, method, path, headers: [.authorization: "Bearer \(token)"], json: json)
    }

    func me(_ token: String) async throws -> TestAnswer { try await self.call(.get, "/v1/users/me", token: token) }

    /// Registers and logs in.
    func session(_ email: String = "ada@example.org") async throws -> (access: String, refresh: String) {
        _ = try await self.register(email)
        return try await self.tokens(email)
    }

    /// Logs in once more.
    func tokens(_ email: String = "ada@example.org") async throws -> (access: String, refresh: String) {
        Self.tokens(try await self.logIn(email))
    }

    static func tokens(_ answer: TestAnswer) -> (access: String, refresh: String) {
        (answer.json["accessToken"]?.string ?? "", answer.json["refreshToken"]?.string ?? "")
    }

    /// The types of all events in the log, in order.
    func log() async throws -> [RecordedEvent] {
        try await self.environment.store.read { try $0.readAll(after: .start, limit: 1_000) }
    }
}
