import Chassis
import Crypto
import Essentials
import EventSourcing
import HTTPTypes

/// One browser's request: its visit, and the proof that its forms are ours.
struct Visitor: Sendable {
    /// What the browser holds in its cookie: 256 bits.
    let secret: String
    /// Whether the browser has to be told the secret.
    let isNew: Bool
    var visit: Visit

    var customer: Visit.Customer? { self.visit.customer }

    /// Goes with every form. It follows from a secret that no other site can read, so no other site can write it.
    var formToken: String { Self.digest("form \(self.secret)").hexadecimal }

    /// The key under which the visit is kept.
    var hash: [UInt8] { Self.digest("visit \(self.secret)") }

    /// - Throws: a ``Problem`` `forbidden` when the form does not come from one of our pages in this browser.
    func requireOwnForm(_ form: FormFields) throws {
        let given = Array((form["token"] ?? "").utf8)
        let expected = Array(self.formToken.utf8)
        let difference = zip(given, expected).reduce(0) { $0 | ($1.0 ^ $1.1) }
        guard given.count == expected.count, difference == 0 else {
            throw Problem(
                .forbidden, "this form is no longer good: go back, load the page again, and send it once more")
        }
    }

    static func digest(_ text: String) -> [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }
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
