import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts
import Synchronization
import Testing

@testable import Users

@Suite struct `Logging in` {
    @Test func `a wrong password and an unknown address get the same answer after the same work`() async throws {
        let shop = try await UsersFixture()
        _ = try await shop.register()
        let before = shop.hasher.checks
        let wrong = try await shop.logIn(password: "not the password")
        let unknown = try await shop.logIn("nobody@example.org")
        let nonsense = try await shop.logIn("not an address")
        for answer in [wrong, unknown, nonsense] {
            #expect(answer.status == 401)
            #expect(answer.code == "invalid-credentials")
            #expect(answer.json["detail"] == wrong.json["detail"])
        }
        #expect(shop.hasher.checks - before == 3)
    }

    @Test func `after five wrong passwords even the right one waits, until the first leaves the window`() async throws {
        let shop = try await UsersFixture()
        _ = try await shop.register()
        for _ in 0..<5 {
            #expect(try await shop.logIn(password: "wrong password").status == 401)
            shop.pass(.seconds(60))
        }
        let refused = try await shop.logIn()
        #expect(refused.status == 429)
        #expect(refused.code == "too-many-requests")
        #expect(refused.response.head.headerFields[.retryAfter] == "600")
        #expect(try await shop.logIn("ADA@EXAMPLE.ORG").status == 429)
        shop.pass(.seconds(599))
        #expect(try await shop.logIn().status == 429)
        shop.pass(.seconds(1))
        #expect(try await shop.logIn().status == 201)
    }

