import Crypto
import CryptoExtras
import Essentials
import Testing

@testable import Identity

@Suite struct JOSETests {
    private static let rsa = try? _RSA.Signing.PrivateKey(keySize: .bits2048)
    private static let p256 = P256.Signing.PrivateKey()

    /// A published key, its private half at hand.
    private func ellipticKey(_ changes: [String: String?] = [:]) -> String {
        let point = Self.p256.publicKey.rawRepresentation
        return Self.json(
            [
                "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "alg": "ES256",
                "x": Base64.url.encode(point.prefix(32)), "y": Base64.url.encode(point.suffix(32)),
            ], changes)
    }

    private func rsaKey(_ changes: [String: String?] = [:]) throws -> String {
        let numbers = try #require(Self.rsa).publicKey.getKeyPrimitives()
        return Self.json(
            [
                "kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256", "n": Base64.url.encode(numbers.modulus),
                "e": Base64.url.encode(numbers.publicExponent),
            ], changes)
    }

    /// Members by name; a value that begins with `[` is JSON already.
    private static func json(_ members: [String: String?], _ changes: [String: String?]) -> String {
        let members = members.merging(changes) { $1 }.sorted { $0.key < $1.key }
        let texts = members.compactMap { member in
            member.value.map { "\"\(member.key)\":" + ($0.hasPrefix("[") ? $0 : "\"\($0)\"") }
        }
        return "{\(texts.joined(separator: ","))}"
    }

    private func keySet(_ keys: String...) throws -> JWKSet {
        try JWKSet(parsing: bytes("{\"keys\":[\(keys.joined(separator: ","))]}"))
    }

    private func sign(header: String, payload: String = "hello") throws -> String {
        try Fixture.sign(header: header, payload: payload) {
            Array(try Self.p256.signature(for: $0).rawRepresentation)
        }
    }

    /// The refusal of a token with this header, rightly signed.
    private func outcome(header: String, key: String? = nil) throws -> JOSEError.Code? {
        let keys = try self.keySet(key ?? self.ellipticKey())
        let token = try self.sign(header: header)
        return refusal { _ = try CompactJWS(parsing: token).verified(by: keys) }
    }

