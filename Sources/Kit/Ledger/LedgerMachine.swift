public import Essentials

/// What an accepted request changes.
public struct LedgerChange: Hashable, Sendable {
    /// The entry of the request.
    public var entry: LedgerEntry
    /// The accounts as they are afterwards.
    public var accounts: [LedgerAccount]
    /// The pending transfer or the tombstone as it is afterwards, where the request was about one.
    public var settled: LedgerRecord?
}

/// The rules of double entry as a value: accounts and what has happened, and for each request the answer.
///
/// `decide` reads, `evolve` writes. Holding every account and record it is a whole ledger; ``LedgerBook`` fills it with
/// just those that a request names.
public struct LedgerMachine: Hashable, Sendable {
    public enum Decision: Hashable, Sendable {
        /// The request has been accepted before; this is its entry as it is now.
        case repeated(LedgerEntry)
        case accepted(LedgerChange)
    }

    public private(set) var accounts: [UniqueID: LedgerAccount] = [:]
    public private(set) var records: [UniqueID: LedgerRecord] = [:]

    public init() {}

    public mutating func add(_ account: LedgerAccount) { self.accounts[account.id] = account }
    public mutating func add(_ record: LedgerRecord) { self.records[record.id] = record }

    /// The answer to a request at `now`.
    public func decide(_ transfer: LedgerTransfer, at now: Timestamp) throws(LedgerRefusal) -> Decision {
        switch self.records[transfer.id] {
        case .entry(let entry):
            guard entry.transfer == transfer else {
                throw LedgerRefusal(
                    .existsWithDifferentContent, transfer.id, "transfer \(transfer.id) exists with different content")
            }
            return .repeated(entry)
        case .tombstone(_, let void, _):
            throw LedgerRefusal(
                .voidedBefore, transfer.id, "transfer \(transfer.id) was voided by \(void) before it arrived")
        case nil: break
        }
        switch transfer.action {
        case .post(let movement):
            return .accepted(try self.move(movement, for: transfer, state: .settled, at: now))
        case .hold(let movement, let timeout):
            if let timeout, timeout <= .zero {
                throw LedgerRefusal(
                    .timeoutNotPositive, transfer.id, "transfer \(transfer.id) asks for a timeout of \(timeout)")
            }
            let state = LedgerEntry.State.pending(until: timeout.map { now + $0 })
            return .accepted(try self.move(movement, for: transfer, state: state, at: now))
        case .postPending(let id, let amount):
            return .accepted(try self.postPending(id, amount: amount, for: transfer, at: now))
        case .voidPending(let id):
            return .accepted(try self.voidPending(id, for: transfer, at: now))
        }
    }

    /// What the end of a pending transfer's time changes; nil when it is not pending or has time left.
    public func expire(_ id: UniqueID, at now: Timestamp) -> LedgerChange? {
        guard case .entry(var entry) = self.records[id], case .pending(let until?) = entry.state, until <= now else {
            return nil
        }
        let accounts = self.release(entry)
        entry.state = .expired
        return LedgerChange(entry: entry, accounts: accounts, settled: nil)
    }

    /// Makes a decided change.
    public mutating func evolve(_ change: LedgerChange) {
        self.add(.entry(change.entry))
        for account in change.accounts { self.add(account) }
        if let settled = change.settled { self.add(settled) }
    }

    // MARK: The four actions

    private func move(
        _ movement: LedgerMovement, for transfer: LedgerTransfer, state: LedgerEntry.State, at now: Timestamp,
    ) throws(LedgerRefusal) -> LedgerChange {
        var (debit, credit) = try self.sides(of: movement, for: transfer)
        try Self.admit(movement.amount, from: debit, to: credit, for: transfer)
        switch state {
        case .pending:
            debit.debitsPending += movement.amount
            credit.creditsPending += movement.amount
        case .settled, .posted, .voided, .expired:
            debit.debitsPosted += movement.amount
            credit.creditsPosted += movement.amount
        }
        return Self.change(transfer, movement, state: state, at: now, debit: debit, credit: credit, settled: nil)
    }

