import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts
import Testing

@testable import Users

@Suite struct `Registering` {
    @Test func `somebody who registers can log in and read their profile`() async throws {
        let shop = try await UsersFixture()
        let registered = try await shop.register()
        #expect(registered.status == 201)
        #expect(UserView.schema.violations(in: registered.json) == [])
        #expect(registered.json["role"] == "USER")
        #expect(registered.json["blocked"] == false)
        let session = try await shop.logIn()
        #expect(session.status == 201)
        #expect(SessionView.schema.violations(in: session.json) == [])
        #expect(session.json["tokenType"] == "Bearer")
        #expect(session.json["expiresIn"]?.serialized == Array("900".utf8))
        #expect(session.response.head.headerFields[.cacheControl] == "no-store")
        let me = try await shop.me(UsersFixture.tokens(session).access)
        #expect(me.status == 200)
        #expect(me.json == registered.json)
    }

    @Test func `a token says who, with which address and in which role, for fifteen minutes`() async throws {
        let shop = try await UsersFixture()
        let registered = try await shop.register()
        let verifier = TokenVerifier(
            issuer: TokenAuthenticator.userIssuer, audience: TokenAuthenticator.userIssuer,
            keys: try JWKSet([shop.platform.userSigningKey.publicKey]), wallClock: shop.platform.wallClock.wallClock)
        let claims = try await verifier.verify(shop.tokens().access).claims
        #expect(claims.userID == registered.json["userId"]?.string)
        #expect(claims.email == "ada@example.org")
        #expect(claims.role == .user)
        #expect(claims.issuedAt.map { claims.expiresAt - $0 } == .seconds(900))
    }

    @Test(arguments: ["ada@example.org", "ADA@example.org", "Ada@Example.ORG"])
    func `an address is registered once, however it is spelled`(email: String) async throws {
        let shop = try await UsersFixture()
        _ = try await shop.register()
        let again = try await shop.register(email, name: "Another Ada")
        #expect(again.status == 409)
        #expect(again.code == "email-taken")
        #expect(try await shop.log().filter { $0.type == "UserCreated" }.count == 1)
        #expect(try await shop.logIn(email).status == 201)
    }

