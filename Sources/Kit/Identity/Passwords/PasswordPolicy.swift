import Foundation

/// Which new passwords are accepted (OWASP ASVS 5, §6.2): length and commonness count, composition does not.
public struct PasswordPolicy: Hashable, Sendable {
    /// Why a password is refused.
    @nonexhaustive public enum Problem: Hashable, Sendable {
        case tooShort(minimum: Int)
        case tooLong(maximum: Int)
        /// On the list of the most common passwords, or one character over and over.
        case tooCommon
        /// The same as the e-mail address or the part before its `@`.
        case sameAsEmail

        /// One sentence for the person who chose the password.
        public var message: String {
            switch self {
            case .tooShort(let minimum): "A password has at least \(minimum) characters."
            case .tooLong(let maximum): "A password has at most \(maximum) characters."
            case .tooCommon: "This password is among the first that an attacker tries."
            case .sameAsEmail: "A password differs from the e-mail address."
            }
        }
    }

    /// Characters at least, counted as Unicode scalars in composed form (NFC). Default: 8.
    public var minimumLength = 8
    /// Characters at most. Default: 128.
    public var maximumLength = 128

    public init() {}

    /// Why this password is refused, if it is.
    public func problem(with password: String, email: String? = nil) -> Problem? {
        let scalars = password.precomposedStringWithCanonicalMapping.unicodeScalars
        // Nobody waits for the length of a megabyte.
        guard password.utf8.count <= 16 * self.maximumLength, scalars.count <= self.maximumLength else {
            return .tooLong(maximum: self.maximumLength)
        }
        guard scalars.count >= self.minimumLength else { return .tooShort(minimum: self.minimumLength) }
        let folded = password.lowercased()
        if CommonPasswords.all.contains(folded) || Set(scalars).count == 1 { return .tooCommon }
        if let email = email?.lowercased() {
            let local = email.split(separator: "@").first.map(String.init)
            if folded == email || folded == local { return .sameAsEmail }
        }
        return nil
    }
}
