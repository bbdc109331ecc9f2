import Essentials
import EssentialsTesting
import Testing

@testable import Identity

@Suite struct TokenTests {
    @Test(arguments: SigningKey.Algorithm.allCases)
    func `an issued token names its bearer to the verifier`(algorithm: SigningKey.Algorithm) async throws {
        let fixture = try Fixture(algorithm)
        let issued = try fixture.issuer.issue(to: fixture.principal, audience: ["shop", "console"])
        let verified = try await fixture.verifier { $0.requiredType = "at+jwt" }.verify(issued.token)
        #expect(verified.claims == issued.claims)
        let principal = try verified.claims.principal()
        #expect(principal.subject == fixture.principal.subject)
        #expect(principal.email == "ada@example.org")
        #expect(principal.role == .user)
        #expect(principal.has(scope: "orders:write"))
        #expect(principal.expiresAt == fixture.clock.now + .seconds(900))
        #expect(verified.claims.userID == verified.claims.subject)
        #expect(principal.tokenID != nil)
    }

    @Test func `a service is its name`() throws {
        let fixture = try Fixture()
        let issued = try fixture.issuer.issue(to: .service("orders"), audience: ["shop"])
        let principal = try fixture.verifier().verify(issued.token, with: fixture.keys).claims.principal()
        #expect(principal.role == .service)
        #expect(principal.clientID == "orders")
        #expect(principal.subject == Principal.subject(ofService: "orders"))
        #expect(principal.subject.version == 8)
        #expect(Principal.subject(ofService: "payments") != principal.subject)
    }

    @Test func `a token is good until its last second and the leeway`() throws {
        let fixture = try Fixture()
        let token = try fixture.token()
        fixture.clock.advance(by: .seconds(929))
        _ = try fixture.verifier().verify(token, with: fixture.keys)
        fixture.clock.advance(by: .seconds(1))
        #expect(refusal { _ = try fixture.verifier().verify(token, with: fixture.keys) } == .expired)
    }

    @Test(
        arguments: [
            (["exp": "1767225569"], JOSEError.Code.expired),
            (["exp": nil], .missingClaim),
            (["exp": "\"1767226500\""], .malformedClaim),
            (["exp": "1e10"], .malformedClaim),
            (["exp": "-5"], .malformedClaim),
            (["exp": "99999999999999999999"], .malformedClaim),
            (["exp": "1767312001"], .lifetimeTooLong),
            (["nbf": "1767225631"], .notYetValid),
            (["iat": "1767225631"], .notYetValid),
            (["iat": nil], .missingClaim),
            (["iat": "1767226500"], .notYetValid),
            (["iat": "1767225620", "exp": "1767225610"], .malformedClaim),
            (["nbf": "1767225620", "exp": "1767225610", "iat": "1767225600"], .malformedClaim),
            (["iss": "\"https://evil.example\""], .wrongIssuer),
            (["iss": "\"https://id.example/\""], .wrongIssuer),
            (["iss": nil], .missingClaim),
            (["iss": "7"], .malformedClaim),
            (["aud": "\"console\""], .wrongAudience),
            (["aud": "[\"console\",\"SHOP\"]"], .wrongAudience),
            (["aud": "[]"], .malformedClaim),
            (["aud": "[\"shop\",7]"], .malformedClaim),
            (["aud": nil], .missingClaim),
            (["sub": nil], .missingClaim),
            (["sub": "\"\""], .malformedClaim),
            (["role": "\"ROOT\""], .malformedClaim),
            (["role": "\"user\""], .malformedClaim),
            (["userId": "\"somebody-else\""], .malformedClaim),
            (["sub\":\"x\",\"sub": "\"y\""], .malformedJSON),
        ] as [([String: String?], JOSEError.Code)])
    func `claims are checked`(changes: [String: String?], code: JOSEError.Code) throws {
        #expect(try Fixture().outcome(payload: Fixture.payload(changes)) == code)
    }

