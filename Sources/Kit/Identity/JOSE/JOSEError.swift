/// Why a token, a signature or a key was refused.
///
/// The message is for logs and developers. It names members and algorithms, never a secret, a signature or a whole
/// token.
public struct JOSEError: Error, Hashable, Sendable {
    /// What kind of refusal it is.
    @nonexhaustive public enum Code: String, Hashable, Sendable, CaseIterable {
        /// Not three segments, a character outside base64url, or a last character with stray bits.
        case malformedToken
        /// Larger than the limit of its reader.
        case oversize
        /// Not UTF-8 JSON of the strict kind: syntax, trailing bytes, a duplicate member, too deep, not an object.
        case malformedJSON
        /// A header member is missing, of a wrong type, or one that this library refuses, such as
        /// `crit`, `b64` and `jwk`.
        case refusedHeader
        /// `alg` is `none`, not offered, or not the one algorithm that the key is for.
        case wrongAlgorithm
        /// No key of the set has the token's `kid`, or the token names none where it must.
        case unknownKey
        /// The key is malformed: a member missing, a point off its curve, a wrong length, private where public is due.
        case malformedKey
        /// The key is too short, has a bad exponent, or comes from a known broken generator.
        case weakKey
        /// The key is sound but not for this use: `use`, `key_ops`, an algorithm that is not offered.
        case unusableKey
        /// A set of keys repeats a `kid`, mixes secrets with public keys, or is empty.
        case malformedKeySet
        /// The signature does not belong to these bytes and this key.
        case badSignature
        /// A claim that must be there is missing.
        case missingClaim
        /// A claim has a wrong type or a value that makes no sense.
        case malformedClaim
        /// The token has expired.
        case expired
        /// The token is not valid yet (`nbf`) or was issued in the future (`iat`).
        case notYetValid
        /// The token may live longer than the verifier or issuer allows.
        case lifetimeTooLong
        /// The token was issued by somebody else.
        case wrongIssuer
        /// The token was issued for somebody else.
        case wrongAudience
        /// The token's `typ` is not the one that the verifier requires.
        case wrongType
        /// The keys cannot be had now. Try again.
        case keysUnavailable
    }

    public var code: Code
    /// One sentence that says what was wrong.
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension JOSEError: CustomStringConvertible {
    public var description: String { "\(self.code.rawValue): \(self.message)" }
}