    private func postPending(
        _ id: UniqueID, amount: Int64?, for transfer: LedgerTransfer, at now: Timestamp,
    ) throws(LedgerRefusal) -> LedgerChange {
        guard let record = self.records[id], id != transfer.id else {
            throw LedgerRefusal(.pendingNotFound, transfer.id, "there is no pending transfer \(id) to post")
        }
        var (pending, held) = try self.open(record, for: transfer, at: now)
        let posted = amount ?? held.amount
        guard posted > 0 else { throw Self.notPositive(posted, transfer) }
        guard posted <= held.amount else {
            throw LedgerRefusal(
                .exceedsPending, transfer.id, "\(posted) is asked of transfer \(id), which holds \(held.amount)",
                available: held.amount, asked: posted)
        }
        var accounts = self.release(pending)
        accounts[0].debitsPosted += posted
        accounts[1].creditsPosted += posted
        pending.state = .posted(by: transfer.id, amount: posted)
        #if PlantedFaults
            if PlantedFault.postHoldTwice.isPlanted {
                accounts[0].debitsPosted += posted
                accounts[1].creditsPosted += posted
            }
        #endif
        let movement = LedgerMovement(debit: held.debit, credit: held.credit, amount: posted)
        return Self.change(
            transfer, movement, state: .settled, at: now, debit: accounts[0], credit: accounts[1],
            settled: .entry(pending))
    }

    private func voidPending(
        _ id: UniqueID, for transfer: LedgerTransfer, at now: Timestamp,
    ) throws(LedgerRefusal) -> LedgerChange {
        guard id != transfer.id else {
            throw LedgerRefusal(.notPending, transfer.id, "transfer \(id) cannot void itself")
        }
        guard let record = self.records[id] else {
            let entry = LedgerEntry(
                transfer: transfer, ledger: nil, movement: nil, state: .settled, timestamp: now, debitNumber: 0,
                creditNumber: 0)
            #if PlantedFaults
                if PlantedFault.ignoreVoidTombstone.isPlanted {
                    return LedgerChange(entry: entry, accounts: [], settled: nil)
                }
            #endif
            return LedgerChange(
                entry: entry, accounts: [], settled: .tombstone(id: id, by: transfer.id, timestamp: now))
        }
        var (pending, held) = try self.open(record, for: transfer, at: now)
        let accounts = self.release(pending)
        pending.state = .voided(by: transfer.id)
        return Self.change(
            transfer, held, state: .settled, at: now, debit: accounts[0], credit: accounts[1], settled: .entry(pending))
    }

    // MARK: Rules

    /// The two accounts of a movement that could be made if the accounts' limits allow it.
    private func sides(
        of movement: LedgerMovement, for transfer: LedgerTransfer,
    ) throws(LedgerRefusal) -> (LedgerAccount, LedgerAccount) {
        guard movement.amount > 0 else { throw Self.notPositive(movement.amount, transfer) }
        guard movement.debit != movement.credit else {
            throw LedgerRefusal(
                .sameAccount, transfer.id, "transfer \(transfer.id) names account \(movement.debit) on both sides")
        }
        let debit = try self.account(movement.debit, for: transfer)
        let credit = try self.account(movement.credit, for: transfer)
        guard debit.ledger == credit.ledger else {
            throw LedgerRefusal(
                .ledgersDiffer, transfer.id,
                "account \(debit.id) counts \(debit.ledger), account \(credit.id) counts \(credit.ledger)")
        }
        return (debit, credit)
    }

    private func account(_ id: UniqueID, for transfer: LedgerTransfer) throws(LedgerRefusal) -> LedgerAccount {
        guard let account = self.accounts[id] else {
            throw LedgerRefusal(.accountNotFound, transfer.id, "there is no account \(id)", account: id)
        }
        return account
    }

