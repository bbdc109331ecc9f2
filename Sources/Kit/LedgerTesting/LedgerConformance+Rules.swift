import Essentials
import EventSourcing
import Ledger
import Testing

private let world = LedgerAccount(id: .test(1), ledger: "EUR", code: "world")
private let customer = LedgerAccount(
    id: .test(2), ledger: "EUR", code: "customer", limit: .debitsMustNotExceedCredits)
private let shop = LedgerAccount(id: .test(3), ledger: "EUR", code: "shop")

extension LedgerConformance {
    /// Opens world, customer and shop and gives the customer 100.
    private static func prepare(_ transactor: Transactor<any LedgerUnit>) async throws {
        try await transactor.book { book in
            for account in [world, customer, shop] { try book.open(account) }
            try book.transfer(.posted(.test(10), debit: world.id, credit: customer.id, amount: 100))
        }
    }

    static func checkOpening(_ transactor: Transactor<any LedgerUnit>) async throws {
        try await self.prepare(transactor)
        let again = try await transactor.book { try $0.open(customer) }
        #expect(again.balance == 100, "opening again must not touch what is there")
        let other = LedgerAccount(id: customer.id, ledger: "USD", code: "customer", limit: customer.limit)
        let refusal = await #expect(throws: LedgerRefusal.self) { try await transactor.book { try $0.open(other) } }
        #expect(refusal?.code == .accountExistsWithDifferentContent)
        #expect(try await transactor.book { try $0.account(.test(99)) } == nil)
    }

    static func checkReadingBack(_ transactor: Transactor<any LedgerUnit>) async throws {
        try await self.prepare(transactor)
        let transfers: [LedgerTransfer] = [
            .posted(.test(20), debit: customer.id, credit: shop.id, amount: 1, code: "a"),
            .pending(.test(21), debit: customer.id, credit: shop.id, amount: 2, timeout: .seconds(5)),
            .pending(.test(22), debit: customer.id, credit: shop.id, amount: 3, timeout: nil),
            .pending(.test(23), debit: customer.id, credit: shop.id, amount: 4, timeout: .milliseconds(1)),
            .pending(.test(24), debit: customer.id, credit: shop.id, amount: 5, timeout: .seconds(5)),
            .postPending(.test(25), pending: .test(21), amount: 1),
            .postPending(.test(26), pending: .test(22)),
            .voidPending(.test(27), pending: .test(24)),
            .voidPending(.test(28), pending: .test(29)),
        ]
        let written = try await transactor.book { try $0.transferAll(transfers) }
        try await transactor.book(1) { _ = try $0.expire() }
        var read = try await transactor.book { book in try transfers.map { try book.entry($0.id) } }
        #expect(read.map { $0?.transfer } == transfers)
        #expect(read.map { $0?.debitNumber } == written.map(\.debitNumber))
        #expect(read[0] == written[0] && read[5] == written[5] && read[8] == written[8])
        #expect(read[1]?.state == .posted(by: .test(25), amount: 1))
        #expect(read[2]?.state == .posted(by: .test(26), amount: 3))
        #expect(read[3]?.state == .expired)
        #expect(read[4]?.state == .voided(by: .test(27)))
        #expect(read[8]?.movement == nil && read[8]?.ledger == nil)
        let tombstone = LedgerRecord.tombstone(id: .test(29), by: .test(28), timestamp: Timestamp(milliseconds: 0))
        #expect(try await transactor.book { try $0.record(.test(29)) } == tombstone)
        read = try await transactor.book { book in try transfers.map { try book.transfer($0) } }
        #expect(read[3]?.state == .expired, "a repeated request gives the entry as it is now")
    }

    static func checkRepeating(_ transactor: Transactor<any LedgerUnit>) async throws {
        try await self.prepare(transactor)
        let transfer = LedgerTransfer.posted(.test(20), debit: customer.id, credit: shop.id, amount: 60)
        let first = try await transactor.book(1) { try $0.transfer(transfer) }
        let second = try await transactor.book(2) { try $0.transfer(transfer) }
        #expect(first == second)
        #expect(try await transactor.book { try $0.balance(of: customer.id) } == 40)
        let others: [LedgerTransfer] = [
            .posted(.test(20), debit: customer.id, credit: shop.id, amount: 61),
            .posted(.test(20), debit: customer.id, credit: shop.id, amount: 60, code: "other"),
            .posted(.test(20), debit: customer.id, credit: world.id, amount: 60),
            .pending(.test(20), debit: customer.id, credit: shop.id, amount: 60, timeout: nil),
        ]
        for other in others {
            #expect(await transactor.refusal(of: other, at: first.timestamp) == .existsWithDifferentContent)
        }
    }

