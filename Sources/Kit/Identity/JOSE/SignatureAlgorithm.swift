/// A signature algorithm of RFC 7518 and RFC 8037 that this library offers. `none` is not one of them.
public enum SignatureAlgorithm: String, Hashable, Sendable, CaseIterable {
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case edDSA = "EdDSA"
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"

    /// Who can make such a signature: the owner of a private key, or everybody who can check it.
    public var isSymmetric: Bool {
        switch self {
        case .hs256, .hs384, .hs512: true
        case .es256, .es384, .es512, .edDSA, .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: false
        }
    }

    /// The algorithm of this exact name.
    init?(named name: String) {
        guard let algorithm = Self.allCases.first(where: { $0.rawValue.hasSameBytes(as: name) }) else { return nil }
        self = algorithm
    }

    /// What keys of this algorithm are.
    enum Family: Sendable {
        /// `width`: bytes of a coordinate, and of each half of a signature.
        case ellipticCurve(name: String, width: Int)
        case edwards
        case rsa
        /// `minimumBytes`: the length of the hash (RFC 7518 §3.2).
        case secret(minimumBytes: Int)
    }

    var family: Family {
        switch self {
        case .es256: .ellipticCurve(name: "P-256", width: 32)
        case .es384: .ellipticCurve(name: "P-384", width: 48)
        case .es512: .ellipticCurve(name: "P-521", width: 66)
        case .edDSA: .edwards
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: .rsa
        case .hs256: .secret(minimumBytes: 32)
        case .hs384: .secret(minimumBytes: 48)
        case .hs512: .secret(minimumBytes: 64)
        }
    }
}