    private static func admit(
        _ amount: Int64, from debit: LedgerAccount, to credit: LedgerAccount, for transfer: LedgerTransfer,
    ) throws(LedgerRefusal) {
        if debit.limit == .debitsMustNotExceedCredits, amount > debit.availableToDebit {
            throw LedgerRefusal(
                .exceedsCredits, transfer.id,
                "\(amount) \(debit.ledger) is asked of account \(debit.id), which has \(debit.availableToDebit)",
                account: debit.id, available: debit.availableToDebit, asked: amount)
        }
        if credit.limit == .creditsMustNotExceedDebits, amount > credit.availableToCredit {
            throw LedgerRefusal(
                .exceedsDebits, transfer.id,
                "\(amount) \(credit.ledger) goes to account \(credit.id), which can take \(credit.availableToCredit)",
                account: credit.id, available: credit.availableToCredit, asked: amount)
        }
        // Posting what is held must never fail, so held and posted together have to fit.
        guard Self.fits(debit.debitsPosted, debit.debitsPending, amount),
            Self.fits(credit.creditsPosted, credit.creditsPending, amount)
        else {
            throw LedgerRefusal(
                .amountOverflow, transfer.id, "the sums of transfer \(transfer.id) do not fit into 64 bits",
                asked: amount)
        }
    }

    private static func fits(_ posted: Int64, _ pending: Int64, _ amount: Int64) -> Bool {
        let (held, overflow) = posted.addingReportingOverflow(pending)
        return !overflow && !held.addingReportingOverflow(amount).overflow
    }

    /// The transfer under `record`, which must still hold its amount at `now`.
    private func open(
        _ record: LedgerRecord, for transfer: LedgerTransfer, at now: Timestamp,
    ) throws(LedgerRefusal) -> (LedgerEntry, LedgerMovement) {
        guard case .entry(let entry) = record else {
            throw LedgerRefusal(.alreadyVoided, transfer.id, "transfer \(record.id) was voided before it arrived")
        }
        switch entry.state {
        case .settled:
            throw LedgerRefusal(.notPending, transfer.id, "transfer \(entry.id) holds nothing: it is not a pending one")
        case .posted(let by, let amount):
            throw LedgerRefusal(
                .alreadyPosted, transfer.id, "transfer \(entry.id) was posted with \(amount) by \(by)")
        case .voided(let by):
            throw LedgerRefusal(.alreadyVoided, transfer.id, "transfer \(entry.id) was voided by \(by)")
        case .expired:
            throw LedgerRefusal(.expired, transfer.id, "transfer \(entry.id) has expired")
        case .pending(let until):
            if let until, until <= now {
                throw LedgerRefusal(.expired, transfer.id, "transfer \(entry.id) expired at \(until)")
            }
        }
        guard let movement = entry.movement else {
            preconditionFailure("a pending transfer always has a movement")
        }
        return (entry, movement)
    }

    /// The debited and the credited account of a pending transfer without what it holds.
    private func release(_ pending: LedgerEntry) -> [LedgerAccount] {
        guard let held = pending.movement, var debit = self.accounts[held.debit],
            var credit = self.accounts[held.credit]
        else { preconditionFailure("the accounts of pending transfer \(pending.id) were not loaded") }
        debit.debitsPending -= held.amount
        credit.creditsPending -= held.amount
        assert(debit.debitsPending >= 0 && credit.creditsPending >= 0, "more was held than was pending")
        return [debit, credit]
    }

    private static func change(
        _ transfer: LedgerTransfer, _ movement: LedgerMovement, state: LedgerEntry.State, at now: Timestamp,
        debit: LedgerAccount, credit: LedgerAccount, settled: LedgerRecord?,
    ) -> LedgerChange {
        var (debit, credit) = (debit, credit)
        debit.entryCount += 1
        credit.entryCount += 1
        let entry = LedgerEntry(
            transfer: transfer, ledger: debit.ledger, movement: movement, state: state, timestamp: now,
            debitNumber: debit.entryCount, creditNumber: credit.entryCount)
        return LedgerChange(entry: entry, accounts: [debit, credit], settled: settled)
    }

    private static func notPositive(_ amount: Int64, _ transfer: LedgerTransfer) -> LedgerRefusal {
        LedgerRefusal(.amountNotPositive, transfer.id, "an amount must be above 0, not \(amount)", asked: amount)
    }
}
