public import Essentials

/// Takes secrets out of what is about to be written: by the name they stand under, by their value, and by their look.
///
/// It cannot know a secret that is neither registered, nor named, nor shaped like one. Those must not be recorded at all;
/// values of type `Redacted` print as `[redacted]` by themselves.
public struct Redactor: Sendable {
    /// What stands in place of a secret, as in ``/Essentials/Redacted``.
    public static let mark = "[redacted]"

    /// Words of a name that make its value a secret, wherever they stand in it: `user.password`, `X-Api-Token`.
    public static let sensitiveWords: Set<String> = [
        "authorization", "cookie", "cookies", "password", "passwd", "passphrase", "pwd", "secret", "secrets", "token",
        "credential", "credentials", "apikey", "cvv", "cvc", "pin", "otp", "pan", "iban", "signature",
    ]
    /// Two words of a name that do so side by side.
    public static let sensitivePairs: Set<[String]> = [
        ["api", "key"], ["access", "key"], ["private", "key"], ["secret", "key"], ["signing", "key"],
        ["card", "number"],
        ["session", "id"],
    ]

    private let secrets: [[UInt8]]
    private let words: Set<String>

    /// - Parameters:
    ///   - secrets: values that must appear nowhere, such as keys from the configuration. Those of fewer than six bytes
    ///     would be found everywhere and are left out.
    ///   - words: further words that make a name sensitive, lowercase.
    public init(secrets: [Redacted<String>] = [], words: Set<String> = []) {
        let known: [[UInt8]] = secrets.map { Array($0.exposed.utf8) }.filter { $0.count >= 6 }
        // The longest first: one may be a part of another.
        self.secrets = known.sorted { $0.count > $1.count }
        self.words = words.union(Self.sensitiveWords)
    }

    /// Whether what stands under this name is a secret whatever it is.
    public func isSensitive(_ name: String) -> Bool {
        var previous = ""
        for word in Self.words(of: name) {
            if self.words.contains(word) || Self.sensitivePairs.contains([previous, word]) { return true }
            previous = word
        }
        return false
    }

    /// The text without what looks like, or is known to be, a secret.
    public func text(_ text: String) -> String {
        var text = text
        return text.withUTF8 { bytes -> String? in
            var pass = RedactionPass(bytes: bytes, secrets: self.secrets, isSensitive: { self.isSensitive($0) })
            return pass.run()
        } ?? text
    }

    public func attribute(_ attribute: Attribute) -> Attribute {
        Attribute(self.text(attribute.key), self.value(attribute.value, named: attribute.key))
    }

    public func value(_ value: AttributeValue, named name: String = "") -> AttributeValue {
        if !name.isEmpty, self.isSensitive(name) { return .string(Self.mark) }
        switch value {
        case .string(let text): return .string(self.text(text))
        case .array(let values): return .array(values.map { self.value($0) })
        case .map(let members): return .map(members.map { self.attribute($0) })
        case .bytes(let bytes):
            return bytes.withUnsafeBufferPointer { self.holdsSecret($0) } ? .string(Self.mark) : value
        case .bool, .int, .double, .empty: return value
        }
    }

    private func holdsSecret(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var pass = RedactionPass(bytes: bytes, secrets: self.secrets, isSensitive: { self.isSensitive($0) })
        return pass.run() != nil
    }

    /// The words of a name in lowercase: `userPassword`, `user_password` and `USER-PASSWORD` have the same two.
    static func words(of name: String) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        var previousIsLower = false
        func flush() {
            if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
            word.removeAll(keepingCapacity: true)
        }
        for byte in name.utf8 {
            switch byte {
            case 65...90:
                if previousIsLower { flush() }
                word.append(byte + 32)
                previousIsLower = false
            case 97...122, 48...57:
                word.append(byte)
                previousIsLower = true
            default:
                flush()
                previousIsLower = false
            }
        }
        flush()
        return words
    }
}
