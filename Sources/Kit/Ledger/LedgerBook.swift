public import Essentials

/// The ledger of a database, for the length of one transaction.
///
/// Nothing is written when a call throws, so a refusal can be caught and recorded as an event in the same transaction.
///
/// ```swift
/// try await transactor.write { unit in
///     let book = LedgerBook(in: unit, at: now)
///     try book.transfer(.posted(paymentID, debit: customer, credit: shop, amount: 1_250))
///     try unit.append([captured], to: stream, expecting: .exactly(version))
/// }
/// ```
public struct LedgerBook {
    private let unit: any LedgerUnit
    private let now: Timestamp

    /// - Parameter now: the moment that entries carry and that decides what has expired.
    public init(in unit: any LedgerUnit, at now: Timestamp) {
        self.unit = unit
        self.now = now
    }

    /// Opens an account. Opening it again with the same ledger, code and limit returns it as it is.
    /// - Throws: `LedgerRefusal.accountExistsWithDifferentContent`, or an `EventStoreError`.
    @discardableResult
    public func open(_ account: LedgerAccount) throws -> LedgerAccount {
        if let existing = try self.unit.ledgerAccount(account.id) {
            guard existing.isSame(as: account) else {
                throw LedgerRefusal(
                    .accountExistsWithDifferentContent, account.id,
                    "account \(account.id) is \(existing.code) in \(existing.ledger), \(existing.limit.rawValue)",
                    account: account.id)
            }
            return existing
        }
        let fresh = LedgerAccount(id: account.id, ledger: account.ledger, code: account.code, limit: account.limit)
        try self.unit.putLedgerAccount(fresh)
        return fresh
    }

    /// Does what a transfer asks. A repeated request gives the entry that the first one made, as it is now.
    /// - Throws: a ``LedgerRefusal``, or an `EventStoreError`.
    @discardableResult
    public func transfer(_ transfer: LedgerTransfer) throws -> LedgerEntry {
        try self.transferAll([transfer])[0]
    }

    /// Does what all transfers ask, in their order, each seeing those before it; or none of it.
    /// - Throws: the first ``LedgerRefusal``, whose `id` says which transfer was refused, or an `EventStoreError`.
    @discardableResult
    public func transferAll(_ transfers: [LedgerTransfer]) throws -> [LedgerEntry] {
        var machine = LedgerMachine()
        var changed = Changes()
        var results: [UniqueID] = []
        for transfer in transfers {
            try self.load(transfer, into: &machine)
            results.append(transfer.id)
            switch try machine.decide(transfer, at: self.now) {
            case .repeated: break
            case .accepted(let change):
                machine.evolve(change)
                changed.note(change)
            }
        }
        try self.write(changed, from: machine)
        return results.map { id in
            guard case .entry(let entry) = machine.records[id] else {
                preconditionFailure("an accepted transfer has an entry")
            }
            return entry
        }
    }

    /// Lets go of what pending transfers hold whose time has run out, those first that ran out first.
    /// - Parameter limit: how many at most; call again while it returns that many.
    /// - Returns: the transfers that expired, so that the caller can record it.
    public func expire(limit: Int = 100) throws -> [LedgerEntry] {
        var machine = LedgerMachine()
        var changed = Changes()
        var expired: [LedgerEntry] = []
        for entry in try self.unit.dueLedgerEntries(at: self.now, limit: limit) {
            machine.add(.entry(entry))
            try self.loadAccounts(of: entry.movement, into: &machine)
            guard let change = machine.expire(entry.id, at: self.now) else { continue }
            machine.evolve(change)
            changed.note(change)
            expired.append(change.entry)
        }
        try self.write(changed, from: machine)
        return expired
    }

    /// When ``expire(limit:)`` has something to do next; nil when nothing pending has a timeout.
    public func nextExpiry() throws -> Timestamp? { try self.unit.nextLedgerExpiry() }

    public func account(_ id: UniqueID) throws -> LedgerAccount? { try self.unit.ledgerAccount(id) }

    /// Credits less debits, both posted.
    /// - Throws: `LedgerRefusal.accountNotFound`, or an `EventStoreError`.
    public func balance(of id: UniqueID) throws -> Int64 {
        guard let account = try self.unit.ledgerAccount(id) else {
            throw LedgerRefusal(.accountNotFound, id, "there is no account \(id)", account: id)
        }
        return account.balance
    }

    /// What is known of a transfer; nil when nobody has heard of it.
    public func record(_ id: UniqueID) throws -> LedgerRecord? { try self.unit.ledgerRecord(id) }

    /// The entry of an accepted transfer as it is now.
    public func entry(_ id: UniqueID) throws -> LedgerEntry? {
        guard case .entry(let entry) = try self.unit.ledgerRecord(id) else { return nil }
        return entry
    }

    /// What has happened to an account, oldest first.
    /// - Parameter number: the place in the history behind which to begin, see ``LedgerEntry/number(in:)``.
    public func history(of account: UniqueID, after number: Int64 = 0, limit: Int = 100) throws -> [LedgerEntry] {
        try self.unit.ledgerEntries(of: account, after: number, limit: limit)
    }

    /// The sums over all accounts of a ledger.
    /// - Complexity: O(accounts of the ledger).
    public func trialBalance(of ledger: String) throws -> TrialBalance { try self.unit.trialBalance(of: ledger) }

    // MARK: Between store and machine

    /// What has to be written, in the order of its first change.
    private struct Changes {
        var accounts: [UniqueID] = []
        var records: [UniqueID] = []

        mutating func note(_ change: LedgerChange) {
            for id in change.accounts.map(\.id) where !self.accounts.contains(id) { self.accounts.append(id) }
            for id in [change.entry.id, change.settled?.id].compactMap(\.self) where !self.records.contains(id) {
                self.records.append(id)
            }
        }
    }

    private func load(_ transfer: LedgerTransfer, into machine: inout LedgerMachine) throws {
        try self.loadRecord(transfer.id, into: &machine)
        switch transfer.action {
        case .post(let movement), .hold(let movement, _):
            try self.loadAccounts(of: movement, into: &machine)
        case .postPending(let id, _), .voidPending(let id):
            try self.loadRecord(id, into: &machine)
            if case .entry(let entry) = machine.records[id] {
                try self.loadAccounts(of: entry.movement, into: &machine)
            }
        }
    }

    private func loadRecord(_ id: UniqueID, into machine: inout LedgerMachine) throws {
        guard machine.records[id] == nil, let record = try self.unit.ledgerRecord(id) else { return }
        machine.add(record)
    }

    private func loadAccounts(of movement: LedgerMovement?, into machine: inout LedgerMachine) throws {
        guard let movement else { return }
        for id in [movement.debit, movement.credit] where machine.accounts[id] == nil {
            if let account = try self.unit.ledgerAccount(id) { machine.add(account) }
        }
    }

    private func write(_ changes: Changes, from machine: LedgerMachine) throws {
        for id in changes.accounts {
            if let account = machine.accounts[id] { try self.unit.putLedgerAccount(account) }
        }
        for id in changes.records {
            if let record = machine.records[id] { try self.unit.putLedgerRecord(record) }
        }
    }
}
