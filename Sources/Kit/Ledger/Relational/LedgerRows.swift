import Essentials
import EventSourcing

extension LedgerAccount {
    init(_ row: SQLRow) throws {
        let limit = try row.text("limit_policy")
        guard let policy = LimitPolicy(rawValue: limit) else {
            throw EventStoreError(.corrupt, "no account has the limit policy '\(limit)'")
        }
        self.init(
            id: try row.id("id"), ledger: try row.text("ledger"), code: try row.text("code"), limit: policy,
            debitsPosted: try row.integer("debits_posted"), creditsPosted: try row.integer("credits_posted"),
            debitsPending: try row.integer("debits_pending"), creditsPending: try row.integer("credits_pending"),
            entryCount: try row.integer("entry_count"))
    }
}

/// A record as its row: each case of an enumeration has a word, and fills the columns that it needs.
extension LedgerRecord {
    var columns: [SQLValue] {
        switch self {
        case .tombstone(let id, let void, let timestamp):
            let nothing = [SQLValue](repeating: .null, count: 9)
            return [.blob(id.bytes), .text("tombstone"), .text("")] + nothing
                + [.integer(timestamp.microseconds), .text("tombstone"), .null, .blob(void.bytes), .null]
        case .entry(let entry):
            return Self.request(entry.transfer)
                + [
                    .optional(entry.ledger), .optional(entry.movement?.debit.bytes),
                    .optional(entry.movement?.credit.bytes), .optional(entry.movement?.amount),
                    entry.movement == nil ? .null : .integer(entry.debitNumber),
                    entry.movement == nil ? .null : .integer(entry.creditNumber),
                    .integer(entry.timestamp.microseconds),
                ] + Self.state(entry.state)
        }
    }

    /// id, kind, code, timeout, pending_id, asked_amount
    private static func request(_ transfer: LedgerTransfer) -> [SQLValue] {
        let head = { (kind: String) -> [SQLValue] in [.blob(transfer.id.bytes), .text(kind), .text(transfer.code)] }
        switch transfer.action {
        case .post: return head("post") + [.null, .null, .null]
        case .hold(_, let timeout):
            return head("hold") + [.optional(timeout.map { $0.nanoseconds / 1_000 }), .null, .null]
        case .postPending(let id, let amount):
            return head("postPending") + [.null, .blob(id.bytes), .optional(amount)]
        case .voidPending(let id):
            return head("voidPending") + [.null, .blob(id.bytes), .null]
        }
    }

    /// state, expires_at, settled_by, settled_amount
    private static func state(_ state: LedgerEntry.State) -> [SQLValue] {
        switch state {
        case .settled: [.text("settled"), .null, .null, .null]
        case .pending(let until): [.text("pending"), .optional(until?.microseconds), .null, .null]
        case .posted(let by, let amount): [.text("posted"), .null, .blob(by.bytes), .integer(amount)]
        case .voided(let by): [.text("voided"), .null, .blob(by.bytes), .null]
        case .expired: [.text("expired"), .null, .null, .null]
        }
    }

    init(_ row: SQLRow) throws {
        let id = try row.id("id")
        let timestamp = Timestamp(microseconds: try row.integer("timestamp"))
        if try row.text("kind") == "tombstone" {
            self = .tombstone(id: id, by: try row.id("settled_by"), timestamp: timestamp)
            return
        }
        var movement: LedgerMovement?
        if let amount = try row.optionalInteger("amount") {
            movement = LedgerMovement(
                debit: try row.id("debit_account"), credit: try row.id("credit_account"), amount: amount)
        }
        self = .entry(
            LedgerEntry(
                transfer: LedgerTransfer(
                    id: id, action: try Self.action(row, movement), code: try row.text("code")),
                ledger: try row.optionalText("ledger"), movement: movement, state: try Self.state(row),
                timestamp: timestamp, debitNumber: try row.optionalInteger("debit_number") ?? 0,
                creditNumber: try row.optionalInteger("credit_number") ?? 0))
    }

    private static func action(_ row: SQLRow, _ movement: LedgerMovement?) throws -> LedgerTransfer.Action {
        let kind = try row.text("kind")
        switch (kind, movement) {
        case ("post", let movement?): return .post(movement)
        case ("hold", let movement?):
            return .hold(movement, timeout: try row.optionalInteger("timeout").map { .microseconds($0) })
        case ("postPending", _):
            return .postPending(try row.id("pending_id"), amount: try row.optionalInteger("asked_amount"))
        case ("voidPending", _): return .voidPending(try row.id("pending_id"))
        default: throw EventStoreError(.corrupt, "no ledger entry is of the kind '\(kind)'")
        }
    }

    private static func state(_ row: SQLRow) throws -> LedgerEntry.State {
        let state = try row.text("state")
        switch state {
        case "settled": return .settled
        case "pending":
            return .pending(until: try row.optionalInteger("expires_at").map { Timestamp(microseconds: $0) })
        case "posted": return .posted(by: try row.id("settled_by"), amount: try row.integer("settled_amount"))
        case "voided": return .voided(by: try row.id("settled_by"))
        case "expired": return .expired
        default: throw EventStoreError(.corrupt, "no ledger entry is in the state '\(state)'")
        }
    }
}
