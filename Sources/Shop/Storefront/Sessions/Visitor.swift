import Chassis

/// One browser's request: its visit, and the proof that its forms are ours.
struct Visitor: Sendable {
    let secret: BrowserSecret
    /// Whether the browser has to be told the secret.
    let isNew: Bool
    var visit: Visit

    var customer: Visit.Customer? { self.visit.customer }
    var formToken: String { self.secret.formToken }

    /// The key under which the visit is kept.
    var hash: [UInt8] { self.secret.hash }
}
