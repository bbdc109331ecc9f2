import Essentials
import EventSourcing
import Ledger
import LedgerTesting
import Testing

private func holdAndCapture(
    _ transactor: Transactor<any LedgerUnit>, now: Timestamp, customer: UniqueID, shop: UniqueID, hold: UniqueID,
    capture: UniqueID, authorised: NewEvent, stream: StreamID, version: StreamVersion,
) async throws {
    // snippet Docs/Ledger.md
    try await transactor.write { unit in
        let book = LedgerBook(in: unit, at: now)
        try book.open(LedgerAccount(id: customer, ledger: "EUR", code: "customer", limit: .debitsMustNotExceedCredits))
        try book.transfer(.pending(hold, debit: customer, credit: shop, amount: 1_250, timeout: .seconds(900)))
        try unit.append([authorised], to: stream, expecting: .exactly(version))
    }
    // later
    try await transactor.write { unit in
        let book = LedgerBook(in: unit, at: now)
        try book.transfer(.postPending(capture, pending: hold))
    }
    // end
}

struct LedgerSnippets {
    // snippet Docs/Ledger.md
    @Test(arguments: LedgerConformance.allCases)
    func `the ledger keeps the rule`(_ rule: LedgerConformance) async throws {
        try await rule.check { MyStore.fresh().transactor.map { $0 } }
    }
    // end
}
