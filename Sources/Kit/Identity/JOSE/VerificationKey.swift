import Crypto
import CryptoExtras
import Essentials

/// A key that checks signatures of exactly one algorithm.
///
/// There is no such thing here as a key without an algorithm: whoever could choose the algorithm beside the key could
/// turn a public RSA key into an HMAC secret.
public struct VerificationKey: Sendable {
    enum Material: Sendable {
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
        case rsa(_RSA.Signing.PublicKey)
        case secret(SymmetricKey)
    }

    /// The one algorithm that this key is for.
    public let algorithm: SignatureAlgorithm
    /// The `kid` by which tokens name this key, if it has a name.
    public let keyID: String?
    /// The members that make the key (RFC 7638 §3.2), without its name and use.
    let members: JSONObject
    let material: Material

    init(algorithm: SignatureAlgorithm, keyID: String?, members: JSONObject, material: Material) {
        self.algorithm = algorithm
        self.keyID = keyID
        self.members = members
        self.material = material
    }

    /// A secret that the verifier shares with the issuer. Whoever holds it can also issue tokens.
    /// - Throws: `weakKey` when it is shorter than the hash, `unusableKey` when the algorithm is not an HMAC.
    public static func secret(
        _ secret: [UInt8], algorithm: SignatureAlgorithm, keyID: String? = nil
    ) throws(JOSEError) -> VerificationKey {
        guard case .secret(let minimumBytes) = algorithm.family else {
            throw JOSEError(.unusableKey, "\(algorithm.rawValue) does not work with a secret")
        }
        guard secret.count >= minimumBytes else {
            throw JOSEError(
                .weakKey, "a secret for \(algorithm.rawValue) has at least \(minimumBytes) bytes, not \(secret.count)")
        }
        let members = JSONObject(["k": .string(Base64.url.encode(secret)), "kty": "oct"])
        return VerificationKey(
            algorithm: algorithm, keyID: keyID, members: members, material: .secret(SymmetricKey(data: secret)))
    }

    /// The thumbprint of RFC 7638 with SHA-256: the same for the same key wherever it is computed.
    public var thumbprint: String { Base64.url.encode(SHA256.hash(data: self.members.serialized)) }

    /// The key as a JWK for publication, sorted by member name; nil for a secret.
    var publication: JSONObject? {
        if self.algorithm.isSymmetric { return nil }
        var object = self.members
        object["alg"] = .string(self.algorithm.rawValue)
        object["use"] = .string("sig")
        if let keyID { object["kid"] = .string(keyID) }
        return object
    }

    /// Whether `signature` was made over `message` with the other half of this key.
    /// - Throws: `badSignature`.
    func check(_ signature: [UInt8], over message: [UInt8]) throws(JOSEError) {
        if case .ellipticCurve(_, let width) = self.algorithm.family, signature.count != 2 * width {
            throw JOSEError(
                .badSignature,
                "an \(self.algorithm.rawValue) signature has \(2 * width) bytes, r and s, not \(signature.count)"
            )
        }
        let isValid =
            switch self.algorithm {
            case .es256, .rs256, .ps256: self.isValid(signature, digest: SHA256.hash(data: message))
            case .es384, .rs384, .ps384: self.isValid(signature, digest: SHA384.hash(data: message))
            case .es512, .rs512, .ps512: self.isValid(signature, digest: SHA512.hash(data: message))
            case .edDSA, .hs256, .hs384, .hs512: self.isValid(signature, message: message)
            }
        guard isValid else {
            throw JOSEError(.badSignature, "the \(self.algorithm.rawValue) signature does not match")
        }
    }

    private func isValid(_ signature: [UInt8], digest: some Digest) -> Bool {
        switch self.material {
        case .p256(let key):
            (try? P256.Signing.ECDSASignature(rawRepresentation: signature))
                .map { key.isValidSignature($0, for: digest) } ?? false
        case .p384(let key):
            (try? P384.Signing.ECDSASignature(rawRepresentation: signature))
                .map { key.isValidSignature($0, for: digest) } ?? false
        case .p521(let key):
            (try? P521.Signing.ECDSASignature(rawRepresentation: signature))
                .map { key.isValidSignature($0, for: digest) } ?? false
        case .rsa(let key):
            key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: digest, padding: self.padding)
        case .ed25519, .secret: false
        }
    }

    private func isValid(_ signature: [UInt8], message: [UInt8]) -> Bool {
        switch (self.material, self.algorithm) {
        case (.ed25519(let key), .edDSA): key.isValidSignature(signature, for: message)
        case (.secret(let key), .hs256):
            HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: message, using: key)
        case (.secret(let key), .hs384):
            HMAC<SHA384>.isValidAuthenticationCode(signature, authenticating: message, using: key)
        case (.secret(let key), .hs512):
            HMAC<SHA512>.isValidAuthenticationCode(signature, authenticating: message, using: key)
        case (.ed25519, _), (.secret, _), (.p256, _), (.p384, _), (.p521, _), (.rsa, _): false
        }
    }

    private var padding: _RSA.Signing.Padding {
        switch self.algorithm {
        case .ps256, .ps384, .ps512: .PSS
        case .rs256, .rs384, .rs512, .es256, .es384, .es512, .edDSA, .hs256, .hs384, .hs512: .insecurePKCS1v1_5
        }
    }
}

extension VerificationKey: CustomStringConvertible, CustomReflectable {
    public var description: String { "\(self.algorithm.rawValue) key \(self.keyID ?? "without kid")" }
    public var customMirror: Mirror { Mirror(self, children: ["algorithm": self.algorithm]) }
}
