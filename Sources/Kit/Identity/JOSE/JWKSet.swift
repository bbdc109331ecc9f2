import Essentials

/// The keys of one issuer (RFC 7517 §5), each with one algorithm and, when there are several, a name of its own.
public struct JWKSet: Sendable {
    /// A key of a published document that cannot be used here, and why.
    public struct Skipped: Hashable, Sendable {
        public var keyID: String?
        public var reason: JOSEError
    }

    /// The size of a document at most: 64 KiB.
    public static let maximumBytes = 64 * 1_024
    /// How many keys a set may have.
    public static let maximumKeys = 64

    public let keys: [VerificationKey]
    /// Keys for other purposes (encryption, an algorithm that is not offered) that stood in the document.
    public let skipped: [Skipped]

    /// - Throws: `malformedKeySet` when a `kid` is repeated, secrets stand beside public keys, or one of several keys
    ///   has no `kid`.
    public init(_ keys: [VerificationKey]) throws(JOSEError) {
        try self.init(keys, skipped: [])
    }

    /// Reads a published document of public keys.
    ///
    /// Keys for other uses are skipped and listed; a malformed or weak key refuses the whole document, because its
    /// publisher has gone wrong.
    /// - Parameters:
    ///   - document: UTF-8 JSON, at most ``maximumBytes``.
    ///   - rsaAlgorithm: the algorithm of RSA keys that have no `alg`; nil skips them.
    /// - Throws: `oversize`, `malformedJSON`, `malformedKeySet`, `malformedKey`, `weakKey`.
    public init(parsing document: [UInt8], rsaAlgorithm: SignatureAlgorithm? = nil) throws(JOSEError) {
        try self.init(parsing: document, rsaAlgorithm: rsaAlgorithm, secretsAllowed: false)
    }

    /// Reads a private document that may hold HMAC secrets. Never use it for a document that comes over the network.
    /// - Throws: as ``init(parsing:rsaAlgorithm:)``.
    public init(parsingSecrets document: [UInt8]) throws(JOSEError) {
        try self.init(parsing: document, rsaAlgorithm: nil, secretsAllowed: true)
    }

    private init(
        parsing document: [UInt8], rsaAlgorithm: SignatureAlgorithm?, secretsAllowed: Bool
    ) throws(JOSEError) {
        let object = try StrictJSON.object(in: document, what: "key set", limit: Self.maximumBytes)
        guard case .array(let entries) = object["keys"], entries.count <= Self.maximumKeys else {
            throw JOSEError(.malformedKeySet, "the member keys is not an array of at most \(Self.maximumKeys) keys")
        }
        var keys: [VerificationKey] = []
        var skipped: [Skipped] = []
        for entry in entries {
            guard let members = entry.object else { throw JOSEError(.malformedKeySet, "an entry is not an object") }
            let key = JSONWebKey(members: members)
            do {
                keys.append(try key.verificationKey(pinned: rsaAlgorithm, secretsAllowed: secretsAllowed))
            } catch {
                guard error.code == .unusableKey else { throw error }
                skipped.append(Skipped(keyID: try key.optionalText("kid"), reason: error))
            }
        }
        try self.init(keys, skipped: skipped)
    }

    private init(_ keys: [VerificationKey], skipped: [Skipped]) throws(JOSEError) {
        guard keys.count + skipped.count <= Self.maximumKeys else {
            throw JOSEError(.malformedKeySet, "a set has at most \(Self.maximumKeys) keys")
        }
        if keys.count > 1, keys.contains(where: { $0.keyID == nil }) {
            throw JOSEError(.malformedKeySet, "one of several keys has no kid")
        }
        var names: Set<[UInt8]> = []
        for name in keys.map(\.keyID) + skipped.map(\.keyID) {
            guard let name else { continue }
            guard names.insert(Array(name.utf8)).inserted else {
                throw JOSEError(.malformedKeySet, "two keys have the kid \(name.quoted)")
            }
        }
        guard Set(keys.map(\.algorithm.isSymmetric)).count <= 1 else {
            throw JOSEError(.malformedKeySet, "secrets and public keys stand in one set")
        }
        self.keys = keys
        self.skipped = skipped
    }

    /// The key that a token names.
    /// - Throws: `unknownKey`.
    public func key(named keyID: String?) throws(JOSEError) -> VerificationKey {
        guard let keyID else {
            guard self.keys.count == 1, self.skipped.isEmpty, let key = self.keys.first else {
                throw JOSEError(
                    .unknownKey, "the token has no kid, and there are \(self.keys.count) keys to choose from")
            }
            return key
        }
        if let key = self.keys.first(where: { $0.keyID?.hasSameBytes(as: keyID) ?? false }) { return key }
        if let skipped = self.skipped.first(where: { $0.keyID?.hasSameBytes(as: keyID) ?? false }) {
            throw JOSEError(.unknownKey, "the key \(keyID.quoted) cannot be used: \(skipped.reason.message)")
        }
        throw JOSEError(.unknownKey, "there is no key \(keyID.quoted)")
    }

    /// The document to publish, its members sorted by name, its keys in order. Secrets are left out.
    public var document: [UInt8] {
        let keys = self.keys.compactMap { $0.publication.map(JSONValue.object) }
        return JSONObject(["keys": .array(keys)]).serialized
    }
}
