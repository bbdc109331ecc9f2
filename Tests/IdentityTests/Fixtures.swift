import Crypto
import CryptoExtras
import Essentials
import EssentialsTesting

@testable import Identity

/// An issuer and its verifier on one clock that stands at 2026-01-01.
struct Fixture {
    static let issuerName = "https://id.example"
    static let audience = "shop"

    let clock = ManualWallClock()
    let key: SigningKey
    let issuer: TokenIssuer
    let keys: JWKSet

    init(_ algorithm: SigningKey.Algorithm = .edDSA, seed: UInt64 = 1) throws {
        self.key = .generate(algorithm, chance: Chance(seed: seed))
        self.issuer = try TokenIssuer(
            issuer: Self.issuerName, key: self.key, ids: .seeded(seed), wallClock: self.clock.wallClock)
        self.keys = try self.issuer.keySet()
    }

    func verifier(
        audience: String = Fixture.audience,
        _ configure: (inout TokenVerifier.Configuration) -> Void = { _ in }
    ) -> TokenVerifier {
        var configuration = TokenVerifier.Configuration()
        configure(&configuration)
        return TokenVerifier(
            issuer: Self.issuerName, audience: audience, keys: self.keys, configuration: configuration,
            wallClock: self.clock.wallClock)
    }

    var principal: Principal {
        Principal(
            subject: UniqueID("0190b1c0-0000-7000-8000-000000000001")!, role: .user, email: "ada@example.org",
            scopes: ["orders:read", "orders:write"])
    }

    func token() throws -> String { try self.issuer.issue(to: self.principal, audience: [Self.audience]).token }

    /// What the verifier says to a token with this payload, signed with the right key.
    func outcome(
        payload: String, header: String? = nil, configure: (inout TokenVerifier.Configuration) -> Void = { _ in }
    ) throws -> JOSEError.Code? {
        let header = header ?? #"{"alg":"EdDSA","kid":"\#(self.key.keyID)"}"#
        let token = try Self.sign(header: header, payload: payload) { try self.key.signature(over: $0) }
        return refusal { _ = try self.verifier(configure).verify(token, with: self.keys) }
    }

    static func sign(header: String, payload: String, _ sign: ([UInt8]) throws -> [UInt8]) rethrows -> String {
        let signed = Base64.url.encode(header.utf8) + "." + Base64.url.encode(payload.utf8)
        return signed + "." + Base64.url.encode(try sign(Array(signed.utf8)))
    }

    /// A sound payload at the clock's start, with members replaced or, by nil, removed.
    static func payload(_ changes: [String: String?] = [:]) -> String {
        var members = [
            "iss": "\"\(Self.issuerName)\"", "sub": #""0190b1c0-0000-7000-8000-000000000001""#,
            "aud": "\"\(Self.audience)\"", "exp": "1767226500", "iat": "1767225600",
        ]
        for (name, value) in changes { members[name] = value }
        return "{" + members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }
}

/// The code of the refusal that `body` throws; nil when it throws nothing.
func refusal(_ body: () throws -> Void) -> JOSEError.Code? {
    do {
        try body()
        return nil
    } catch let error as JOSEError {
        return error.code
    } catch {
        return .malformedKeySet
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func bytes(hexadecimal text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
