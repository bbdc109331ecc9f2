/// A stored password hash: argon2id in the PHC string format, or an imported bcrypt hash.
public struct PasswordHash: Hashable, Sendable {
    enum Scheme: Hashable, Sendable {
        case argon2id(Argon2Hash)
        case bcrypt
    }

    /// The text to store: `$argon2id$v=19$m=47104,t=1,p=1$…$…` or `$2b$10$…`.
    public let text: String
    let scheme: Scheme

    /// - Throws: `malformedHash` when the text is neither, or asks for more work than the limits allow.
    public init(_ text: String) throws(PasswordError) {
        self.text = text
        if text.hasPrefix("$argon2id$") {
            self.scheme = .argon2id(try Argon2Hash(parsing: text))
        } else {
            try Bcrypt.check(text)
            self.scheme = .bcrypt
        }
    }

    init(_ hash: Argon2Hash) {
        self.text = hash.text
        self.scheme = .argon2id(hash)
    }

    /// Whether it was made with other parameters than these, so that it should be made anew when its password is known.
    public func needsRehash(for parameters: Argon2Parameters) -> Bool {
        switch self.scheme {
        case .argon2id(let hash):
            hash.parameters != parameters || hash.salt.count != Argon2Hash.saltBytes
                || hash.tag.count != Argon2Hash.tagBytes
        case .bcrypt: true
        }
    }
}

extension PasswordHash: CustomStringConvertible, CustomReflectable {
    public var description: String {
        switch self.scheme {
        case .argon2id: "argon2id hash"
        case .bcrypt: "bcrypt hash"
        }
    }

    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
