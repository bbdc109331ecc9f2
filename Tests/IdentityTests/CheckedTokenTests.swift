import Essentials
import EssentialsTesting
import Synchronization
import Testing

@testable import Identity

/// Keys that are changed under the verifier's feet.
private final class ChangingKeys: KeySource {
    private let current: Mutex<JWKSet>

    init(_ keys: JWKSet) { self.current = Mutex(keys) }

    func set(_ keys: JWKSet) { self.current.withLock { $0 = keys } }
    func keys() async throws -> JWKSet { self.current.withLock { $0 } }
}

@Suite("A token that comes again") struct CheckedTokenTests {
    private let fixture: Fixture
    private let keys: ChangingKeys
    private let verifier: TokenVerifier

    init() throws {
        self.fixture = try Fixture()
        self.keys = ChangingKeys(self.fixture.keys)
        self.verifier = TokenVerifier(
            issuer: Fixture.issuerName, audience: Fixture.audience, keys: self.keys,
            wallClock: self.fixture.clock.wallClock)
    }

    private func outcome(_ token: String) async throws -> JOSEError.Code? {
        do {
            _ = try await self.verifier.verify(token)
            return nil
        } catch let error as JOSEError {
            return error.code
        }
    }

    @Test func `says the same`() async throws {
        let token = try self.fixture.token()
        let first = try await self.verifier.verify(token)
        #expect(try await self.verifier.verify(token) == first)
    }

    @Test func `expires all the same`() async throws {
        let token = try self.fixture.token()
        #expect(try await self.outcome(token) == nil)
        self.fixture.clock.advance(by: .seconds(929))
        #expect(try await self.outcome(token) == nil)
        self.fixture.clock.advance(by: .seconds(1))
        #expect(try await self.outcome(token) == .expired)
    }

    @Test func `is refused when its key has been withdrawn or replaced`() async throws {
        let token = try self.fixture.token()
        #expect(try await self.outcome(token) == nil)
        let other = try Fixture(seed: 2)
        self.keys.set(other.keys)
        #expect(try await self.outcome(token) == .unknownKey)
        let document = String(decoding: other.keys.document, as: UTF8.self)
            .replacing(other.key.keyID, with: self.fixture.key.keyID)
        self.keys.set(try JWKSet(parsing: bytes(document)))
        #expect(try await self.outcome(token) == .badSignature)
        self.keys.set(self.fixture.keys)
        #expect(try await self.outcome(token) == nil)
    }

    @Test func `is known by its bytes, not by what they look like`() async throws {
        var token = try self.fixture.token()
        while !token.contains("K") { token = try self.fixture.token() }
        #expect(try await self.outcome(token) == nil)
        let lookalike = token.replacing("K", with: "\u{212A}")
        #expect(lookalike == token)
        #expect(try await self.outcome(lookalike) == .malformedToken)
    }

    @Test func `is remembered only as long as there is room`() throws {
        let checked = CheckedTokens()
        let verified = try self.fixture.verifier().verify(self.fixture.token(), with: self.fixture.keys)
        let now = self.fixture.clock.now
        for number in 0..<(3 * CheckedTokens.limit) {
            checked.remember(verified, "token \(number)", by: self.fixture.keys, at: now)
            #expect(checked.count <= CheckedTokens.limit)
        }
        #expect(checked.entry("token \(3 * CheckedTokens.limit - 1)") != nil)
        #expect(checked.entry("token 0") == nil)
    }
}