    @Test(
        arguments: [
            [:], ["nbf": "1767225630"], ["iat": "1767225630"], ["aud": "[\"console\",\"shop\"]"],
            ["exp": "1767225600.5"],
            ["exp": "1767312000"], ["role": "\"SERVICE\"", "userId": "\"orders\""],
            ["somethingElse": "{\"deep\":[1,2]}"],
        ] as [[String: String?]])
    func `sound claims pass`(changes: [String: String?]) throws {
        #expect(try Fixture().outcome(payload: Fixture.payload(changes)) == nil)
    }

    @Test func `the type is checked when it is required`() throws {
        let fixture = try Fixture()
        func outcome(_ type: String) throws -> JOSEError.Code? {
            try fixture.outcome(
                payload: Fixture.payload(), header: #"{"alg":"EdDSA","kid":"\#(fixture.key.keyID)"\#(type)}"#
            ) { $0.requiredType = "at+jwt" }
        }
        #expect(try outcome(#","typ":"at+jwt""#) == nil)
        #expect(try outcome(#","typ":"application/AT+JWT""#) == nil)
        #expect(try outcome(#","typ":"JWT""#) == .wrongType)
        #expect(try outcome("") == .wrongType)
        #expect(try outcome(#","typ":"at+jwt","cty":"JWT""#) == .refusedHeader)
    }

    @Test func `required claims must be there`() throws {
        for claim in TokenVerifier.OptionalClaim.allCases where claim != .issuedAt {
            let outcome = try Fixture().outcome(payload: Fixture.payload()) { $0.requiredClaims = [claim] }
            #expect(outcome == .missingClaim, "\(claim)")
        }
    }

    @Test func `without iat the rest of the life is bounded`() throws {
        let outcome = try Fixture().outcome(payload: Fixture.payload(["iat": nil, "exp": "1767312001"])) {
            $0.requiredClaims = []
        }
        #expect(outcome == .lifetimeTooLong)
    }

