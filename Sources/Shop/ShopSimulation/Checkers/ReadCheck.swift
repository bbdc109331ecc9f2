import Essentials
import ShopContracts

/// Reads against what was committed: each must see a state that its subject was in while the read was under way, between
/// the request and the answer. A register that is read and written in this way is linearizable.
struct ReadCheck {
    let operations: [History.Operation]
    /// By deed, then by subject.
    let timelines: [String: [UniqueID: Timeline]]

    init(_ operations: [History.Operation], _ timelines: [String: [UniqueID: Timeline]]) {
        self.operations = operations
        self.timelines = timelines
    }

    func anomalies() -> [Anomaly] {
        var found: [Anomaly] = []
        /// What each client saw of each thing last.
        var seen: [String: History.Operation] = [:]
        for read in self.operations {
            guard let subject = read.subject, let timeline = self.timelines[read.deed]?[subject],
                let ended = read.ended, let status = read.status, status == 200 || status == 404
            else { continue }
            let state = status == 404 ? nil : read.answer
            let possible = timeline.states(from: read.began, to: ended)
            let key = "\(read.client) \(read.deed) \(subject)"
            if !possible.contains(state) {
                found.append(self.anomaly(read, timeline, state, possible, before: seen[key]))
            }
            seen[key] = read
        }
        return found
    }

    private func anomaly(
        _ read: History.Operation, _ timeline: Timeline, _ state: String?, _ possible: [String?],
        before: History.Operation?,
    ) -> Anomaly {
        let path = [nil] + timeline.changes.map(\.state)
        let index = path.firstIndex { $0 == state }
        let earliest = possible.first.flatMap { first in path.firstIndex { $0 == first } } ?? 0
        var kind = AnomalyKind.dirtyRead
        if let index, index < earliest {
            let last = before.flatMap { before in path.firstIndex { $0 == before.answer } } ?? -1
            kind = index < last ? .nonMonotonicRead : .staleRead
        }
        let saw = possible.map { $0 ?? "nothing" }.joined(separator: " or ")
        let subject = read.subject?.short ?? "?"
        return Anomaly(
            kind, "\(read.client): \(read.deed) \(subject) saw \(state ?? "nothing") when it was \(saw)",
            excerpt: timeline.lines(around: read.began) + [read.line])
    }
}

/// The states of one thing that people can read, and since when.
struct Timeline: Hashable, Sendable {
    struct Change: Hashable, Sendable {
        /// Before this nobody can have seen the state.
        var from: Tick
        /// From here on nobody can have seen an earlier one. Later than `from` when nobody heard of the commit.
        var at: Tick
        var state: String
    }

    /// In the order of their commits.
    private(set) var changes: [Change] = []

    init() {}

    /// - Parameter moment: the distant future for a change of which nobody knows yet whether it will be.
    mutating func append(_ state: String, from: Tick, at moment: Tick) {
        // Nothing that would make a difference.
        if let last = self.changes.last, last.state == state, last.at <= from { return }
        self.changes.append(Change(from: from, at: moment, state: state))
    }

    /// The state was there at this moment for certain.
    mutating func settle(_ state: String, at moment: Tick) {
        if let index = self.changes.lastIndex(where: { $0.from == moment && $0.state == state }) {
            self.changes[index].at = moment
        } else if self.changes.last.map({ $0.from < moment }) ?? true {
            self.append(state, from: moment, at: moment)
        }
    }

    /// For excerpts: the changes next to a moment.
    func lines(around moment: Tick) -> [String] {
        let before = self.changes.filter { $0.from <= moment }.suffix(3)
        let behind = self.changes.filter { $0.from > moment }.prefix(3)
        return (before + behind).map { "\($0.from.line) \($0.state)" }
    }

    /// The states that something that takes from one moment to another may see; `nil` stands for "not there yet".
    func states(from began: Tick, to ended: Tick) -> [String?] {
        var possible: [String?] = []
        var isPast = false
        for change in self.changes.reversed() {
            if !isPast, change.from <= ended { possible.append(change.state) }
            isPast = isPast || change.at < began
        }
        if !isPast { possible.append(nil) }
        return possible.reversed()
    }
}

extension Timeline {
    /// What each kind of read can have seen, by deed.
    /// - Parameter balances: what was on each wallet, from each commit on.
    static func all(
        _ books: Books, _ orders: [UniqueID: OrderStory], balances: [UniqueID: Timeline],
    ) -> [String: [UniqueID: Timeline]] {
        [
            "read order": orders.mapValues(\.timeline),
            "read payment": Self.of(
                books[.payments].facts(of: "payment"),
                [
                    "PaymentRequested": "UNKNOWN", "PaymentOutcomeUnknown": "UNKNOWN",
                    "PaymentAuthorized": "AUTHORIZED",
                    "PaymentDeclined": "DECLINED", "PaymentCaptured": "CAPTURED", "PaymentVoided": "VOIDED",
                    "PaymentRefunded": "REFUNDED",
                ]),
            "read transfer": Self.of(
                books[.transfers].facts(of: "transfer"),
                [
                    "TransferRequested": "PENDING", "TransactionCompleted": "COMPLETED", "TransferFailed": "FAILED",
                ]),
            "read account": balances,
        ]
    }

    private static func of(_ facts: some Sequence<Fact>, _ states: [String: String]) -> [UniqueID: Timeline] {
        var timelines: [UniqueID: Timeline] = [:]
        for fact in facts {
            guard let state = states[fact.type], let known = fact.committed else { continue }
            timelines[fact.aggregate, default: Timeline()].append(state, from: known.from, at: known.at)
        }
        return timelines
    }
}
