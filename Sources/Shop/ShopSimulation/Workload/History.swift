import Chassis
import Essentials
import Synchronization

/// Everything that clients asked and were answered, in the order in which they asked.
final class History: Sendable {
    /// One request of one client.
    struct Operation: Sendable {
        var number: Int
        var client: String
        var deed: String
        /// What it is about: an order, a wallet, a product.
        var subject: UniqueID?
        var began: Tick
        var ended: Tick?
        /// Nil while there is no answer, and for ever when there was none.
        var status: Int?
        /// The problem's code, or what a read saw.
        var answer: String?

        var line: String {
            let end = self.ended.map { $0.line } ?? "never"
            let subject = self.subject.map { " \($0.short)" } ?? ""
            let answer = self.status.map { "\($0) \(self.answer ?? "")" } ?? "no answer"
            return "\(self.began.line)…\(end) \(self.client) \(self.deed)\(subject) → \(answer)"
        }
    }

    private struct State {
        var operations: [Operation] = []
        var promises: [Promise] = []
        var counts: [String: Int] = [:]
    }

    private let state = Mutex(State())

    var operations: [Operation] { self.state.withLock(\.operations) }
    var promises: [Promise] { self.state.withLock(\.promises) }
    /// How many requests had which answer.
    var counts: [String: Int] { self.state.withLock(\.counts) }

    func begin(_ client: String, _ deed: String, _ subject: UniqueID?, at now: Tick) -> Int {
        self.state.withLock { state in
            let number = state.operations.count
            state.operations.append(
                Operation(number: number, client: client, deed: deed, subject: subject, began: now))
            return number
        }
    }

    func end(_ number: Int, at now: Tick, status: Int?, answer: String?) {
        self.state.withLock { state in
            state.operations[number].ended = now
            state.operations[number].status = status
            state.operations[number].answer = answer
            let what = status.map(String.init) ?? "unanswered"
            state.counts["\(state.operations[number].deed) \(what)", default: 0] += 1
        }
    }

    func promise(_ promise: Promise) {
        self.state.withLock { $0.promises.append(promise) }
    }
}
