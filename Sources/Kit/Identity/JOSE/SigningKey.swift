import Crypto
import CryptoExtras
public import Essentials

/// A private key that signs tokens: ES256 (the default) or EdDSA.
///
/// ES256 signatures differ each time, because ECDSA draws a number of its own; EdDSA signatures follow from key and
/// message alone. A simulation that must replay byte for byte signs with EdDSA.
public struct SigningKey: Sendable {
    enum Material: Sendable {
        case p256(P256.Signing.PrivateKey)
        case ed25519(Curve25519.Signing.PrivateKey)
    }

    /// The algorithms that this library signs with.
    public enum Algorithm: Hashable, Sendable, CaseIterable {
        case es256
        case edDSA
    }

    let material: Material
    /// The public half, with the thumbprint of RFC 7638 as its `kid`.
    public let publicKey: VerificationKey

    /// A new key from `chance`.
    public static func generate(_ algorithm: Algorithm = .es256, chance: Chance = .system) -> SigningKey {
        while true {
            // Of 2³² draws less than one is not below the order of the curve.
            if let key = try? SigningKey(algorithm, privateBytes: chance.bytes(32)) { return key }
        }
    }

    private init(_ algorithm: Algorithm, privateBytes: [UInt8]) throws(JOSEError) {
        do {
            switch algorithm {
            case .es256: self.init(.p256(try P256.Signing.PrivateKey(rawRepresentation: privateBytes)))
            case .edDSA: self.init(.ed25519(try Curve25519.Signing.PrivateKey(rawRepresentation: privateBytes)))
            }
        } catch {
            throw JOSEError(.malformedKey, "d is not a private key of this curve")
        }
    }

    init(_ material: Material) {
        self.material = material
        let nameless = Self.publicKey(of: material)
        self.publicKey = VerificationKey(
            algorithm: nameless.algorithm, keyID: nameless.thumbprint, members: nameless.members,
            material: nameless.material)
    }

    /// The algorithm of its signatures.
    public var algorithm: SignatureAlgorithm { self.publicKey.algorithm }

    /// The `kid` of its tokens.
    public var keyID: String { self.publicKey.keyID ?? self.publicKey.thumbprint }

    private static func publicKey(of material: Material) -> VerificationKey {
        var members = JSONObject()
        func set(_ name: String, _ bytes: some Sequence<UInt8>) { members[name] = .string(Base64.url.encode(bytes)) }
        switch material {
        case .p256(let key):
            let point = key.publicKey.rawRepresentation
            members["crv"] = .string("P-256")
            members["kty"] = .string("EC")
            set("x", point.prefix(32))
            set("y", point.suffix(32))
            return VerificationKey(algorithm: .es256, keyID: nil, members: members, material: .p256(key.publicKey))
        case .ed25519(let key):
            members["crv"] = .string("Ed25519")
            members["kty"] = .string("OKP")
            set("x", key.publicKey.rawRepresentation)
            return VerificationKey(algorithm: .edDSA, keyID: nil, members: members, material: .ed25519(key.publicKey))
        }
    }

    func signature(over message: [UInt8]) throws(JOSEError) -> [UInt8] {
        do {
            switch self.material {
            case .p256(let key): return Array(try key.signature(for: message).rawRepresentation)
            case .ed25519(let key): return Array(try key.signature(for: message))
            }
        } catch {
            throw JOSEError(.badSignature, "the signature could not be made")
        }
    }
}

extension SigningKey {
    /// Reads a private key: PEM (PKCS #8, or SEC 1 for P-256) or one JWK, told apart by their first byte.
    /// - Throws: `oversize`, `malformedJSON`, `malformedKey`, `unusableKey`.
    public init(importing bytes: [UInt8]) throws(JOSEError) {
        guard bytes.count <= JSONWebKey.maximumBytes else {
            throw JOSEError(
                .oversize, "the key file has \(bytes.count) bytes, at most \(JSONWebKey.maximumBytes) are read")
        }
        let first = bytes.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
        if first == UInt8(ascii: "{") {
            try self.init(jwk: bytes)
        } else {
            try self.init(pem: bytes)
        }
    }

    /// The key as PEM, PKCS #8.
    public var pem: Redacted<String> {
        switch self.material {
        case .p256(let key): Redacted(key.pemRepresentation)
        case .ed25519(let key): Redacted(key.pemRepresentation)
        }
    }

    /// The key as one JWK, its members sorted by name.
    public var jwk: Redacted<[UInt8]> {
        var object = self.publicKey.publication ?? JSONObject()
        let bytes =
            switch self.material {
            case .p256(let key): Array(key.rawRepresentation)
            case .ed25519(let key): Array(key.rawRepresentation)
            }
        object["d"] = .string(Base64.url.encode(bytes))
        return Redacted(object.serialized)
    }

    private init(pem bytes: [UInt8]) throws(JOSEError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw JOSEError(.malformedKey, "the key file is neither PEM nor a JWK")
        }
        if let key = try? P256.Signing.PrivateKey(pemRepresentation: text) {
            self.init(.p256(key))
        } else if let key = try? Curve25519.Signing.PrivateKey(pemRepresentation: text) {
            self.init(.ed25519(key))
        } else {
            throw JOSEError(.malformedKey, "the PEM file holds no private key for P-256 or Ed25519")
        }
    }

    private init(jwk bytes: [UInt8]) throws(JOSEError) {
        let key = JSONWebKey(
            members: try StrictJSON.object(in: bytes, what: "private key", limit: JSONWebKey.maximumBytes))
        let algorithm = try key.algorithm(type: try key.text("kty"), pinned: nil)
        try key.checkUse(operation: "sign")
        let stated = try key.publicKey(algorithm: algorithm)
        switch algorithm {
        case .es256: try self.init(.es256, privateBytes: try key.bytes("d", count: 32))
        case .edDSA: try self.init(.edDSA, privateBytes: try key.bytes("d", count: 32))
        case .es384, .es512, .rs256, .rs384, .rs512, .ps256, .ps384, .ps512, .hs256, .hs384, .hs512:
            throw JOSEError(.unusableKey, "this library signs with ES256 and EdDSA, not with \(algorithm.rawValue)")
        }
        guard stated.thumbprint == self.publicKey.thumbprint else {
            throw JOSEError(.malformedKey, "the private and the public half do not belong together")
        }
    }
}

extension SigningKey: CustomStringConvertible, CustomReflectable {
    public var description: String { "\(self.algorithm.rawValue) signing key \(self.keyID)" }
    public var customMirror: Mirror { Mirror(self, children: ["keyID": self.keyID]) }
}
