import Crypto
import CryptoExtras
import Essentials

/// Makes a ``VerificationKey`` from the members of a JWK (RFC 7517), or says why not.
struct JSONWebKey {
    /// The size of one JWK at most.
    static let maximumBytes = 8 * 1_024

    let members: JSONObject

    /// - Parameter pinned: the algorithm of an RSA key whose JWK names none; RSA alone does not say which of six it is
    ///   for.
    /// - Throws: `malformedKey`, `weakKey`, `unusableKey`.
    func verificationKey(
        pinned: SignatureAlgorithm? = nil, secretsAllowed: Bool = false
    ) throws(JOSEError) -> VerificationKey {
        let type = try self.text("kty")
        let algorithm = try self.algorithm(type: type, pinned: pinned)
        try self.checkUse(operation: "verify")
        if case .secret = algorithm.family {
            guard secretsAllowed else {
                throw JOSEError(.malformedKey, "a secret stands where public keys are published")
            }
            return try .secret(try self.bytes("k"), algorithm: algorithm, keyID: try self.optionalText("kid"))
        }
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] where self.members[member] != nil {
            throw JOSEError(.malformedKey, "the member \(member) does not belong into a public key")
        }
        return try self.publicKey(algorithm: algorithm)
    }

    /// The public half, whatever private members stand beside it.
    func publicKey(algorithm: SignatureAlgorithm) throws(JOSEError) -> VerificationKey {
        let material: VerificationKey.Material
        let names: [String]
        switch algorithm.family {
        case .ellipticCurve(let curve, let width):
            material = try self.point(curve: curve, width: width)
            names = ["crv", "kty", "x", "y"]
        case .edwards:
            material = try self.edwardsKey()
            names = ["crv", "kty", "x"]
        case .rsa:
            material = .rsa(try self.rsaKey())
            names = ["e", "kty", "n"]
        case .secret:
            throw JOSEError(.malformedKey, "a secret has no public half")
        }
        var members = JSONObject()
        for name in names { members[name] = self.members[name] }
        return VerificationKey(
            algorithm: algorithm, keyID: try self.optionalText("kid"), members: members, material: material)
    }

    /// The one algorithm of this key: its `alg`, else what its curve leaves no choice about, else the pinned one.
    func algorithm(type: String, pinned: SignatureAlgorithm?) throws(JOSEError) -> SignatureAlgorithm {
        let derived = try self.derivedAlgorithm(type: type)
        let named = try self.optionalText("alg")
        if let named, SignatureAlgorithm(named: named) == nil {
            throw JOSEError(.unusableKey, "the key's alg \(named.quoted) is not offered")
        }
        let stated = named.flatMap { SignatureAlgorithm(named: $0) }
        if let stated, let pinned, stated != pinned, derived == nil {
            throw JOSEError(.unusableKey, "the key is for \(stated.rawValue), the caller wants \(pinned.rawValue)")
        }
        if let derived, let stated, derived != stated {
            throw JOSEError(.malformedKey, "a key of this curve is for \(derived.rawValue), not for \(stated.rawValue)")
        }
        guard let algorithm = stated ?? derived ?? pinned else {
            throw JOSEError(.unusableKey, "the key has no alg, and its kty \(type.quoted) leaves a choice; pin one")
        }
        switch (algorithm.family, type) {
        case (.ellipticCurve, "EC"), (.edwards, "OKP"), (.rsa, "RSA"), (.secret, "oct"): return algorithm
        case (.ellipticCurve, _), (.edwards, _), (.rsa, _), (.secret, _):
            throw JOSEError(.malformedKey, "a key of kty \(type.quoted) is not for \(algorithm.rawValue)")
        }
    }

    private func derivedAlgorithm(type: String) throws(JOSEError) -> SignatureAlgorithm? {
        switch type {
        case "RSA", "oct": return nil
        case "EC", "OKP":
            let curve = try self.text("crv")
            switch (type, curve) {
            case ("EC", "P-256"): return .es256
            case ("EC", "P-384"): return .es384
            case ("EC", "P-521"): return .es512
            case ("OKP", "Ed25519"): return .edDSA
            default: throw JOSEError(.unusableKey, "the curve \(curve.quoted) is not offered for kty \(type.quoted)")
            }
        default: throw JOSEError(.unusableKey, "the kty \(type.quoted) is not offered")
        }
    }

    /// - Throws: `unusableKey` when `use` or `key_ops` forbid the operation.
    func checkUse(operation: String) throws(JOSEError) {
        if let use = try self.optionalText("use"), use != "sig" {
            throw JOSEError(.unusableKey, "the key's use is \(use.quoted), not 'sig'")
        }
        guard let value = self.members["key_ops"] else { return }
        guard let operations = value.strings, Set(operations).count == operations.count else {
            throw JOSEError(.malformedKey, "key_ops is not an array of different strings")
        }
        guard operations.contains(operation) else {
            throw JOSEError(.unusableKey, "the key's key_ops do not contain '\(operation)'")
        }
    }

    private func point(curve: String, width: Int) throws(JOSEError) -> VerificationKey.Material {
        let x = try self.bytes("x", count: width)
        let y = try self.bytes("y", count: width)
        let encoded = [0x04] + x + y
        // swift-crypto (BoringSSL) refuses coordinates that are not below the prime and points off the curve.
        do {
            switch curve {
            case "P-256": return .p256(try P256.Signing.PublicKey(x963Representation: encoded))
            case "P-384": return .p384(try P384.Signing.PublicKey(x963Representation: encoded))
            default: return .p521(try P521.Signing.PublicKey(x963Representation: encoded))
            }
        } catch {
            throw JOSEError(.malformedKey, "x and y are not a point of \(curve)")
        }
    }

    private func edwardsKey() throws(JOSEError) -> VerificationKey.Material {
        let encoded = try self.bytes("x", count: 32)
        guard !EdwardsKeyStrength.isOfSmallOrder(encoded) else {
            throw JOSEError(.weakKey, "x is a point of small order, under which anybody can sign")
        }
        do {
            return .ed25519(try Curve25519.Signing.PublicKey(rawRepresentation: encoded))
        } catch {
            throw JOSEError(.malformedKey, "x is not a point of Ed25519")
        }
    }

    private func rsaKey() throws(JOSEError) -> _RSA.Signing.PublicKey {
        let modulus = try self.bytes("n")
        let exponent = try self.bytes("e")
        try RSAKeyStrength.check(modulus: modulus, exponent: exponent)
        do {
            return try _RSA.Signing.PublicKey(n: modulus, e: exponent)
        } catch {
            throw JOSEError(.malformedKey, "n and e are not an RSA key")
        }
    }

    func text(_ name: String) throws(JOSEError) -> String {
        guard let text = try self.optionalText(name) else {
            throw JOSEError(.malformedKey, "the member \(name) is missing")
        }
        // Names of types and curves are compared with `==`, which is exact for ASCII only.
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw JOSEError(.malformedKey, "the member \(name) is not ASCII")
        }
        return text
    }

    func optionalText(_ name: String) throws(JOSEError) -> String? {
        guard let value = self.members[name] else { return nil }
        guard let text = value.string else { throw JOSEError(.malformedKey, "the member \(name) is not a string") }
        return text
    }

    func bytes(_ name: String, count: Int? = nil) throws(JOSEError) -> [UInt8] {
        guard let bytes = Base64.url.decode(try self.text(name).utf8) else {
            throw JOSEError(.malformedKey, "the member \(name) is not canonical base64url")
        }
        if let count, bytes.count != count {
            throw JOSEError(.malformedKey, "the member \(name) has \(bytes.count) bytes, not \(count)")
        }
        return bytes
    }
}
