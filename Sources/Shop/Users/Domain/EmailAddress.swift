import Essentials

/// An e-mail address in the form in which it is unique: small letters.
///
/// The form that browsers accept (HTML Standard, §4.10.5.1.5), with a domain of at least two labels.
struct EmailAddress: Hashable, Sendable {
    /// ECMA 262.
    static let pattern =
        "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+"
        + "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$"
    /// Characters.
    static let length = 5...254

    let text: String

    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard Self.length.contains(text.utf8.count), parts.count == 2, Self.isLocalPart(parts[0]) else { return nil }
        let labels = parts[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count >= 2, labels.allSatisfy(Self.isLabel) else { return nil }
        self.text = Self.normalized(text)
    }

    /// The same for every spelling of one address, also of a text that is none.
    static func normalized(_ text: String) -> String { text.lowercased() }

    private static func isLocalPart(_ bytes: Substring.UTF8View) -> Bool {
        (1...64).contains(bytes.count)
            && bytes.allSatisfy { Self.isAlphanumeric($0) || Self.symbols.contains($0) }
    }

    private static func isLabel(_ bytes: Substring.UTF8View) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(bytes.count) && bytes.first != hyphen && bytes.last != hyphen
            && bytes.allSatisfy { Self.isAlphanumeric($0) || $0 == hyphen }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    private static let symbols = Array(".!#$%&'*+/=?^_`{|}~-".utf8)
}