    @Test func `a success clears what was held against an address`() async throws {
        let shop = try await UsersFixture()
        _ = try await shop.register()
        for _ in 0..<3 {
            for _ in 0..<4 { #expect(try await shop.logIn(password: "wrong password").status == 401) }
            #expect(try await shop.logIn().status == 201)
        }
    }

    @Test func `other addresses are not touched by the limit of one`() async throws {
        let shop = try await UsersFixture()
        _ = try await shop.register()
        _ = try await shop.register("bob@example.org")
        for _ in 0..<6 { _ = try await shop.logIn(password: "wrong password") }
        #expect(try await shop.logIn().status == 429)
        #expect(try await shop.logIn("bob@example.org").status == 201)
    }

    @Test func `a client may be wrong a hundred times over all addresses, others may go on`() async throws {
        let shop = try await UsersFixture()
        _ = try await shop.register()
        for number in 0..<100 {
            #expect(try await shop.logIn("user\(number)@example.org", client: "203.0.113.7").status == 401)
            // What succeeds in between does not count.
            if number == 50 { #expect(try await shop.logIn(client: "203.0.113.7").status == 201) }
        }
        let refused = try await shop.logIn(client: "203.0.113.7")
        #expect(refused.status == 429)
        #expect(refused.response.head.headerFields[.retryAfter] == "900")
        #expect(try await shop.logIn(client: "203.0.113.8").status == 201)
        shop.pass(.seconds(900))
        #expect(try await shop.logIn(client: "203.0.113.7").status == 201)
    }

    @Test func `an imported bcrypt hash is made anew at the first login`() async throws {
        let hashing = PasswordHasher(
            configuration: {
                var configuration = PasswordHasher.Configuration()
                configuration.parameters = Argon2Parameters(memory: .kibibytes(64), passes: 1)
                return configuration
            }(), chance: Chance(seed: 4), makeExecutor: { _ in InlineExecutor() },
            time: TimeSource(TestClock()))
        let shop = try await UsersFixture { $0.hasher = hashing }
        let admin = shop.platform.person(.admin)
        let imported = try await shop.platform.call(
            .users, .post, "/v1/admin/users/import", as: admin,
            json: [
                "email": "ada@example.org", "name": "Ada", "role": "USER",
                "passwordHash": "$2b$04$abcdefghijklmnopqrstuu88IapDzXdlGY1RRL9FgWUWQ2Ba09gnC",
            ])
        #expect(imported.status == 201)
        #expect(try await shop.logIn(password: "wrong password").status == 401)
        for _ in 0..<2 { #expect(try await shop.logIn(password: "Grüße, Ada!").status == 201) }
        #expect(try await shop.log().map(\.type) == ["UserCreated", "PasswordRehashed"])
        let stored = try await shop.environment.store.read { try Credentials.find(email: "ada@example.org", in: $0) }
        #expect(stored?.hash.exposed.hasPrefix("$argon2id$") == true)
    }

    @Test(arguments: ["", "plain", "$2b$31$abcdefghijklmnopqrstuu88IapDzXdlGY1RRL9FgWUWQ2Ba09gnC", "$2b$04$short"])
    func `a text that is no hash is not imported`(hash: String) async throws {
        let shop = try await UsersFixture()
        let answer = try await shop.platform.call(
            .users, .post, "/v1/admin/users/import", as: shop.platform.person(.admin),
            json: ["email": "a@example.org", "name": "A", "role": "USER", "passwordHash": .string(hash)])
        #expect(answer.status == 400)
        #expect(answer.json["detail"]?.string?.hasPrefix("/passwordHash") == true)
    }
}

@Suite struct `A session` {
    @Test func `goes on with new tokens at each exchange`() async throws {
        let shop = try await UsersFixture()
        var tokens = try await shop.session()
        for _ in 0..<4 {
            shop.pass(.seconds(1_000))
            #expect(try await shop.me(tokens.access).status == 401)
            let answer = try await shop.refresh(tokens.refresh)
            #expect(answer.status == 200)
            #expect(UsersFixture.tokens(answer).refresh != tokens.refresh)
            tokens = UsersFixture.tokens(answer)
            #expect(try await shop.me(tokens.access).status == 200)
        }
    }

    @Test func `an exchange may be repeated for ten seconds and gives the same refresh token`() async throws {
        let shop = try await UsersFixture()
        let tokens = try await shop.session()
        let first = UsersFixture.tokens(try await shop.refresh(tokens.refresh))
        shop.pass(.seconds(10))
        let again = UsersFixture.tokens(try await shop.refresh(tokens.refresh))
        #expect(again.refresh == first.refresh)
        #expect(try await shop.me(again.access).status == 200)
        #expect(try await shop.refresh(first.refresh).status == 200)
    }

    @Test func `a token that comes back after ten seconds ends the session of thief and victim`() async throws {
        let shop = try await UsersFixture()
        let tokens = try await shop.session()
        let next = UsersFixture.tokens(try await shop.refresh(tokens.refresh))
        shop.pass(.milliseconds(10_001))
        let reused = try await shop.refresh(tokens.refresh)
        #expect(reused.status == 401)
        #expect(reused.code == "token-reused")
        #expect(try await shop.refresh(next.refresh).status == 401)
        for access in [tokens.access, next.access] { #expect(try await shop.me(access).status == 401) }
        #expect(try await shop.log().filter { $0.type == "TokensRevoked" }.count == 2)
        #expect(try await shop.refresh(tokens.refresh).code == "unauthenticated")
    }

    @Test func `a token whose successor was used is not exchanged again, however quickly`() async throws {
        let shop = try await UsersFixture()
        let tokens = try await shop.session()
        let next = UsersFixture.tokens(try await shop.refresh(tokens.refresh))
        _ = try await shop.refresh(next.refresh)
        #expect(try await shop.refresh(tokens.refresh).code == "token-reused")
    }

    @Test func `many exchanges of one token at once lead to one successor`() async throws {
        let shop = try await UsersFixture()
        let tokens = try await shop.session()
        let successors = try await withThrowingTaskGroup { group in
            for _ in 0..<10 {
                group.addTask { UsersFixture.tokens(try await shop.refresh(tokens.refresh)).refresh }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(successors.count == 1)
        #expect(successors != [""])
    }

    @Test func `other sessions of the same person are not touched when one ends`() async throws {
        let shop = try await UsersFixture()
        let one = try await shop.session()
        let other = try await shop.tokens()
        #expect(try await shop.call(.delete, "/v1/sessions", token: one.access).status == 204)
        #expect(try await shop.me(one.access).status == 401)
        #expect(try await shop.refresh(one.refresh).status == 401)
        #expect(try await shop.me(other.access).status == 200)
        #expect(try await shop.refresh(other.refresh).status == 200)
        #expect(shop.revocations.count == 1)
    }

    @Test func `ends thirty days after the last exchange`() async throws {
        let shop = try await UsersFixture()
        let tokens = try await shop.session()
        shop.pass(.seconds(30 * 86_400 - 1))
        let next = UsersFixture.tokens(try await shop.refresh(tokens.refresh))
        shop.pass(.seconds(30 * 86_400))
        let late = try await shop.refresh(next.refresh)
        #expect(late.status == 401)
        #expect(late.code == "unauthenticated")
    }

    @Test func `the tables are tidied again after the store was out of order`() async throws {
        let shop = try await UsersFixture()
        let writes = Mutex(0)
        let store = shop.environment.store
        var environment = shop.environment
        environment.store = Transactor(commits: store.commits) { mode, body in
            guard mode == .write else { return try await store.read(body) }
            let isFirst = writes.withLock { count in
                count += 1
                return count == 1
            }
            if isFirst { throw EventStoreError(.unavailable, "the disk is full") }
            return try await store.write(body)
        }
        let users = try UsersService(
            environment,
            configuration: UsersService.Configuration(signingKey: shop.platform.userSigningKey, hasher: shop.hasher))
        _ = try await shop.session()
        let supervisor = WorkSupervisor(
            time: TimeSource(shop.platform.clock), chance: shop.environment.chance, report: { _ in })
        let running = Task { await supervisor.run(users.service.background) }
        for _ in 0..<3 {
            await shop.platform.clock.waitForSleepers()
            shop.pass(.seconds(31 * 86_400))
        }
        await shop.platform.clock.waitForSleepers()
        let left = try await shop.environment.store.read { try $0.query("SELECT 1 AS one FROM sessions") }
        #expect(left == [])
        #expect(writes.withLock { $0 } > 1)
        running.cancel()
        await running.value
    }

    @Test func `an invented refresh token is refused`() async throws {
        let shop = try await UsersFixture()
        _ = try await shop.session()
        #expect(try await shop.refresh(String(repeating: "0", count: 64)).status == 401)
        #expect(try await shop.refresh("").status == 400)
    }

    @Test func `what nobody can use any more is removed from the tables`() async throws {
        let shop = try await UsersFixture()
        _ = try await shop.refresh(try await shop.session().refresh)
        let running = Task { try await shop.users.service.background[0].run() }
        await shop.platform.clock.waitForSleepers()
        shop.pass(.seconds(31 * 86_400))
        await shop.platform.clock.waitForSleepers()
        let left = try await shop.environment.store.read { unit in
            try ["sessions", "refresh_tokens", "access_tokens"].flatMap { try unit.query("SELECT 1 AS one FROM \($0)") }
        }
        #expect(left == [])
        running.cancel()
        try await running.value
    }
}

@Suite struct `A refresh token` {
    private let start = Timestamp(milliseconds: 1_000)
    private func token(_ state: RefreshToken.State, ended: Bool = false) -> RefreshToken {
        RefreshToken(state: state, expiresAt: self.start + .seconds(100), sessionHasEnded: ended)
    }

    @Test func `is decided by its state and age alone`() {
        func decide(_ state: RefreshToken.State, after: Duration, ended: Bool = false) -> RefreshToken.Decision {
            self.token(state, ended: ended).presented(at: self.start + after, window: .seconds(10))
        }
        #expect(decide(.fresh, after: .zero) == .exchange)
        #expect(decide(.fresh, after: .milliseconds(99_999)) == .exchange)
        #expect(decide(.fresh, after: .seconds(100)) == .expired)
        #expect(decide(.fresh, after: .zero, ended: true) == .ended)
        let used = RefreshToken.State.exchanged(at: self.start, successorWasUsed: false)
        #expect(decide(used, after: .seconds(10)) == .repeatExchange)
        #expect(decide(used, after: .seconds(11)) == .reuse)
        // A date that was set back (found by the simulator, seed 500534).
        #expect(decide(used, after: .seconds(-10)) == .repeatExchange)
        #expect(decide(used, after: .seconds(-11)) == .reuse)
        #expect(decide(used, after: .seconds(1), ended: true) == .ended)
        #expect(decide(.exchanged(at: self.start, successorWasUsed: true), after: .zero) == .reuse)
    }

    @Test func `prints without its text`() {
        let secret = RefreshSecret.fresh(from: Chance(seed: 9))
        #expect(secret.text.exposed.utf8.count == 64)
        #expect(!"\(secret)".contains(secret.text.exposed))
        #expect(secret.successor(seed: [1]) == secret.successor(seed: [1]))
        #expect(secret.successor(seed: [1]) != secret.successor(seed: [2]))
    }
}
