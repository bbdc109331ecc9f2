import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import Foundation
import HTTPTypes
import Identity
import ShopContracts
import Testing

@testable import Users

@Suite struct `Access to the users service` {
    @Test func `a forged, altered, expired or foreign token is refused`() async throws {
        let shop = try await UsersFixture()
        let token = try await shop.session().access
        let parts = token.split(separator: ".").map(String.init)
        func base64(_ text: String) -> String {
            Data(text.utf8).base64EncodedString().replacing("=", with: "").replacing("+", with: "-")
                .replacing("/", with: "_")
        }
        let stranger = try TokenIssuer(
            issuer: TokenAuthenticator.userIssuer, key: .generate(.edDSA, chance: Chance(seed: 77)),
            ids: shop.platform.ids, wallClock: shop.platform.wallClock.wallClock)
        let admin = Principal(subject: shop.platform.ids.next(), role: .admin)
        let forged = [
            "\(base64(#"{"alg":"none","typ":"at+jwt"}"#)).\(parts[1]).",
            "\(base64(#"{"alg":"none"}"#)).\(parts[1]).\(parts[2])",
            "\(parts[0]).\(base64(#"{"sub":"x","role":"ADMIN"}"#)).\(parts[2])",
            "\(parts[0]).\(parts[1]).\(String(parts[2].reversed()))", "\(parts[0]).\(parts[1])", "nonsense", "a.b.c",
            try stranger.issue(to: admin, audience: [TokenAuthenticator.userIssuer]).token,
        ]
        for text in forged {
            let answer = try await shop.me(text)
            #expect(answer.status == 401, "\(text)")
            #expect(answer.response.head.headerFields[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
        }
        #expect(try await shop.me(token).status == 200)
        shop.pass(.seconds(931))
        #expect(try await shop.me(token).status == 401)
    }

    @Test func `a token for another audience is refused`() async throws {
        let shop = try await UsersFixture()
        let issuer = try TokenIssuer(
            issuer: TokenAuthenticator.userIssuer, key: shop.platform.userSigningKey, ids: shop.platform.ids,
            wallClock: shop.platform.wallClock.wallClock)
        let principal = shop.platform.person(.admin)
        #expect(try await shop.me(issuer.issue(to: principal, audience: ["elsewhere"]).token).status == 401)
    }

    @Test func `only administrators may administer`() async throws {
        let shop = try await UsersFixture()
        let id = try await shop.register().json["userId"]?.string ?? ""
        let new: JSONValue = [
            "email": "new@example.org", "password": .string(UsersFixture.password), "name": "New", "role": "OPERATOR",
        ]
        let hash = JSONValue.string("$2b$04$abcdefghijklmnopqrstuu88IapDzXdlGY1RRL9FgWUWQ2Ba09gnC")
        let imported: JSONValue = [
            "email": "old@example.org", "passwordHash": hash, "name": "Old", "role": "USER",
        ]
        let calls: [(HTTPRequest.Method, String, JSONValue?, Int)] = [
            (.get, "/v1/admin/users", nil, 200), (.post, "/v1/admin/users", new, 201),
            (.patch, "/v1/admin/users/\(id)", ["role": "OPERATOR"], 200),
            (.post, "/v1/admin/users/\(id)/revoke", nil, 204), (.post, "/v1/admin/users/import", imported, 201),
        ]
        for (method, path, body, status) in calls {
            #expect(try await shop.platform.call(.users, method, path, json: body).status == 401, "\(path)")
            for role in [Role.user, .operator] {
                let caller = shop.platform.person(role)
                let answer = try await shop.platform.call(.users, method, path, as: caller, json: body)
                #expect(answer.status == 403, "\(role) \(path)")
                #expect(answer.code == "forbidden")
            }
            let service = try await shop.platform.call(.users, method, path, as: .service("orders"), json: body)
            #expect(service.status == 403)
            let admin = shop.platform.person(.admin)
            #expect(try await shop.platform.call(.users, method, path, as: admin, json: body).status == status)
        }
    }

    @Test func `services learn who a user is, people do not`() async throws {
        let shop = try await UsersFixture()
        let id = try await shop.register().json["userId"]?.string ?? ""
        let path = "/internal/users/\(id)"
        let card = try await shop.platform.call(.users, .get, path, as: .service("notifications"))
        #expect(card.json == ["email": "ada@example.org", "name": "Ada", "role": "USER", "userId": .string(id)])
        #expect(try await shop.platform.call(.users, .get, path, as: shop.platform.person(.admin)).status == 403)
        let stranger = "/internal/users/\(shop.platform.ids.next())"
        #expect(try await shop.platform.call(.users, .get, stranger, as: .service("orders")).status == 404)
    }

    @Test func `the published keys are the ones that sign, and nothing secret is with them`() async throws {
        let shop = try await UsersFixture()
        let answer = try await shop.platform.call(.users, .get, "/.well-known/jwks.json")
        #expect(answer.status == 200)
        #expect(PublishedKeys.schema.violations(in: answer.json) == [])
        #expect(answer.json["keys"]?.array?.first?["d"] == nil)
        let verifier = TokenVerifier(
            issuer: TokenAuthenticator.userIssuer, audience: TokenAuthenticator.userIssuer,
            keys: try JWKSet(parsing: answer.response.body), wallClock: shop.platform.wallClock.wallClock)
        _ = try await verifier.verify(shop.session().access)
    }

