import Essentials

/// A signed message in the compact form of RFC 7515 §7.1, read strictly. Nothing in it is trusted before
/// ``verified(by:)``.
public struct CompactJWS: Sendable {
    /// The size of a whole token at most: 16 KiB.
    public static let maximumBytes = 16 * 1_024
    /// The size of a decoded header at most: 2 KiB.
    public static let maximumHeaderBytes = 2 * 1_024

    /// The members of the header that this library understands; all others are refused or mean nothing to it.
    public struct Header: Hashable, Sendable {
        /// `alg`.
        public var algorithm: SignatureAlgorithm
        /// `kid`.
        public var keyID: String?
        /// `typ`.
        public var type: String?
        /// `cty`.
        public var contentType: String?
    }

    public let header: Header
    private let payload: [UInt8]
    private let signature: [UInt8]
    private let signedBytes: [UInt8]

    /// - Throws: `oversize`, `malformedToken`, `malformedJSON`, `refusedHeader`, `wrongAlgorithm`.
    public init(parsing token: String) throws(JOSEError) {
        let bytes = Array(token.utf8)
        guard bytes.count <= Self.maximumBytes else {
            throw JOSEError(.oversize, "the token has \(bytes.count) bytes, at most \(Self.maximumBytes) are read")
        }
        let segments = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard segments.count == 3 else {
            throw JOSEError(.malformedToken, "a token has three segments, not \(segments.count)")
        }
        guard let header = Base64.url.decode(segments[0]), let payload = Base64.url.decode(segments[1]),
            let signature = Base64.url.decode(segments[2])
        else { throw JOSEError(.malformedToken, "a segment is not canonical base64url without padding") }
        self.header = try Self.header(
            StrictJSON.object(in: header, what: "header", limit: Self.maximumHeaderBytes))
        self.payload = payload
        self.signature = signature
        self.signedBytes = Array(bytes[..<segments[1].endIndex])
    }

    /// The payload, once the signature has been checked with the key that the header names.
    /// - Throws: `unknownKey`, `wrongAlgorithm`, `badSignature`.
    public func verified(by keys: JWKSet) throws(JOSEError) -> [UInt8] {
        let key = try keys.key(named: self.header.keyID)
        guard key.algorithm == self.header.algorithm else {
            throw JOSEError(
                .wrongAlgorithm,
                "the token says \(self.header.algorithm.rawValue), its key is for \(key.algorithm.rawValue) alone")
        }
        try key.check(self.signature, over: self.signedBytes)
        return self.payload
    }

    /// Members that change what the signature covers or where the key comes from. `crit` lists extensions that must be
    /// understood, and none is; `b64` changes the signed bytes; the others bring the attacker's own key.
    private static let refusedMembers = ["crit", "b64", "jwk", "jku", "x5c", "x5u", "enc", "zip"]

    private static func header(_ object: JSONObject) throws(JOSEError) -> Header {
        for member in Self.refusedMembers where object[member] != nil {
            throw JOSEError(.refusedHeader, "the header member \(member) is refused")
        }
        guard let name = try Self.text("alg", of: object) else {
            throw JOSEError(.refusedHeader, "the header member alg is missing")
        }
        guard let algorithm = SignatureAlgorithm(named: name) else {
            throw JOSEError(.wrongAlgorithm, "the algorithm \(name.quoted) is not offered")
        }
        return Header(
            algorithm: algorithm, keyID: try Self.text("kid", of: object), type: try Self.text("typ", of: object),
            contentType: try Self.text("cty", of: object))
    }

    private static func text(_ name: String, of object: JSONObject) throws(JOSEError) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string else {
            throw JOSEError(.refusedHeader, "the header member \(name) is not a string")
        }
        return text
    }
}

extension CompactJWS {
    /// Signs `payload`.
    static func sign(_ payload: [UInt8], type: String?, with key: SigningKey) throws(JOSEError) -> String {
        var header = JSONObject()
        header["alg"] = .string(key.algorithm.rawValue)
        header["kid"] = .string(key.keyID)
        if let type { header["typ"] = .string(type) }
        let signed = Base64.url.encode(header.serialized) + "." + Base64.url.encode(payload)
        return signed + "." + Base64.url.encode(try key.signature(over: Array(signed.utf8)))
    }
}