    @Test func `a sound token passes`() throws {
        #expect(try self.outcome(header: #"{"alg":"ES256","kid":"k1"}"#) == nil)
        #expect(try self.outcome(header: #"{"alg":"ES256"}"#) == nil, "one key needs no name")
        #expect(
            try self.outcome(header: "{ \"kid\" : \"k\\u0031\" ,\n\"alg\":\"ES256\",\"x\":[1,{\"y\":null}]}") == nil)
    }

    @Test(arguments: ["none", "None", "NONE", "nOnE", "", "es256", "ES256 ", "ES257", "HS256K", "ES256K", "RSA-OAEP"])
    func `no algorithm but the offered ones`(name: String) throws {
        #expect(try self.outcome(header: #"{"alg":"\#(name)","kid":"k1"}"#) == .wrongAlgorithm)
        let unsigned = Base64.url.encode(bytes(#"{"alg":"\#(name)"}"#)) + ".e30."
        #expect(refusal { _ = try CompactJWS(parsing: unsigned) } == .wrongAlgorithm)
    }

    @Test(arguments: [
        #"{"kid":"k1"}"#, #"{"alg":null}"#, #"{"alg":["ES256"]}"#, #"{"alg":"ES256","kid":1}"#,
        #"{"alg":"ES256","crit":[]}"#, #"{"alg":"ES256","crit":["exp"],"exp":1}"#, #"{"alg":"ES256","b64":true}"#,
        #"{"alg":"ES256","b64":false,"crit":["b64"]}"#, #"{"alg":"ES256","jwk":{"kty":"EC"}}"#,
        #"{"alg":"ES256","jku":"https://evil.example"}"#, #"{"alg":"ES256","x5c":[]}"#,
        #"{"alg":"ES256","x5u":"https://evil.example"}"#, #"{"alg":"ES256","zip":"DEF"}"#,
        #"{"alg":"ES256","enc":"A256GCM"}"#, #"{"alg":"ES256","typ":7}"#,
    ])
    func `a header that changes the rules is refused`(header: String) throws {
        #expect(try self.outcome(header: header) == .refusedHeader)
    }

    @Test(arguments: [
        #"{"alg":"ES256","alg":"ES256"}"#, #"{"alg":"none","\u0061lg":"ES256"}"#,
        #"{"alg":"ES256","x":{"y":1,"y":2}}"#, #"{"alg":"ES256"} x"#, #"{"alg":"ES256"}{}"#, #"{"alg":"ES256",}"#,
        #"["ES256"]"#, "\u{FEFF}{\"alg\":\"ES256\"}", #"{"alg":"ES256","x":"\ud800"}"#, #"{"alg":"ES256","x":01}"#,
        #"{"alg":"ES256","x":1.}"#, #"{"alg":"ES256","x":+1}"#, #"{"alg":"ES256","x":NaN}"#, #"{'alg':'ES256'}"#,
        #"{"alg":"ES256","x":"\x"}"#, "{\"alg\":\"ES256\",\"x\":\"\n\"}", #"{"alg":"ES256"/**/}"#, "", "null",
        #"{"alg":"ES256","x":[[[[[[[[1]]]]]]]]}"#, #"{"alg":"ES256","x":"\udc00\ud800"}"#, #"{"alg" "ES256"}"#,
    ])
    func `a header that is not strict JSON is refused`(header: String) throws {
        #expect(try self.outcome(header: header) == .malformedJSON)
    }

    @Test func `a header that is not UTF-8 is refused`() {
        for broken in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82]] as [[UInt8]] {
            let header = bytes(#"{"alg":"ES256","x":""#) + broken + bytes("\"}")
            let token = Base64.url.encode(header) + ".e30.e30"
            #expect(refusal { _ = try CompactJWS(parsing: token) } == .malformedJSON)
        }
    }

    @Test func `sizes are bounded`() throws {
        let long = String(repeating: "x", count: 2_100)
        #expect(try self.outcome(header: #"{"alg":"ES256","kid":"\#(long)"}"#) == .oversize)
        let token = String(repeating: "A", count: CompactJWS.maximumBytes + 1)
        #expect(refusal { _ = try CompactJWS(parsing: token) } == .oversize)
        #expect(
            refusal { _ = try JWKSet(parsing: Array(repeating: 0x20, count: JWKSet.maximumBytes + 1)) } == .oversize)
    }

    @Test func `base64url has one text for each value`() throws {
        let keys = try self.keySet(self.ellipticKey())
        let token = try self.sign(header: #"{"alg":"ES256"}"#, payload: "a")
        let parts = token.split(separator: ".").map(String.init)
        #expect(parts[1] == "YQ")
        for changed in ["YR", "YQ=", "YQ==", "Y Q", "YQ\n", "Y", "+Q", "Y/", "YQA=", "YÄ"] {
            let text = [parts[0], changed, parts[2]].joined(separator: ".")
            #expect(refusal { _ = try CompactJWS(parsing: text).verified(by: keys) } == .malformedToken, "\(changed)")
        }
        for text in [
            "", ".", "..", "...", token + ".", "." + token, parts[0] + "." + parts[1], " " + token, token + " ",
        ] {
            #expect(throws: JOSEError.self) { try CompactJWS(parsing: text).verified(by: keys) }
        }
        for length in 0..<20 {
            let value = Chance(seed: UInt64(length)).bytes(length)
            #expect(Base64.url.decode(Base64.url.encode(value).utf8) == value)
            #expect(Base64.standard.decode(Base64.standard.encode(value).utf8) == value)
        }
    }

    @Test func `a public RSA key is not an HMAC secret`() throws {
        let keys = try self.keySet(self.rsaKey())
        let key = try #require(Self.rsa).publicKey
        for secret in [Array(key.pemRepresentation.utf8), Array(key.derRepresentation)] {
            let token = Fixture.sign(header: #"{"alg":"HS256","kid":"k1"}"#, payload: "{}") {
                Array(HMAC<SHA256>.authenticationCode(for: $0, using: SymmetricKey(data: secret)))
            }
            #expect(refusal { _ = try CompactJWS(parsing: token).verified(by: keys) } == .wrongAlgorithm)
        }
    }

    @Test func `a key has one algorithm, though its kind knows several`() throws {
        let key = try #require(Self.rsa)
        let pkcs = try Fixture.sign(header: #"{"alg":"RS256","kid":"k1"}"#, payload: "{}") {
            Array(try key.signature(for: SHA256.hash(data: $0), padding: .insecurePKCS1v1_5).rawRepresentation)
        }
        let pss = try Fixture.sign(header: #"{"alg":"PS256","kid":"k1"}"#, payload: "{}") {
            Array(try key.signature(for: SHA256.hash(data: $0), padding: .PSS).rawRepresentation)
        }
        let forPKCS = try self.keySet(self.rsaKey())
        let forPSS = try self.keySet(self.rsaKey(["alg": "PS256"]))
        let unnamed = "{\"keys\":[\(try self.rsaKey(["alg": nil]))]}"
        let pinned = try JWKSet(parsing: bytes(unnamed), rsaAlgorithm: .ps256)
        #expect(refusal { _ = try CompactJWS(parsing: pkcs).verified(by: forPKCS) } == nil)
        #expect(refusal { _ = try CompactJWS(parsing: pss).verified(by: forPSS) } == nil)
        #expect(refusal { _ = try CompactJWS(parsing: pss).verified(by: pinned) } == nil)
        #expect(refusal { _ = try CompactJWS(parsing: pss).verified(by: forPKCS) } == .wrongAlgorithm)
        #expect(refusal { _ = try CompactJWS(parsing: pkcs).verified(by: forPSS) } == .wrongAlgorithm)
        #expect(refusal { _ = try CompactJWS(parsing: pkcs).verified(by: pinned) } == .wrongAlgorithm)
        #expect(
            refusal { _ = try CompactJWS(parsing: pkcs).verified(by: JWKSet(parsing: bytes(unnamed))) } == .unknownKey)
    }

    @Test(arguments: ["ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"])
    func `each curve and each hash works`(name: String) throws {
        let p384 = P384.Signing.PrivateKey()
        let p521 = P521.Signing.PrivateKey()
        let edwards = Curve25519.Signing.PrivateKey()
        let secret = Chance(seed: 5).bytes(64)
        let token = try Fixture.sign(header: #"{"alg":"\#(name)","kid":"k1"}"#, payload: "{}") { message in
            switch name {
            case "ES256": Array(try Self.p256.signature(for: message).rawRepresentation)
            case "ES384": Array(try p384.signature(for: message).rawRepresentation)
            case "ES512": Array(try p521.signature(for: message).rawRepresentation)
            case "EdDSA": Array(try edwards.signature(for: message))
            case "HS256": Array(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: secret)))
            case "HS384": Array(HMAC<SHA384>.authenticationCode(for: message, using: SymmetricKey(data: secret)))
            default: Array(HMAC<SHA512>.authenticationCode(for: message, using: SymmetricKey(data: secret)))
            }
        }
        func curve(_ name: String, _ point: some BidirectionalCollection<UInt8>) -> String {
            let half = point.count / 2
            return Self.json(
                [
                    "kty": "EC", "kid": "k1", "crv": name, "x": Base64.url.encode(point.prefix(half)),
                    "y": Base64.url.encode(point.suffix(half)),
                ], [:])
        }
        let keys =
            switch name {
            case "ES256": try self.keySet(self.ellipticKey())
            case "ES384": try self.keySet(curve("P-384", Array(p384.publicKey.rawRepresentation)))
            case "ES512": try self.keySet(curve("P-521", Array(p521.publicKey.rawRepresentation)))
            case "EdDSA":
                try self.keySet(
                    Self.json(
                        [
                            "kty": "OKP", "crv": "Ed25519", "kid": "k1",
                            "x": Base64.url.encode(edwards.publicKey.rawRepresentation),
                        ], [:]))
            default:
                try JWKSet([.secret(secret, algorithm: #require(SignatureAlgorithm(rawValue: name)), keyID: "k1")])
            }
        #expect(refusal { _ = try CompactJWS(parsing: token).verified(by: keys) } == nil)
        let other = try JWKSet(parsing: keys.document.isEmpty ? [] : keys.document)
        #expect(other.keys.count == (name.hasPrefix("HS") ? 0 : 1), "secrets are not published")
    }

    @Test func `an ECDSA signature is r and s, not DER, not zero, not cut`() throws {
        let keys = try self.keySet(self.ellipticKey())
        let der: (([UInt8]) throws -> [UInt8]) = { Array(try Self.p256.signature(for: $0).derRepresentation) }
        let zero = [UInt8](repeating: 0, count: 32)
        let order = bytes(hexadecimal: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
        let raw: (([UInt8]) throws -> [UInt8]) = { Array(try Self.p256.signature(for: $0).rawRepresentation) }
        let faulty: [([UInt8]) throws -> [UInt8]] = [
            der, { _ in zero + zero }, { _ in order + order }, { _ in [] }, { Array(try raw($0).dropLast()) },
            { try raw($0) + [0] }, { zero + Array(try raw($0).suffix(32)) }, { Array(try raw($0).prefix(32)) + zero },
            { [0] + Array(try raw($0)) + [0] },
        ]
        for make in faulty {
            let token = try Fixture.sign(header: #"{"alg":"ES256"}"#, payload: "{}", make)
            #expect(refusal { _ = try CompactJWS(parsing: token).verified(by: keys) } == .badSignature)
        }
    }

    @Test func `a token names its key, and nobody else's`() throws {
        let other = Fixture.self
        let second = String(decoding: try other.init().keys.document.dropFirst(9).dropLast(2), as: UTF8.self)
        let two = try self.keySet(self.ellipticKey(), second)
        func outcome(_ header: String, _ keys: JWKSet) throws -> JOSEError.Code? {
            let token = try self.sign(header: header)
            return refusal { _ = try CompactJWS(parsing: token).verified(by: keys) }
        }
        #expect(try outcome(#"{"alg":"ES256","kid":"k1"}"#, two) == nil)
        #expect(try outcome(#"{"alg":"ES256"}"#, two) == .unknownKey)
        #expect(try outcome(#"{"alg":"ES256","kid":"k2"}"#, two) == .unknownKey)
        #expect(try outcome(#"{"alg":"ES256","kid":""}"#, two) == .unknownKey)
        let one = try self.keySet(self.ellipticKey())
        #expect(try outcome(#"{"alg":"ES256","kid":"k2"}"#, one) == .unknownKey)
        #expect(try outcome(#"{"alg":"ES256","kid":"\u212A1"}"#, one) == .unknownKey)
        let nameless = try self.keySet(self.ellipticKey(["kid": nil]))
        #expect(try outcome(#"{"alg":"ES256","kid":"k1"}"#, nameless) == .unknownKey)
        #expect(try outcome(#"{"alg":"ES256"}"#, nameless) == nil)
    }
}