    @Test func `a life of more than a day is refused at the start`() async throws {
        await #expect(throws: JOSEError.self) {
            _ = try await UsersFixture { $0.accessLifetime = .seconds(86_401) }
        }
    }
}

@Suite struct `Administering` {
    @Test func `a new role needs new tokens, and the session gives them`() async throws {
        let shop = try await UsersFixture()
        let admin = shop.platform.person(.admin)
        let tokens = try await shop.session()
        let id = try await shop.me(tokens.access).json["userId"]?.string ?? ""
        let path = "/v1/admin/users/\(id)"
        let promoted = try await shop.platform.call(.users, .patch, path, as: admin, json: ["role": "ADMIN"])
        #expect(promoted.json["role"] == "ADMIN")
        #expect(try await shop.me(tokens.access).status == 401)
        let next = UsersFixture.tokens(try await shop.refresh(tokens.refresh))
        #expect(try await shop.call(.get, "/v1/admin/users", token: next.access).status == 200)
    }

    @Test func `who is blocked is out at once and cannot come in, until they are unblocked`() async throws {
        let shop = try await UsersFixture()
        let admin = shop.platform.person(.admin)
        let tokens = try await shop.session()
        let id = try await shop.me(tokens.access).json["userId"]?.string ?? ""
        let path = "/v1/admin/users/\(id)"
        let blocked = try await shop.platform.call(.users, .patch, path, as: admin, json: ["blocked": true])
        #expect(blocked.json["blocked"] == true)
        #expect(try await shop.me(tokens.access).status == 401)
        #expect(try await shop.refresh(tokens.refresh).status == 401)
        #expect(try await shop.logIn().status == 403)
        #expect(try await shop.logIn(password: "wrong password").status == 401)
        _ = try await shop.platform.call(.users, .patch, path, as: admin, json: ["blocked": false])
        #expect(try await shop.logIn().status == 201)
        #expect(try await shop.refresh(tokens.refresh).status == 401)
    }

    @Test func `called-back tokens are known to whoever asks the list, also after a restart`() async throws {
        let shop = try await UsersFixture()
        let admin = shop.platform.person(.admin)
        let tokens = try await shop.session()
        let me = try await shop.me(tokens.access).json
        let id = try #require(me["userId"]?.string.flatMap { UniqueID($0) })
        let old = Principal(
            subject: id, role: .user, tokenID: "old", issuedAt: shop.platform.wallClock.now + .seconds(-5))
        #expect(!shop.revocations.isRevoked(old))
        let answer = try await shop.platform.call(.users, .post, "/v1/admin/users/\(id)/revoke", as: admin)
        #expect(answer.status == 204)
        #expect(try await shop.me(tokens.access).status == 401)
        #expect(try await shop.refresh(tokens.refresh).status == 401)

        let fromFeed = RevocationList(wallClock: shop.platform.wallClock.wallClock)
        for event in try await shop.log() {
            if let revocation = try TokensRevoked.revocation(in: event) { fromFeed.insert(revocation) }
        }
        let restarted = RevocationList(wallClock: shop.platform.wallClock.wallClock)
        let configuration = UsersService.Configuration(
            signingKey: shop.platform.userSigningKey, hasher: shop.hasher, revocations: restarted)
        try await UsersService(shop.environment, configuration: configuration).service.prepare()
        for list in [shop.revocations, fromFeed, restarted] {
            #expect(list.isRevoked(old))
            #expect(list.count == shop.revocations.count)
        }
        let later = Principal(subject: id, role: .user, tokenID: "new", issuedAt: shop.platform.wallClock.now)
        #expect(!shop.revocations.isRevoked(later))
    }

    @Test func `an administrator cannot change or block themselves`() async throws {
        let shop = try await UsersFixture()
        let id = try #require(
            await shop.users.seedAdministrator(email: "root@example.org", password: Redacted(UsersFixture.password)))
        let token = try await shop.tokens("root@example.org").access
        let answer = try await shop.call(.patch, "/v1/admin/users/\(id)", token: token, json: ["blocked": true])
        #expect(answer.status == 409)
        #expect(try await shop.me(token).status == 200)
    }

    @Test func `users are listed in pages that show each of them once`() async throws {
        let shop = try await UsersFixture()
        let admin = shop.platform.person(.admin)
        for number in 0..<7 { _ = try await shop.register("user\(number)@example.org") }
        var seen: [String] = []
        var cursor = ""
        repeat {
            let page = try await shop.platform.call(.users, .get, "/v1/admin/users?limit=3\(cursor)", as: admin)
            #expect(page.status == 200)
            seen += page.json["items"]?.array?.compactMap { $0["email"]?.string } ?? []
            cursor = page.json["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
            if seen.count == 3 { _ = try await shop.register("late@example.org") }
        } while !cursor.isEmpty
        #expect(seen == (0..<7).map { "user\($0)@example.org" } + ["late@example.org"])
    }

    @Test func `what does not exist is a 404, what is unknown a 400`() async throws {
        let shop = try await UsersFixture()
        let admin = shop.platform.person(.admin)
        let path = "/v1/admin/users/\(shop.platform.ids.next())"
        #expect(try await shop.platform.call(.users, .patch, path, as: admin, json: ["role": "USER"]).status == 404)
        #expect(try await shop.platform.call(.users, .post, path + "/revoke", as: admin).status == 404)
        #expect(try await shop.platform.call(.users, .patch, path, as: admin, json: ["role": "SERVICE"]).status == 400)
        #expect(try await shop.platform.call(.users, .get, "/v1/admin/users?cursor=e30", as: admin).status == 400)
    }
}
