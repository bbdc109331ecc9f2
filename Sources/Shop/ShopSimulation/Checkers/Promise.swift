import Chassis
import Essentials

/// What a client was promised by an answer, or asked for without knowing what came of it.
struct Promise: Codable, Hashable, Sendable {
    enum Kind: String, Codable, Hashable, Sendable {
        case order, transfer, deposit, receipt, user, wallet, product
    }

    var kind: Kind
    /// What the answer named; nil when there was none.
    var id: UniqueID?
    /// The intent: the idempotency key, the e-mail address, the SKU.
    var intent: String
    var owner: UniqueID?
    /// Minor units, or pieces.
    var amount: Int64?
    var from: UniqueID?
    var to: UniqueID?
    /// Whether the platform answered yes. A promise without an answer may have come true or not, but not twice.
    var isAcknowledged: Bool
}

/// What a checker knows of the clients.
struct Claims: Sendable {
    var promises: [Promise] = []
    /// False where clients are only known in part, as after a run of somebody else's: then unknown things are no phantoms.
    var isComplete = true

    func of(_ kind: Promise.Kind) -> [Promise] { self.promises.filter { $0.kind == kind } }

    /// By intent: which things the answers named, in order without repetition.
    func intents(_ kind: Promise.Kind) -> [(intent: String, ids: [UniqueID], promises: [Promise])] {
        let grouped = Dictionary(grouping: self.of(kind), by: \.intent)
        return grouped.keys.sorted().map { intent in
            let promises = grouped[intent] ?? []
            var ids: [UniqueID] = []
            for id in promises.compactMap(\.id) where !ids.contains(id) { ids.append(id) }
            return (intent, ids, promises)
        }
    }
}

extension UniqueID {
    /// The first eight digits, for people.
    var short: String { String(self.description.prefix(8)) + "…" + String(self.description.suffix(4)) }
}
