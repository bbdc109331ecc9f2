import Crypto
import CryptoExtras
import Essentials
import Testing

@testable import Identity

@Suite struct KeyTests {
    private static let sound: [String: String?] = [
        // RFC 7517, appendix A.1.
        "kty": "EC", "crv": "P-256", "kid": "k1", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    ]

    private func json(_ changes: [String: String?]) -> String {
        let members = Self.sound.merging(changes) { $1 }.sorted { $0.key < $1.key }
        let texts = members.compactMap { member in
            member.value.map { "\"\(member.key)\":" + ($0.hasPrefix("[") ? $0 : "\"\($0)\"") }
        }
        return "{\(texts.joined(separator: ","))}"
    }

    private func outcome(_ keys: String...) -> JOSEError.Code? {
        refusal { _ = try JWKSet(parsing: bytes("{\"keys\":[\(keys.joined(separator: ","))]}")) }
    }

    @Test(
        arguments: [
            ["x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D8"], ["x": nil], ["y": ""], ["crv": nil], ["kty": nil],
            ["x": "ADCgQkzSHClEg4otdckrN-duog2fAIk6O07uijwKr-w-"], ["alg": "ES384"], ["alg": "RS256"], ["alg": "HS256"],
            ["d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"], ["k": "AAAA"], ["kid": "[1]"], ["key_ops": "[1]"],
            ["key_ops": "[\"verify\",\"verify\"]"], ["x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4="],
            ["kty": "oct", "alg": "HS256", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"], ["crv": "P-\u{212A}"],
            ["y": "//////////////////////////////////////////8"], ["y": "__________________________________________8"],
        ] as [[String: String?]])
    func `a malformed key refuses the document`(changes: [String: String?]) {
        #expect(self.outcome(self.json(changes)) == .malformedKey)
    }

    @Test(
        arguments: [
            ["use": "enc"], ["key_ops": "[\"sign\"]"], ["key_ops": "[]"], ["alg": "ECDH-ES"], ["crv": "secp256k1"],
            ["kty": "XYZ"], ["kty": "RSA", "alg": nil, "n": "AQ", "e": "AQAB", "x": nil, "y": nil, "crv": nil],
            ["alg": "none"], ["alg": "es256"],
        ] as [[String: String?]])
    func `a key for something else is skipped and listed`(changes: [String: String?]) throws {
        let keys = try JWKSet(parsing: bytes("{\"keys\":[\(self.json(changes))]}"))
        #expect(keys.keys.isEmpty)
        #expect(keys.skipped.map(\.reason.code) == [.unusableKey])
        #expect(refusal { _ = try keys.key(named: "k1") } == .unknownKey)
        #expect(refusal { _ = try keys.key(named: nil) } == .unknownKey)
    }

    @Test func `a key of a known use passes`() throws {
        for changes in [[:], ["use": "sig"], ["key_ops": "[\"sign\",\"verify\"]"], ["alg": "ES256"]]
            as [[String: String?]]
        {
            #expect(try JWKSet(parsing: bytes("{\"keys\":[\(self.json(changes))]}")).keys.count == 1)
        }
    }

    @Test func `a set names its keys`() throws {
        let other = String(decoding: try Fixture().keys.document.dropFirst(9).dropLast(2), as: UTF8.self)
        #expect(self.outcome(self.json([:]), other) == nil)
        #expect(self.outcome(self.json([:]), self.json([:])) == .malformedKeySet)
        #expect(self.outcome(self.json(["kid": nil]), other) == .malformedKeySet)
        #expect(self.outcome(self.json([:]), self.json(["use": "enc"])) == .malformedKeySet)
        #expect(refusal { _ = try JWKSet(parsing: bytes("{}")) } == .malformedKeySet)
        #expect(refusal { _ = try JWKSet(parsing: bytes("{\"keys\":[1]}")) } == .malformedKeySet)
        #expect(refusal { _ = try JWKSet(parsing: bytes("{\"keys\":[]} ")) } == nil)
        let secret = try VerificationKey.secret(Chance(seed: 1).bytes(32), algorithm: .hs256, keyID: "s")
        #expect(refusal { _ = try JWKSet([secret, try Fixture().key.publicKey]) } == .malformedKeySet)
    }

    @Test func `short secrets are refused`() {
        for (algorithm, count) in [(SignatureAlgorithm.hs256, 32), (.hs384, 48), (.hs512, 64)] {
            #expect(
                refusal { _ = try VerificationKey.secret(.init(repeating: 1, count: count), algorithm: algorithm) }
                    == nil)
            #expect(
                refusal { _ = try VerificationKey.secret(.init(repeating: 1, count: count - 1), algorithm: algorithm) }
                    == .weakKey)
        }
        #expect(
            refusal { _ = try VerificationKey.secret(.init(repeating: 1, count: 64), algorithm: .rs256) }
                == .unusableKey)
    }

    @Test func `weak RSA keys are refused`() throws {
        let sound = try _RSA.Signing.PrivateKey(keySize: .bits2048).publicKey.getKeyPrimitives()
        let modulus = Array(sound.modulus)
        func outcome(_ modulus: [UInt8], _ exponent: [UInt8]) -> JOSEError.Code? {
            self.outcome(
                self.json([
                    "kty": "RSA", "alg": "RS256", "x": nil, "y": nil, "crv": nil, "n": Base64.url.encode(modulus),
                    "e": Base64.url.encode(exponent),
                ]))
        }
        #expect(outcome(modulus, [1, 0, 1]) == nil)
        for exponent in [[1], [3], [17], [1, 0, 0], [1, 0, 2], [1, 0, 0, 0, 1]] as [[UInt8]] {
            #expect(outcome(modulus, exponent) == .weakKey, "\(exponent)")
        }
        #expect(outcome(modulus, [0, 1, 0, 1]) == .malformedKey)
        #expect(outcome(modulus, []) == .malformedKey)
        #expect(outcome([], [1, 0, 1]) == .malformedKey)
        #expect(outcome([0] + modulus, [1, 0, 1]) == .malformedKey)
        #expect(outcome([0x7F] + modulus.dropFirst(), [1, 0, 1]) == .weakKey)
        #expect(outcome(Array(modulus.suffix(128)), [1, 0, 1]) == .weakKey || modulus[128] == 0)
        #expect(outcome(Array(modulus.dropLast()) + [0xFE], [1, 0, 1]) == .weakKey)
        #expect(outcome(Array(repeating: 0xFF, count: 1_025), [1, 0, 1]) == .weakKey)
    }

    @Test(arguments: [
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA",
        "7P_______________________________________38", "7v________________________________________8",
        "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU", "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA_o",
    ])
    func `an Ed25519 key of small order is refused`(x: String) {
        #expect(self.outcome(self.json(["kty": "OKP", "crv": "Ed25519", "y": nil, "x": x])) == .weakKey)
    }

    @Test func `a message shows a stranger's text in one printable line`() throws {
        let error = #expect(throws: JOSEError.self) {
            try Fixture().keys.key(named: "evil'\n2026-01-01 ERROR \u{202E}" + String(repeating: "x", count: 500))
        }
        let message = try #require(error?.message)
        #expect(message.utf8.allSatisfy { (0x20...0x7E).contains($0) } && message.utf8.count < 100)
    }

    @Test func `the thumbprint is that of RFC 7638`() throws {
        // RFC 7638 §3.1.
        let members = try StrictJSON.object(
            in: bytes(
                #"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6"#
                    + #"tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_F"#
                    + #"DW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6"#
                    + #"WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"R"#
                    + #"S256","kid":"2011-04-29"}"#), what: "key", limit: 4_096)
        let key = try JSONWebKey(members: members).verificationKey()
        #expect(key.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    }

    @Test(arguments: SigningKey.Algorithm.allCases)
    func `a signing key survives export and import`(algorithm: SigningKey.Algorithm) throws {
        let key = SigningKey.generate(algorithm, chance: Chance(seed: 3))
        #expect(key.keyID == key.publicKey.thumbprint)
        #expect(try SigningKey(importing: key.jwk.exposed).keyID == key.keyID)
        #expect(try SigningKey(importing: bytes(key.pem.exposed)).keyID == key.keyID)
        #expect(try SigningKey(importing: bytes(key.pem.exposed + "\n")).keyID == key.keyID)
        let document = try JWKSet([key.publicKey]).document
        #expect(try JWKSet(parsing: document).document == document)
        #expect(!String(decoding: document, as: UTF8.self).contains("\"d\""))
    }

    @Test func `the published document has sorted members`() throws {
        let document = String(decoding: try Fixture().keys.document, as: UTF8.self)
        let names = ["alg", "crv", "kid", "kty", "use", "x"].map { document.firstRange(of: "\"\($0)\":")!.lowerBound }
        #expect(names == names.sorted())
    }

    @Test func `a private key that does not fit is refused`() throws {
        let key = SigningKey.generate(.es256, chance: Chance(seed: 3))
        let other = SigningKey.generate(.es256, chance: Chance(seed: 4))
        var members = try StrictJSON.object(in: key.jwk.exposed, what: "key", limit: 4_096)
        members["d"] = try StrictJSON.object(in: other.jwk.exposed, what: "key", limit: 4_096)["d"]
        #expect(refusal { _ = try SigningKey(importing: members.serialized) } == .malformedKey)
        members["d"] = .string(Base64.url.encode([UInt8](repeating: 0xFF, count: 32)))
        #expect(refusal { _ = try SigningKey(importing: members.serialized) } == .malformedKey)
        members["d"] = nil
        #expect(refusal { _ = try SigningKey(importing: members.serialized) } == .malformedKey)
        #expect(refusal { _ = try SigningKey(importing: bytes("hello")) } == .malformedKey)
        #expect(refusal { _ = try SigningKey(importing: [0xFF, 0xFE]) } == .malformedKey)
        #expect(refusal { _ = try SigningKey(importing: bytes("{\"kty\":\"EC\"}")) } == .malformedKey)
        let forEncryption = try self.replacing("use", with: .string("enc"), in: key)
        #expect(refusal { _ = try SigningKey(importing: forEncryption) } == .unusableKey)
    }

    private func replacing(_ name: String, with value: JSONValue, in key: SigningKey) throws -> [UInt8] {
        var members = try StrictJSON.object(in: key.jwk.exposed, what: "key", limit: 4_096)
        members[name] = value
        return members.serialized
    }
}
