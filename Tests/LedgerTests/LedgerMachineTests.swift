import Essentials
import Ledger
import Testing

struct LedgerMachineTests {
    private let now = Timestamp(milliseconds: 1_000)

    private func id(_ number: UInt64) -> UniqueID { UniqueID(high: 1, low: number) }

    private func machine(
        _ limits: [LedgerAccount.LimitPolicy] = [.none, .none], ledgers: [String] = ["EUR", "EUR"],
    ) -> LedgerMachine {
        var machine = LedgerMachine()
        for (index, limit) in limits.enumerated() {
            machine.add(LedgerAccount(id: self.id(UInt64(index)), ledger: ledgers[index], code: "x", limit: limit))
        }
        return machine
    }

    private func refusal(_ transfer: LedgerTransfer, by machine: LedgerMachine) -> LedgerRefusal.Code? {
        do throws(LedgerRefusal) {
            _ = try machine.decide(transfer, at: self.now)
            return nil
        } catch {
            #expect(error.id == transfer.id)
            return error.code
        }
    }

    private func accept(_ transfer: LedgerTransfer, by machine: inout LedgerMachine) throws {
        guard case .accepted(let change) = try machine.decide(transfer, at: self.now) else {
            Issue.record("\(transfer) was repeated")
            return
        }
        machine.evolve(change)
    }

    @Test(arguments: [0, -1, Int64.min])
    func `an amount that is not positive is refused`(_ amount: Int64) {
        let transfer = LedgerTransfer.posted(self.id(10), debit: self.id(0), credit: self.id(1), amount: amount)
        #expect(self.refusal(transfer, by: self.machine()) == .amountNotPositive)
    }

    @Test(arguments: [Duration.zero, .seconds(-1), .nanoseconds(999)])
    func `a timeout below a microsecond is refused`(_ timeout: Duration) {
        let transfer = LedgerTransfer.pending(
            self.id(10), debit: self.id(0), credit: self.id(1), amount: 1, timeout: timeout)
        #expect(self.refusal(transfer, by: self.machine()) == .timeoutNotPositive)
    }

    @Test func `one account on both sides is refused`() {
        let transfer = LedgerTransfer.posted(self.id(10), debit: self.id(0), credit: self.id(0), amount: 1)
        #expect(self.refusal(transfer, by: self.machine()) == .sameAccount)
    }

    @Test func `an unknown account is refused`() {
        let transfer = LedgerTransfer.posted(self.id(10), debit: self.id(0), credit: self.id(9), amount: 1)
        #expect(self.refusal(transfer, by: self.machine()) == .accountNotFound)
    }

    @Test func `accounts of different ledgers are refused`() {
        let transfer = LedgerTransfer.posted(self.id(10), debit: self.id(0), credit: self.id(1), amount: 1)
        #expect(self.refusal(transfer, by: self.machine(ledgers: ["EUR", "USD"])) == .ledgersDiffer)
    }

    @Test func `sums beyond 64 bits are refused, held ones included`() throws {
        var machine = self.machine()
        try self.accept(
            .posted(self.id(10), debit: self.id(0), credit: self.id(1), amount: .max - 10), by: &machine)
        try self.accept(
            .pending(self.id(11), debit: self.id(0), credit: self.id(1), amount: 10, timeout: nil), by: &machine)
        let one = LedgerTransfer.posted(self.id(12), debit: self.id(0), credit: self.id(1), amount: 1)
        #expect(self.refusal(one, by: machine) == .amountOverflow)
        try self.accept(.postPending(self.id(13), pending: self.id(11)), by: &machine)
        #expect(machine.accounts[self.id(1)]?.balance == .max)
    }

    @Test func `credits must not exceed debits where the account says so`() throws {
        var machine = self.machine([.creditsMustNotExceedDebits, .none])
        try self.accept(.posted(self.id(10), debit: self.id(0), credit: self.id(1), amount: 50), by: &machine)
        let back = LedgerTransfer.posted(self.id(11), debit: self.id(1), credit: self.id(0), amount: 51)
        #expect(self.refusal(back, by: machine) == .exceedsDebits)
        try self.accept(.posted(self.id(12), debit: self.id(1), credit: self.id(0), amount: 50), by: &machine)
    }

    @Test func `a pending credit cannot be spent`() throws {
        var machine = self.machine([.none, .debitsMustNotExceedCredits])
        try self.accept(
            .pending(self.id(10), debit: self.id(0), credit: self.id(1), amount: 50, timeout: nil), by: &machine)
        let spend = LedgerTransfer.posted(self.id(11), debit: self.id(1), credit: self.id(0), amount: 1)
        #expect(self.refusal(spend, by: machine) == .exceedsCredits)
    }

    @Test func `more than is held cannot be posted`() throws {
        var machine = self.machine()
        try self.accept(
            .pending(self.id(10), debit: self.id(0), credit: self.id(1), amount: 50, timeout: nil), by: &machine)
        #expect(
            self.refusal(.postPending(self.id(11), pending: self.id(10), amount: 51), by: machine) == .exceedsPending)
        #expect(
            self.refusal(.postPending(self.id(12), pending: self.id(10), amount: 0), by: machine)
                == .amountNotPositive)
    }

    @Test func `a transfer cannot settle itself`() {
        #expect(self.refusal(.voidPending(self.id(10), pending: self.id(10)), by: self.machine()) == .notPending)
        #expect(self.refusal(.postPending(self.id(10), pending: self.id(10)), by: self.machine()) == .pendingNotFound)
    }

    @Test func `a pending transfer expires at its moment and not before`() throws {
        var machine = self.machine()
        try self.accept(
            .pending(self.id(10), debit: self.id(0), credit: self.id(1), amount: 5, timeout: .seconds(1)),
            by: &machine)
        #expect(machine.expire(self.id(10), at: self.now + .microseconds(999_999)) == nil)
        let change = try #require(machine.expire(self.id(10), at: self.now + .seconds(1)))
        machine.evolve(change)
        #expect(machine.accounts.values.allSatisfy { $0.debitsPending == 0 && $0.creditsPending == 0 })
        #expect(machine.expire(self.id(10), at: self.now + .seconds(2)) == nil)
    }

    @Test func `a refusal says what there is and what was asked`() throws {
        let machine = self.machine([.debitsMustNotExceedCredits, .none])
        let transfer = LedgerTransfer.posted(self.id(10), debit: self.id(0), credit: self.id(1), amount: 7)
        let refusal = #expect(throws: LedgerRefusal.self) { try machine.decide(transfer, at: self.now) }
        #expect(
            refusal?.description
                == "exceedsCredits: 7 EUR is asked of account \(self.id(0)), which has 0")
    }
}
