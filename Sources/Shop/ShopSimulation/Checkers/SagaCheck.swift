import Chassis
import Essentials
import EventSourcing
import Sagas
import ShopContracts

/// The journal of every saga by itself: forward in order, backward in reverse order over all that was begun, one end.
struct SagaCheck {
    struct Journal: Sendable {
        var id: UniqueID
        var definition: String
        var status: String
        var facts: [(sequence: Int64, fact: SagaFact)] = []
    }

    static func anomalies(_ journals: [Journal], of service: ServiceName) -> [Anomaly] {
        journals.compactMap { journal in
            guard let wrong = Self.oddity(in: journal) else { return nil }
            return Anomaly(
                .impossibleTransition, "the \(journal.definition) \(journal.id.short) of \(service): \(wrong)",
                excerpt: journal.facts.suffix(8).map { "\($0.sequence) \("\($0.fact)".prefix(160))" })
        }
    }

    static func journals(_ unit: any RelationalUnit) throws -> [Journal] {
        var journals: [Journal] = []
        for row in try unit.query("SELECT id, definition, status FROM sagas ORDER BY id") {
            guard let id = UniqueID(bytes: try row.blob("id")) else { continue }
            var journal = Journal(id: id, definition: try row.text("definition"), status: try row.text("status"))
            let entries = try unit.query(
                "SELECT sequence, fact FROM saga_entries WHERE saga = ? ORDER BY sequence", [.blob(id.bytes)])
            journal.facts = try entries.map { entry in
                (
                    try entry.integer("sequence"),
                    try EventCoding.decode(SagaFact.self, from: Array(try entry.text("fact").utf8))
                )
            }
            journals.append(journal)
        }
        return journals
    }

    private static func oddity(in journal: Journal) -> String? {
        var walk = Walk()
        for (index, entry) in journal.facts.enumerated() {
            if entry.sequence != Int64(index + 1) {
                return "entry \(entry.sequence) is the \(index + 1). of its journal"
            }
            if let wrong = walk.take(entry.fact) { return wrong }
        }
        return nil
    }

    private struct Walk {
        var done = -1
        var begun: Set<Int> = []
        var undone: Set<Int> = []
        var last = Int.max
        var isTurned = false
        var hasEnded = false
        var compensable: [Bool] = []
        var isRemote: [Bool] = []
        var rejected: Set<Int> = []

        mutating func take(_ fact: SagaFact) -> String? {
            if self.hasEnded { return "it went on after its end" }
            switch fact {
            case .started(let plan):
                self.compensable = plan.steps.map(\.hasCompensation)
                self.isRemote = plan.steps.map { $0.kind != .transactional && $0.kind != .sleep && $0.kind != .signal }
            case .intended(let step, _):
                if self.isTurned { return "step \(step) was begun after it had turned round" }
                if step != self.done + 1 {
                    return "step \(step) was begun when \(self.done) was the last that was done"
                }
                self.begun.insert(step)
            case .succeeded(let step):
                if step != self.done + 1 { return "step \(step) was done twice or out of order" }
                self.done = step
                self.begun.insert(step)
            case .rejected(let step, _): self.rejected.insert(step)
            case .compensating: self.isTurned = true
            case .compensationIntended(let step, _): return self.undo(step)
            case .compensationSucceeded(let step):
                if let wrong = self.undo(step) { return wrong }
                self.undone.insert(step)
            case .completed:
                self.hasEnded = true
                if self.done != self.compensable.count - 1 { return "it was completed after step \(self.done)" }
            case .compensated:
                self.hasEnded = true
                let due = self.begun.filter {
                    self.compensable[$0] && !self.rejected.contains($0) && (self.isRemote[$0] || $0 <= self.done)
                }
                let missing = due.subtracting(self.undone).sorted()
                if !missing.isEmpty { return "it was compensated, but steps \(missing) were not undone" }
            case .failed, .inquired, .waiting, .compensationFailed, .parked, .resumed: break
            }
            return nil
        }

        private mutating func undo(_ step: Int) -> String? {
            if !self.isTurned { return "step \(step) was undone before it had turned round" }
            if step > self.last { return "step \(step) was undone after step \(self.last)" }
            self.last = step
            return nil
        }
    }
}
