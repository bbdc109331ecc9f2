@testable import Identity

/// Why a vector is judged otherwise than it expects, with what the run checks to prove it.
struct WycheproofDeviation {
    enum Proof {
        /// The key's `alg` is wrong; with this one instead, the vector is accepted.
        case acceptedWhenKeyIsFor(String)
        /// Token and key are byte for byte those of another vector of the file, which expects the opposite.
        case sameTokenAs(Int)
        /// The token has this character, which is not in the alphabet.
        case foreignCharacter(Character)
    }

    /// What is said instead: a refusal, or nil for an acceptance.
    var code: JOSEError.Code?
    var proof: Proof
    var reason: String
}

private let pinned = "the key's alg is PS256, the token's is PS384; a key has one algorithm (RFC 7517 §4.4)"
private let misspelt = "the key's alg is ES521, which does not exist; P-521 goes with ES512 (RFC 7518 §3.1)"
private let foreign = "the segment contains '?', which is not base64url, and the MAC does not cover it (RFC 7515 §2)"
private let unpadded =
    "the padding that the comment speaks of is not in the token, which is that of tcId 357, a valid one"

/// Every explained deviation, by file and tcId. A deviation that is not here fails the run, and so does one that is
/// here and no longer happens. All are faults of the vectors.
let wycheproofDeviations: [String: [Int: WycheproofDeviation]] = [
    "json_web_signature_test": [
        346: WycheproofDeviation(code: .wrongAlgorithm, proof: .acceptedWhenKeyIsFor("PS384"), reason: pinned),
        347: WycheproofDeviation(code: .unknownKey, proof: .acceptedWhenKeyIsFor("ES512"), reason: misspelt),
        350: WycheproofDeviation(code: .wrongAlgorithm, proof: .acceptedWhenKeyIsFor("PS384"), reason: pinned),
        351: WycheproofDeviation(code: .unknownKey, proof: .acceptedWhenKeyIsFor("ES512"), reason: misspelt),
        367: WycheproofDeviation(code: nil, proof: .sameTokenAs(357), reason: unpadded),
        370: WycheproofDeviation(code: nil, proof: .sameTokenAs(357), reason: unpadded),
        372: WycheproofDeviation(code: .malformedToken, proof: .foreignCharacter("?"), reason: foreign),
        373: WycheproofDeviation(code: .malformedToken, proof: .foreignCharacter("?"), reason: foreign),
    ]
]
