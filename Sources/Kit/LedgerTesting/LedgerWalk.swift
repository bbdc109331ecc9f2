import Essentials
import EssentialsTesting
import EventSourcing
import Ledger
import Testing

/// A random walk: requests of every kind, sensible and not, compared after each step with the naive ledger.
struct LedgerWalk {
    let seed: UInt64
    var steps = 250

    init(seed: UInt64) {
        self.seed = seed
    }

    private static let accounts: [LedgerAccount] = [
        LedgerAccount(id: .test(1), ledger: "EUR", code: "world"),
        LedgerAccount(id: .test(2), ledger: "EUR", code: "customer", limit: .debitsMustNotExceedCredits),
        LedgerAccount(id: .test(3), ledger: "EUR", code: "customer", limit: .debitsMustNotExceedCredits),
        LedgerAccount(id: .test(4), ledger: "EUR", code: "loan", limit: .creditsMustNotExceedDebits),
        LedgerAccount(id: .test(5), ledger: "stock/A", code: "world"),
        LedgerAccount(id: .test(6), ledger: "stock/A", code: "available", limit: .debitsMustNotExceedCredits),
    ]

    func run(on transactor: Transactor<any LedgerUnit>) async throws {
        var generator = SeededGenerator(seed: self.seed)
        var model = NaiveLedger()
        var known: [LedgerTransfer] = []
        var now = Timestamp(milliseconds: 1_000)
        for account in Self.accounts {
            model.accounts[account.id] = .init(ledger: account.ledger, limit: account.limit)
        }
        try await transactor.write { unit in
            for account in Self.accounts { try LedgerBook(in: unit, at: Timestamp(milliseconds: 0)).open(account) }
        }
        for step in 0..<self.steps {
            now = now + .milliseconds(Int64.random(in: 0...400, using: &generator))
            if Int.random(in: 0..<12, using: &generator) == 0 {
                let expired = try await transactor.write { [now] unit in
                    try LedgerBook(in: unit, at: now).expire(limit: 1_000).map(\.id)
                }
                #expect(Set(expired) == model.expire(at: now), "seed \(self.seed), step \(step)")
            } else {
                let transfer = Self.transfer(step, known, &generator)
                known.append(transfer)
                let expected = model.apply(transfer, at: now)
                let actual = await transactor.refusal(of: transfer, at: now)
                #expect(actual == expected, "seed \(self.seed), step \(step): \(transfer)")
            }
            guard try await self.agrees(transactor, model, step: step) else { return }
        }
    }

    private func agrees(
        _ transactor: Transactor<any LedgerUnit>, _ model: NaiveLedger, step: Int,
    ) async throws -> Bool {
        let (accounts, balances) = try await transactor.read { unit in
            (
                try Self.accounts.map { try unit.ledgerAccount($0.id) },
                try ["EUR", "stock/A"].map { try unit.trialBalance(of: $0) }
            )
        }
        var agrees = true
        for (account, template) in zip(accounts, Self.accounts) {
            let sums = account.map { account in
                NaiveLedger.Sums(
                    debitsPosted: account.debitsPosted, creditsPosted: account.creditsPosted,
                    debitsPending: account.debitsPending, creditsPending: account.creditsPending)
            }
            agrees = agrees && sums == model.sums(template.id) && account?.keepsLimit == true
            #expect(sums == model.sums(template.id), "seed \(self.seed), step \(step): \(template.code)")
        }
        let isBalanced = balances.allSatisfy(\.isBalanced)
        #expect(isBalanced, "seed \(self.seed), step \(step): \(balances)")
        return agrees && isBalanced
    }

    private static func transfer(
        _ step: Int, _ known: [LedgerTransfer], _ generator: inout SeededGenerator,
    ) -> LedgerTransfer {
        if let old = known.randomElement(using: &generator), Int.random(in: 0..<12, using: &generator) == 0 {
            return old
        }
        let late = Int.random(in: 0..<15, using: &generator) == 0
        let id = UniqueID.test(1_000 + UInt64(late ? step + 3 : step))
        let account = { (generator: inout SeededGenerator) in UniqueID.test(.random(in: 1...7, using: &generator)) }
        let movement = LedgerMovement(
            debit: Int.random(in: 0..<3, using: &generator) == 0 ? .test(1) : account(&generator),
            credit: account(&generator), amount: .random(in: -1...40, using: &generator))
        var pending = UniqueID.test(1_000 + UInt64.random(in: 0...UInt64(step + 2), using: &generator))
        if Int.random(in: 0..<4, using: &generator) > 0 {
            // Mostly something that could be pending still.
            let holds = known.suffix(20).filter { if case .hold = $0.action { true } else { false } }
            pending = holds.randomElement(using: &generator)?.id ?? pending
        }
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<3: return LedgerTransfer(id: id, action: .post(movement))
        case 3..<6:
            let timeout = Duration.milliseconds(Int64.random(in: -50...3_000, using: &generator))
            return LedgerTransfer(
                id: id, action: .hold(movement, timeout: Bool.random(using: &generator) ? timeout : nil))
        case 6..<8:
            let amount = Bool.random(using: &generator) ? Int64.random(in: -1...30, using: &generator) : nil
            return .postPending(id, pending: pending, amount: amount)
        default: return .voidPending(id, pending: pending)
        }
    }
}

extension Transactor where Unit == any LedgerUnit {
    /// Why the ledger refuses a transfer; nil when it accepts it.
    func refusal(of transfer: LedgerTransfer, at now: Timestamp) async -> LedgerRefusal.Code? {
        do {
            try await self.write { unit in _ = try LedgerBook(in: unit, at: now).transfer(transfer) }
            return nil
        } catch let refusal as LedgerRefusal {
            return refusal.code
        } catch {
            Issue.record(error)
            return nil
        }
    }

    /// Runs `body` on the book of a transaction at so many milliseconds.
    @discardableResult
    func book<Value: Sendable>(
        _ milliseconds: Int64 = 0, _ body: @escaping @Sendable (LedgerBook) throws -> Value,
    ) async throws -> Value {
        try await self.write { try body(LedgerBook(in: $0, at: Timestamp(milliseconds: milliseconds))) }
    }
}

extension UniqueID {
    static func test(_ number: UInt64) -> UniqueID { UniqueID(high: 0x7000, low: number) }
}