    static func checkLimits(_ transactor: Transactor<any LedgerUnit>) async throws {
        try await self.prepare(transactor)
        try await transactor.book {
            _ = try $0.transfer(
                .pending(.test(20), debit: customer.id, credit: shop.id, amount: 70, timeout: nil))
        }
        let refusal = await #expect(throws: LedgerRefusal.self) {
            try await transactor.book {
                _ = try $0.transfer(.posted(.test(21), debit: customer.id, credit: shop.id, amount: 31))
            }
        }
        #expect(refusal?.code == .exceedsCredits)
        #expect(refusal?.available == 30 && refusal?.asked == 31 && refusal?.account == customer.id)
        #expect(
            await transactor.refusal(
                of: .posted(.test(22), debit: customer.id, credit: shop.id, amount: 30),
                at: Timestamp(milliseconds: 0)) == nil)
        #expect(try await transactor.book { try $0.account(customer.id) }?.availableToDebit == 0)
    }

    static func checkSettling(_ transactor: Transactor<any LedgerUnit>) async throws {
        try await self.prepare(transactor)
        try await transactor.book { book in
            for id in UInt64(20)...22 {
                try book.transfer(
                    .pending(.test(id), debit: customer.id, credit: shop.id, amount: 10, timeout: .seconds(1)))
            }
            try book.transfer(.postPending(.test(30), pending: .test(20), amount: 4))
            try book.transfer(.voidPending(.test(31), pending: .test(21)))
        }
        let account = try await transactor.book { try $0.account(customer.id) }
        #expect(account?.debitsPosted == 4 && account?.debitsPending == 10, "the rest of a posting is let go")
        let late = Timestamp(milliseconds: 1_000)
        let refusals: [(LedgerTransfer, LedgerRefusal.Code)] = [
            (.postPending(.test(40), pending: .test(20)), .alreadyPosted),
            (.voidPending(.test(41), pending: .test(20)), .alreadyPosted),
            (.postPending(.test(42), pending: .test(21)), .alreadyVoided),
            (.voidPending(.test(43), pending: .test(21)), .alreadyVoided),
            (.postPending(.test(44), pending: .test(22)), .expired),
            (.voidPending(.test(45), pending: .test(22)), .expired),
            (.postPending(.test(46), pending: .test(10)), .notPending),
            (.voidPending(.test(47), pending: .test(10)), .notPending),
            (.postPending(.test(48), pending: .test(99)), .pendingNotFound),
        ]
        for (transfer, code) in refusals { #expect(await transactor.refusal(of: transfer, at: late) == code) }
        try await transactor.book(1_000) { _ = try $0.expire() }
        #expect(await transactor.refusal(of: .postPending(.test(49), pending: .test(22)), at: late) == .expired)
        #expect(try await transactor.book { try $0.account(customer.id) }?.debitsPending == 0)
    }

    static func checkExpiry(_ transactor: Transactor<any LedgerUnit>) async throws {
        try await self.prepare(transactor)
        try await transactor.book { book throws in
            #expect(try book.nextExpiry() == nil)
            for id in UInt64(20)...25 {
                let timeout = Duration.milliseconds(Int64(126 - id) / (id == 25 ? 1_000 : 1) + 1)
                try book.transfer(
                    .pending(.test(id), debit: customer.id, credit: shop.id, amount: 1, timeout: timeout))
            }
            try book.transfer(.pending(.test(30), debit: customer.id, credit: shop.id, amount: 1, timeout: nil))
        }
        #expect(try await transactor.book { try $0.nextExpiry() } == Timestamp(milliseconds: 1))
        #expect(try await transactor.book { try $0.expire() }.isEmpty)
        let first = try await transactor.book(200) { try $0.expire(limit: 3) }
        #expect(first.map(\.id) == [.test(25), .test(24), .test(23)])
        #expect(first.allSatisfy { $0.state == .expired })
        let second = try await transactor.book(200) { try $0.expire(limit: 4) }
        #expect(second.map(\.id) == [.test(22), .test(21), .test(20)])
        #expect(try await transactor.book(200) { try $0.expire() }.isEmpty)
        #expect(try await transactor.book { try $0.nextExpiry() } == nil)
        #expect(try await transactor.book { try $0.account(customer.id) }?.debitsPending == 1)
    }

    static func checkTombstones(_ transactor: Transactor<any LedgerUnit>) async throws {
        try await self.prepare(transactor)
        let void = LedgerTransfer.voidPending(.test(20), pending: .test(21))
        let first = try await transactor.book { try $0.transfer(void) }
        #expect(try await transactor.book { try $0.transfer(void) } == first)
        let now = Timestamp(milliseconds: 0)
        let late = LedgerTransfer.pending(.test(21), debit: customer.id, credit: shop.id, amount: 1, timeout: nil)
        #expect(await transactor.refusal(of: late, at: now) == .voidedBefore)
        let posted = LedgerTransfer.posted(.test(21), debit: customer.id, credit: shop.id, amount: 1)
        #expect(await transactor.refusal(of: posted, at: now) == .voidedBefore)
        let other = LedgerTransfer.voidPending(.test(22), pending: .test(21))
        #expect(await transactor.refusal(of: other, at: now) == .alreadyVoided)
        #expect(
            await transactor.refusal(of: .postPending(.test(23), pending: .test(21)), at: now) == .alreadyVoided)
        #expect(try await transactor.book { try $0.account(customer.id) }?.debitsPending == 0)
    }

    static func checkBatches(_ transactor: Transactor<any LedgerUnit>) async throws {
        try await self.prepare(transactor)
        let fits = LedgerTransfer.posted(.test(20), debit: customer.id, credit: shop.id, amount: 60)
        let tooMuch = LedgerTransfer.posted(.test(21), debit: customer.id, credit: shop.id, amount: 41)
        let refusal = try await transactor.book { book -> LedgerRefusal? in
            do {
                try book.transferAll([fits, tooMuch])
                return nil
            } catch let refusal as LedgerRefusal { return refusal }
        }
        #expect(refusal?.id == tooMuch.id && refusal?.available == 40, "the second sees the first")
        #expect(try await transactor.book { try $0.entry(fits.id) } == nil)
        #expect(try await transactor.book { try $0.balance(of: customer.id) } == 100)
        let chain: [LedgerTransfer] = [
            .pending(.test(30), debit: customer.id, credit: shop.id, amount: 60, timeout: nil),
            .postPending(.test(31), pending: .test(30)),
            .posted(.test(32), debit: shop.id, credit: customer.id, amount: 60),
            .posted(.test(33), debit: customer.id, credit: shop.id, amount: 100),
        ]
        let entries = try await transactor.book { try $0.transferAll(chain) }
        #expect(entries.map(\.id) == chain.map(\.id))
        #expect(entries[0].state == .posted(by: .test(31), amount: 60))
        #expect(try await transactor.book { try $0.balance(of: shop.id) } == 100)
    }

    static func checkRollback(_ transactor: Transactor<any LedgerUnit>) async throws {
        struct Failure: Error {}
        try await self.prepare(transactor)
        await #expect(throws: Failure.self) {
            try await transactor.book { book in
                try book.open(LedgerAccount(id: .test(50), ledger: "EUR", code: "new"))
                try book.transfer(.posted(.test(20), debit: customer.id, credit: shop.id, amount: 60))
                throw Failure()
            }
        }
        try await transactor.book { book throws in
            #expect(try book.account(.test(50)) == nil)
            #expect(try book.record(.test(20)) == nil)
            #expect(try book.balance(of: customer.id) == 100)
            #expect(try book.history(of: customer.id).count == 1)
        }
    }

    static func checkHistory(_ transactor: Transactor<any LedgerUnit>) async throws {
        try await self.prepare(transactor)
        try await transactor.book { book in
            for step in UInt64(0)..<6 {
                let there = step % 2 == 0
                try book.transfer(
                    .posted(
                        .test(20 + step), debit: there ? customer.id : shop.id, credit: there ? shop.id : customer.id,
                        amount: 1))
            }
        }
        var ids: [UniqueID] = []
        var after: Int64 = 0
        while true {
            let page = try await transactor.book { [after] in
                try $0.history(of: customer.id, after: after, limit: 3)
            }
            guard let last = page.last else { break }
            #expect(page.count <= 3)
            ids += page.map(\.id)
            after = last.number(in: customer.id) ?? .max
        }
        #expect(ids == [.test(10)] + (UInt64(20)..<26).map { .test($0) })
        #expect(try await transactor.book { try $0.history(of: .test(99)) }.isEmpty)
    }

    static func checkTrialBalance(_ transactor: Transactor<any LedgerUnit>) async throws {
        try await self.prepare(transactor)
        try await transactor.book { book in
            try book.open(LedgerAccount(id: .test(5), ledger: "stock/A", code: "world"))
            try book.open(LedgerAccount(id: .test(6), ledger: "stock/A", code: "available"))
            try book.transfer(.posted(.test(20), debit: .test(5), credit: .test(6), amount: 7))
            try book.transfer(.pending(.test(21), debit: customer.id, credit: shop.id, amount: 9, timeout: nil))
        }
        try await transactor.book { book throws in
            #expect(
                try book.trialBalance(of: "EUR")
                    == TrialBalance(
                        ledger: "EUR", accounts: 3, debitsPosted: 100, creditsPosted: 100, debitsPending: 9,
                        creditsPending: 9, openTransfers: 9))
            #expect(try book.trialBalance(of: "EUR").isBalanced)
            #expect(
                try book.trialBalance(of: "stock/A")
                    == TrialBalance(ledger: "stock/A", accounts: 2, debitsPosted: 7, creditsPosted: 7))
            #expect(try book.trialBalance(of: "nothing") == TrialBalance(ledger: "nothing"))
        }
    }

    static func checkListing(_ transactor: Transactor<any LedgerUnit>) async throws {
        try await self.prepare(transactor)
        try await transactor.book { _ = try $0.open(LedgerAccount(id: .test(4), ledger: "AAA", code: "x")) }
        try await transactor.read { unit throws in
            #expect(try unit.ledgers(after: nil, limit: 10) == ["AAA", "EUR"])
            #expect(try unit.ledgers(after: "AAA", limit: 10) == ["EUR"])
            #expect(try unit.ledgers(after: nil, limit: 1) == ["AAA"])
            let first = try unit.ledgerAccounts(of: "EUR", after: nil, limit: 2)
            #expect(first.map(\.id) == [world.id, customer.id])
            #expect(try unit.ledgerAccounts(of: "EUR", after: customer.id, limit: 2).map(\.id) == [shop.id])
        }
    }

    static func checkReadOnly(_ transactor: Transactor<any LedgerUnit>) async throws {
        try await self.prepare(transactor)
        let error = await #expect(throws: EventStoreError.self) {
            try await transactor.read { unit in
                _ = try LedgerBook(in: unit, at: Timestamp(milliseconds: 0))
                    .transfer(.posted(.test(20), debit: customer.id, credit: shop.id, amount: 1))
            }
        }
        #expect(error?.code == .readOnly)
    }

    static func checkParallelBuyers(_ transactor: Transactor<any LedgerUnit>) async throws {
        let available = LedgerAccount(
            id: .test(2), ledger: "stock/A", code: "available", limit: .debitsMustNotExceedCredits)
        try await transactor.book { book in
            try book.open(LedgerAccount(id: .test(1), ledger: "stock/A", code: "world"))
            try book.open(available)
            try book.open(LedgerAccount(id: .test(3), ledger: "stock/A", code: "sold"))
            try book.transfer(.posted(.test(10), debit: .test(1), credit: .test(2), amount: 100))
        }
        let sold = await withTaskGroup(of: Bool.self) { group in
            for buyer in UInt64(0)..<200 {
                group.addTask {
                    let transfer = LedgerTransfer.pending(
                        .test(1_000 + buyer), debit: .test(2), credit: .test(3), amount: 1, timeout: nil)
                    guard await transactor.refusal(of: transfer, at: Timestamp(milliseconds: 0)) == nil else {
                        return false
                    }
                    let post = LedgerTransfer.postPending(.test(2_000 + buyer), pending: transfer.id)
                    return await transactor.refusal(of: post, at: Timestamp(milliseconds: 0)) == nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(sold == 100)
        #expect(try await transactor.book { try $0.account(.test(2)) }?.availableToDebit == 0)
        #expect(try await transactor.book { try $0.trialBalance(of: "stock/A") }.isBalanced)
    }
}
