import Essentials
import Ledger

/// A ledger so simple that it is obviously right: a list of what was posted, a list of what is held, and sums over
/// them. What stores and machine do is compared with it.
struct NaiveLedger {
    struct Account {
        var ledger: String
        var limit: LedgerAccount.LimitPolicy
    }

    struct Hold {
        var movement: LedgerMovement
        var until: Timestamp?
        var end: LedgerRefusal.Code?
    }

    var accounts: [UniqueID: Account] = [:]
    var posted: [LedgerMovement] = []
    var holds: [UniqueID: Hold] = [:]
    var seen: [UniqueID: LedgerTransfer] = [:]
    var tombstones: Set<UniqueID> = []

    struct Sums: Hashable {
        var debitsPosted: Int64 = 0
        var creditsPosted: Int64 = 0
        var debitsPending: Int64 = 0
        var creditsPending: Int64 = 0
    }

    func sums(_ id: UniqueID) -> Sums {
        var sums = Sums()
        for movement in self.posted {
            if movement.debit == id { sums.debitsPosted += movement.amount }
            if movement.credit == id { sums.creditsPosted += movement.amount }
        }
        for hold in self.holds.values where hold.end == nil {
            if hold.movement.debit == id { sums.debitsPending += hold.movement.amount }
            if hold.movement.credit == id { sums.creditsPending += hold.movement.amount }
        }
        return sums
    }

    /// Why the transfer is refused; nil when it is accepted.
    mutating func apply(_ transfer: LedgerTransfer, at now: Timestamp) -> LedgerRefusal.Code? {
        if let first = self.seen[transfer.id] { return first == transfer ? nil : .existsWithDifferentContent }
        if self.tombstones.contains(transfer.id) { return .voidedBefore }
        let refusal: LedgerRefusal.Code?
        switch transfer.action {
        case .post(let movement):
            refusal = self.refusal(of: movement)
            if refusal == nil { self.posted.append(movement) }
        case .hold(let movement, let timeout):
            refusal = timeout.map { $0 <= .zero } == true ? .timeoutNotPositive : self.refusal(of: movement)
            if refusal == nil {
                self.holds[transfer.id] = Hold(movement: movement, until: timeout.map { now + $0 })
            }
        case .postPending(let id, let amount): refusal = self.post(id, amount, by: transfer.id, at: now)
        case .voidPending(let id): refusal = self.void(id, by: transfer.id, at: now)
        }
        if refusal == nil { self.seen[transfer.id] = transfer }
        return refusal
    }

    mutating func expire(at now: Timestamp) -> Set<UniqueID> {
        let due = self.holds.filter { $0.value.end == nil && $0.value.until.map { $0 <= now } == true }.map(\.key)
        for id in due { self.holds[id]?.end = .expired }
        return Set(due)
    }

    private func refusal(of movement: LedgerMovement) -> LedgerRefusal.Code? {
        if movement.amount <= 0 { return .amountNotPositive }
        if movement.debit == movement.credit { return .sameAccount }
        guard let debit = self.accounts[movement.debit], let credit = self.accounts[movement.credit] else {
            return .accountNotFound
        }
        if debit.ledger != credit.ledger { return .ledgersDiffer }
        let taken = self.sums(movement.debit)
        if debit.limit == .debitsMustNotExceedCredits,
            taken.debitsPosted + taken.debitsPending + movement.amount > taken.creditsPosted
        {
            return .exceedsCredits
        }
        let given = self.sums(movement.credit)
        if credit.limit == .creditsMustNotExceedDebits,
            given.creditsPosted + given.creditsPending + movement.amount > given.debitsPosted
        {
            return .exceedsDebits
        }
        return nil
    }

    private mutating func post(
        _ id: UniqueID, _ amount: Int64?, by transfer: UniqueID, at now: Timestamp,
    ) -> LedgerRefusal.Code? {
        if self.tombstones.contains(id) { return .alreadyVoided }
        guard self.seen[id] != nil, id != transfer else { return .pendingNotFound }
        guard let hold = self.holds[id] else { return .notPending }
        if let end = hold.end ?? (hold.until.map { $0 <= now } == true ? .expired : nil) { return end }
        let amount = amount ?? hold.movement.amount
        if amount <= 0 { return .amountNotPositive }
        if amount > hold.movement.amount { return .exceedsPending }
        self.holds[id]?.end = .alreadyPosted
        self.posted.append(
            LedgerMovement(debit: hold.movement.debit, credit: hold.movement.credit, amount: amount))
        return nil
    }

    private mutating func void(_ id: UniqueID, by transfer: UniqueID, at now: Timestamp) -> LedgerRefusal.Code? {
        if id == transfer { return .notPending }
        if self.tombstones.contains(id) { return .alreadyVoided }
        guard self.seen[id] != nil else {
            self.tombstones.insert(id)
            return nil
        }
        guard let hold = self.holds[id] else { return .notPending }
        if let end = hold.end ?? (hold.until.map { $0 <= now } == true ? .expired : nil) { return end }
        self.holds[id]?.end = .alreadyVoided
        return nil
    }
}