    @Test func `of two who register one address at the same time, one wins`() async throws {
        let shop = try await UsersFixture()
        let statuses = try await withThrowingTaskGroup { group in
            for _ in 0..<20 { group.addTask { try await shop.register().status } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.sorted() == [201] + Array(repeating: 409, count: 19))
    }

    @Test(arguments: [
        ("a@b", UsersFixture.password, "Ada", "/email"), ("ada", UsersFixture.password, "Ada", "/email"),
        ("a b@example.org", UsersFixture.password, "Ada", "/email"),
        ("ada@-example.org", UsersFixture.password, "Ada", "/email"),
        ("ada@example..org", UsersFixture.password, "Ada", "/email"),
        ("ada@example.org", "short", "Ada", "/password"),
        ("ada@example.org", String(repeating: "ab", count: 65), "Ada", "/password"),
        ("ada@example.org", "password", "Ada", "/password"), ("ada@example.org", "aaaaaaaaaa", "Ada", "/password"),
        ("ada@example.org", "Ada@example.org", "Ada", "/password"),
        ("ada@example.org", UsersFixture.password, "", "/name"),
        ("ada@example.org", UsersFixture.password, "  ", "/name"),
        ("ada@example.org", UsersFixture.password, "A\nda", "/name"),
    ])
    func `a wrong member is refused by name`(
        email: String, password: String, name: String, place: String
    ) async throws {
        let shop = try await UsersFixture()
        let answer = try await shop.register(email, password: password, name: name)
        #expect(answer.status == 400)
        #expect(answer.json["detail"]?.string?.hasPrefix(place) == true, "\(answer.json)")
        #expect(try await shop.log() == [])
    }

    @Test func `a body with a role is refused: nobody makes themselves an administrator`() async throws {
        let shop = try await UsersFixture()
        let answer = try await shop.platform.call(
            .users, .post, "/v1/users",
            json: [
                "email": "eve@example.org", "password": .string(UsersFixture.password), "name": "Eve", "role": "ADMIN",
            ])
        #expect(answer.status == 400)
        #expect(answer.json["detail"]?.string?.hasPrefix("/role") == true)
    }

    @Test func `neither password nor hash nor token stands in the log`() async throws {
        let shop = try await UsersFixture()
        let session = try await shop.session()
        _ = try await shop.call(.delete, "/v1/sessions", token: session.access)
        let text = try await shop.log().map { String(decoding: $0.event.data, as: UTF8.self) }.joined()
        #expect(!text.contains(UsersFixture.password))
        #expect(!text.contains("quick:"))
        #expect(!text.contains(session.refresh))
        #expect(!text.contains(session.access))
        #expect("\(Registration(email: "a", password: Redacted("hidden"), name: "n"))".contains("hidden") == false)
    }

    @Test func `when no more passwords can be hashed, the client is told when to come again`() async throws {
        let shop = try await UsersFixture()
        _ = try await shop.register()
        shop.hasher.isBusy = true
        for answer in [try await shop.register("bob@example.org"), try await shop.logIn()] {
            #expect(answer.status == 503)
            #expect(answer.response.head.headerFields[.retryAfter] == "3")
        }
        shop.hasher.isBusy = false
        // A try that was not made does not count against anybody.
        for _ in 0..<4 { #expect(try await shop.logIn(password: "wrong password").status == 401) }
        #expect(try await shop.logIn().status == 201)
    }

    @Test func `the first administrator is seeded into an empty database only`() async throws {
        let shop = try await UsersFixture()
        let id = try await shop.users.seedAdministrator(
            email: "root@example.org", password: Redacted(UsersFixture.password))
        #expect(id != nil)
        let again = try await shop.users.seedAdministrator(
            email: "other@example.org", password: Redacted(UsersFixture.password))
        #expect(again == nil)
        let token = try await shop.tokens("root@example.org").access
        #expect(try await shop.me(token).json["role"] == "ADMIN")
        #expect(try await shop.call(.get, "/v1/admin/users", token: token).status == 200)
    }
}

@Suite struct `The profile` {
    @Test func `a new name is one fact, and the same name none`() async throws {
        let shop = try await UsersFixture()
        let token = try await shop.session().access
        shop.pass(.seconds(5))
        for _ in 0..<2 {
            let changed = try await shop.call(.patch, "/v1/users/me", token: token, json: ["name": "Ada Lovelace"])
            #expect(changed.status == 200)
            #expect(changed.json["name"] == "Ada Lovelace")
            #expect(changed.json["createdAt"] != changed.json["updatedAt"])
        }
        #expect(try await shop.log().map(\.type) == ["UserCreated", "ProfileUpdated"])
        #expect(try await shop.me(token).json["name"] == "Ada Lovelace")
    }

    @Test func `a new password ends every session and every token, and the old password is no longer good`()
        async throws
    {
        let shop = try await UsersFixture()
        let first = try await shop.session()
        let second = try await shop.tokens()
        let answer = try await shop.call(
            .put, "/v1/users/me/password", token: first.access,
            json: ["currentPassword": .string(UsersFixture.password), "newPassword": "something quite else"])
        #expect(answer.status == 204)
        for session in [first, second] {
            #expect(try await shop.me(session.access).status == 401)
            #expect(try await shop.refresh(session.refresh).status == 401)
        }
        #expect(try await shop.logIn().status == 401)
        // A session of the same second is a new one, although its tokens have the same time in them.
        let after = try await shop.logIn(password: "something quite else")
        #expect(try await shop.me(UsersFixture.tokens(after).access).status == 200)
    }

    @Test func `a stolen access token is no chance to guess the password`() async throws {
        let shop = try await UsersFixture()
        let token = try await shop.session().access
        func attempt() async throws -> TestAnswer {
            try await shop.call(
                .put, "/v1/users/me/password", token: token,
                json: ["currentPassword": "a guess", "newPassword": "something quite else"])
        }
        for _ in 0..<5 { #expect(try await attempt().code == "invalid-credentials") }
        #expect(try await attempt().status == 429)
        #expect(try await shop.logIn().status == 429)
    }

    @Test func `a new password that the policy refuses changes nothing`() async throws {
        let shop = try await UsersFixture()
        let token = try await shop.session().access
        let answer = try await shop.call(
            .put, "/v1/users/me/password", token: token,
            json: ["currentPassword": .string(UsersFixture.password), "newPassword": "password"])
        #expect(answer.status == 400)
        #expect(answer.json["detail"]?.string?.hasPrefix("/newPassword") == true)
        #expect(try await shop.me(token).status == 200)
    }
}
