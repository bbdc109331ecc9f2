import Chassis
import ChassisTesting
import Essentials
import HTTPTypes
import Testing

@testable import Users

@Suite struct `The limits of logging in` {
    private static let home = "198.51.100.1"

    @Test func `whoever is wrong on purpose does not keep the owner out`() async throws {
        let shop = try await UsersFixture()
        _ = try await shop.register()
        for _ in 0..<5 {
            #expect(try await shop.logIn(password: "a guess", client: "203.0.113.7").status == 401)
        }
        #expect(try await shop.logIn(password: "a guess", client: "203.0.113.7").status == 429)
        let refused = try await shop.logIn(client: Self.home)
        #expect(refused.status == 429)
        #expect(refused.response.head.headerFields[.retryAfter] == "1")
        shop.pass(.seconds(1))
        #expect(try await shop.logIn(client: Self.home).status == 201)
        // The owner's success does not give the attacker new tries.
        #expect(try await shop.logIn(password: "a guess", client: "203.0.113.7").status == 429)
    }

    @Test func `guesses from many addresses wait longer and longer, up to a minute`() async throws {
        let shop = try await UsersFixture()
        _ = try await shop.register()
        for number in 0..<5 {
            #expect(try await shop.logIn(password: "a guess", client: "203.0.113.\(number)").status == 401)
        }
        var pauses: [String] = []
        for number in 5..<13 {
            let refused = try await shop.logIn(password: "a guess", client: "203.0.113.\(number)")
            let pause = try #require(refused.response.head.headerFields[.retryAfter])
            pauses.append(pause)
            shop.pass(.seconds(try #require(Int64(pause))))
            #expect(try await shop.logIn(password: "a guess", client: "203.0.113.\(number)").status == 401)
        }
        #expect(pauses == ["1", "2", "4", "8", "16", "32", "60", "60"])
        shop.pass(.seconds(900))
        #expect(try await shop.logIn(password: "a guess", client: "203.0.113.99").status == 401)
        #expect(try await shop.logIn(password: "a guess", client: "203.0.113.99").status == 401)
    }

    @Test func `an address that the owner has logged in from does not wait for the failures of others`() async throws {
        let shop = try await UsersFixture()
        _ = try await shop.register()
        #expect(try await shop.logIn(client: Self.home).status == 201)
        for number in 0..<5 { _ = try await shop.logIn(password: "a guess", client: "203.0.113.\(number)") }
        #expect(try await shop.logIn(client: "198.51.100.2").status == 429)
        #expect(try await shop.logIn(client: Self.home).status == 201)
        // Its own failures are limited all the same.
        for _ in 0..<5 { #expect(try await shop.logIn(password: "a typo", client: Self.home).status == 401) }
        #expect(try await shop.logIn(client: Self.home).status == 429)
    }

    @Test func `the addresses of one IPv6 network count as one`() async throws {
        let shop = try await UsersFixture()
        _ = try await shop.register()
        for number in 0..<5 {
            #expect(try await shop.logIn(password: "a guess", client: "2001:db8:0:7::\(number)").status == 401)
        }
        shop.pass(.seconds(60))
        #expect(try await shop.logIn(password: "a guess", client: "2001:db8:0:7:1::1").status == 429)
        #expect(try await shop.logIn(client: "2001:db8:0:8::1").status == 201)
    }

    @Test func `a refused try does not lengthen the pause`() async throws {
        let shop = try await UsersFixture()
        _ = try await shop.register()
        for number in 0..<5 { _ = try await shop.logIn(password: "a guess", client: "203.0.113.\(number)") }
        for _ in 0..<200 { #expect(try await shop.logIn(password: "a guess", client: "203.0.113.9").status == 429) }
        shop.pass(.seconds(1))
        #expect(try await shop.logIn(client: Self.home).status == 201)
    }

    @Test func `a try whose password could not be looked at does not count`() async throws {
        let shop = try await UsersFixture()
        _ = try await shop.register()
        shop.hasher.isBusy = true
        for number in 0..<20 { #expect(try await shop.logIn(client: "203.0.113.\(number)").status == 503) }
        shop.hasher.isBusy = false
        #expect(try await shop.logIn(client: Self.home).status == 201)
    }
}

@Suite struct `A recent memory` {
    private static func tick(_ seconds: Int64) -> Tick { Tick(nanoseconds: seconds * 1_000_000_000) }

    @Test func `keeps a value for its lifetime at least and twice that at most`() {
        var memory = RecentMemory<Int, String>(capacity: 10, lifetime: .seconds(10), from: Self.tick(0))
        memory.set("a", for: 1, at: Self.tick(9))
        memory.set("b", for: 2, at: Self.tick(10))
        #expect(memory.value(of: 1) == "a")
        memory.set("c", for: 3, at: Self.tick(20))
        #expect(memory.value(of: 1) == nil)
        #expect(memory.value(of: 2) == "b")
        memory.set("d", for: 4, at: Self.tick(90))
        #expect(memory.count == 1)
    }

    @Test func `has a bound however many keys there are, and keeps the latest`() {
        var memory = RecentMemory<Int, Int>(capacity: 10, lifetime: .seconds(10), from: Self.tick(0))
        for key in 0..<1_000 {
            memory.set(key, for: key, at: Self.tick(0))
            #expect(memory.count <= 20)
        }
        for key in 990..<1_000 { #expect(memory.value(of: key) == key) }
        memory.forget(999)
        #expect(memory.value(of: 999) == nil)
    }
}
