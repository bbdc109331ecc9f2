import Crypto
import Essentials

/// The text of a refresh token: 256 bits that nobody can guess. Stores keep its hash only.
struct RefreshSecret: Hashable, Sendable {
    let text: Redacted<String>

    /// What a client presents, whatever it is.
    init(presented text: String) {
        self.text = Redacted(text)
    }

    /// The first token of a session.
    static func fresh(from chance: Chance) -> RefreshSecret { RefreshSecret(chance.bytes(32)) }

    /// The successor of this token: the same for the same seed, so that an exchange can be repeated without keeping the
    /// successor itself. Neither the database alone nor the old token alone leads to it.
    func successor(seed: [UInt8]) -> RefreshSecret {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array(self.text.exposed.utf8), using: SymmetricKey(data: seed))
        return RefreshSecret(Array(code))
    }

    /// SHA-256, by which the token is found.
    var hash: [UInt8] { Array(SHA256.hash(data: Array(self.text.exposed.utf8))) }

    private init(_ bytes: [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        self.text = Redacted(String(decoding: text, as: UTF8.self))
    }
}
