import Crypto
public import Essentials

/// What a browser holds in a cookie: 256 bits that nobody else knows. Only its hash is kept on our side, and the proof that
/// a form is ours follows from it.
public struct BrowserSecret: Hashable, Sendable {
    /// 64 lowercase hexadecimal digits.
    public let text: String

    /// A new one.
    public init(_ chance: Chance) {
        self.text = chance.bytes(32).hexadecimal
    }

    /// One that a browser has sent.
    /// - Returns: nil for anything but 64 lowercase hexadecimal digits.
    public init?(_ text: String) {
        guard text.utf8.count == 64, text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            return nil
        }
        self.text = text
    }

    /// Goes with every form. It follows from a secret that no other site can read, so no other site can write it.
    public var formToken: String { Self.digest("form \(self.text)").hexadecimal }

    /// The key under which is kept what belongs to the browser: who reads it there cannot take the browser's place.
    public var hash: [UInt8] { Self.digest("visit \(self.text)") }

    /// - Throws: a ``Problem`` `forbidden` when the form does not come from one of our pages in this browser.
    public func requireOwnForm(_ form: FormFields) throws {
        let given = Array((form["token"] ?? "").utf8)
        let expected = Array(self.formToken.utf8)
        let difference = zip(given, expected).reduce(0) { $0 | ($1.0 ^ $1.1) }
        guard given.count == expected.count, difference == 0 else {
            throw Problem(
                .forbidden, "this form is no longer good: go back, load the page again, and send it once more")
        }
    }

    private static func digest(_ text: String) -> [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }
}

extension [UInt8] {
    /// Two lowercase digits a byte.
    var hexadecimal: String {
        self.map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "0\(digits)" : digits
        }.joined()
    }
}