    @Test func `an issuer never grants more than a day`() throws {
        let fixture = try Fixture()
        var configuration = TokenIssuer.Configuration()
        configuration.lifetime = .seconds(86_401)
        #expect(
            refusal { _ = try TokenIssuer(issuer: "x", key: fixture.key, configuration: configuration) }
                == .lifetimeTooLong)
        configuration.lifetime = .zero
        #expect(
            refusal { _ = try TokenIssuer(issuer: "x", key: fixture.key, configuration: configuration) }
                == .lifetimeTooLong)
        #expect(
            refusal {
                _ = try fixture.issuer.issue(to: fixture.principal, audience: ["shop"], lifetime: .seconds(86_401))
            } == .lifetimeTooLong)
    }

    @Test func `an issuer refuses what it could not say on the wire`() throws {
        let fixture = try Fixture()
        var principal = fixture.principal
        #expect(refusal { _ = try fixture.issuer.issue(to: principal, audience: []) } == .malformedClaim)
        principal.scopes = ["two words"]
        #expect(refusal { _ = try fixture.issuer.issue(to: principal, audience: ["shop"]) } == .malformedClaim)
        principal.scopes = [String(repeating: "x", count: 13_000)]
        #expect(refusal { _ = try fixture.issuer.issue(to: principal, audience: ["shop"]) } == .oversize)
    }

    @Test func `the defaults are those of the documents`() {
        #expect(TokenIssuer.Configuration().lifetime == .seconds(15 * 60))
        #expect(TokenIssuer.Configuration().type == "at+jwt")
        #expect(TokenVerifier.Configuration().leeway == .seconds(30))
        #expect(TokenVerifier.Configuration().maximumLifetime == .seconds(24 * 3_600))
        #expect(TokenVerifier.Configuration().requiredType == nil)
        #expect(TokenVerifier.Configuration().requiredClaims == [.issuedAt])
        #expect(CachedKeySource.Configuration().refreshInterval == .seconds(5 * 60))
        #expect(CachedKeySource.Configuration().minimumInterval == .seconds(10))
        #expect(CachedKeySource.Configuration().maximumStaleness == .seconds(24 * 3_600))
        #expect(Role.allCases.map(\.rawValue) == ["USER", "OPERATOR", "ADMIN", "SERVICE"])
    }

    @Test func `a token without role or with a foreign subject is no principal`() throws {
        let fixture = try Fixture()
        var claims = try fixture.issuer.issue(to: fixture.principal, audience: ["shop"]).claims
        claims.role = nil
        #expect(refusal { _ = try claims.principal() } == .missingClaim)
        claims.role = .user
        claims.subject = "ada"
        #expect(refusal { _ = try claims.principal() } == .malformedClaim)
    }

    @Test func `neither an issued token nor a key shows its secret`() throws {
        let fixture = try Fixture()
        let issued = try fixture.issuer.issue(to: fixture.principal, audience: ["shop"])
        var shown = "\(issued) \(fixture.key) \(fixture.key.jwk) \(fixture.key.pem)"
        dump(issued, to: &shown)
        dump(fixture.key, to: &shown)
        dump(fixture.issuer, to: &shown)
        #expect(!shown.contains(issued.token.split(separator: ".")[2]))
        let secret = try #require(
            StrictJSON.object(in: fixture.key.jwk.exposed, what: "key", limit: 4_096)["d"]?.string)
        #expect(!shown.contains(secret))
    }

    @Test func `one seed, one key, one token`() throws {
        #expect(try Fixture(seed: 7).token() == Fixture(seed: 7).token())
        #expect(try Fixture(seed: 7).token() != Fixture(seed: 8).token())
    }

    @Test func `every one-byte change of a token is refused`() throws {
        for (seed, algorithm) in zip([11, 12] as [UInt64], SigningKey.Algorithm.allCases) {
            let fixture = try Fixture(algorithm, seed: seed)
            let token = Array(try fixture.token().utf8)
            let chance = Chance(seed: seed)
            for position in token.indices {
                var changed = token
                repeat { changed[position] = UInt8(truncatingIfNeeded: chance.next()) & 0x7F } while changed == token
                let text = String(decoding: changed, as: UTF8.self)
                #expect(throws: JOSEError.self, "byte \(position)") {
                    try fixture.verifier().verify(text, with: fixture.keys)
                }
            }
        }
    }

    @Test(arguments: 0..<32 as Range<UInt64>)
    func `a cut, doubled or stretched token is refused`(seed: UInt64) throws {
        let fixture = try Fixture(seed: seed)
        let token = try fixture.token()
        let chance = Chance(seed: seed)
        let cut = chance.below(token.utf8.count)
        let alphabet = Array("ABCxyz019-_.=+/ \n")
        var stretched = Array(token)
        stretched.insert(alphabet[chance.below(alphabet.count)], at: chance.below(stretched.count + 1))
        for text in [String(token.prefix(cut)), token + token, token + "." + token, String(stretched)] {
            #expect(throws: JOSEError.self) { try fixture.verifier().verify(text, with: fixture.keys) }
        }
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `random bytes never trap the readers`(seed: UInt64) throws {
        let chance = Chance(seed: seed)
        let alphabet = Array("{}[]\":,\\u0019dDeE+-.tfn \n{\"keys\":[{\"kty\":\"RSA\"".utf8)
        for _ in 0..<200 {
            let text = (0..<chance.below(40)).map { _ in alphabet[chance.below(alphabet.count)] }
            _ = try? StrictJSON.object(in: text, what: "text", limit: 100)
            _ = try? JWKSet(parsing: text)
            _ = try? TokenClaims(parsing: chance.bytes(chance.below(40)))
            _ = try? CompactJWS(parsing: String(decoding: text, as: UTF8.self))
            _ = Base64.url.decode(text)
        }
    }
}
