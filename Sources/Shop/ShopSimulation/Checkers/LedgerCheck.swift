import Chassis
import Essentials

/// Double entry by itself: every account is what its entries say, every ledger balances, nothing is overdrawn.
struct LedgerCheck {
    let books: ServiceBooks

    init(_ books: ServiceBooks) {
        self.books = books
    }

    func anomalies(isSettled: Bool) -> [Anomaly] {
        self.balances() + self.recount()
    }

    private func balances() -> [Anomaly] {
        var found: [Anomaly] = []
        let ledgers = Dictionary(grouping: self.books.accounts, by: \.ledger)
        for (ledger, accounts) in ledgers.sorted(by: { $0.key < $1.key }) {
            let debits = accounts.reduce(0) { $0 + $1.debitsPosted }
            let credits = accounts.reduce(0) { $0 + $1.creditsPosted }
            let held = accounts.reduce(0) { $0 + $1.debitsPending }
            let awaited = accounts.reduce(0) { $0 + $1.creditsPending }
            if debits != credits || held != awaited {
                found.append(
                    Anomaly(
                        .brokenConservation,
                        "the ledger \(ledger) of \(self.books.service): debits \(debits), credits \(credits), held "
                            + "\(held) and \(awaited)"))
            }
        }
        for account in self.books.accounts where ["shelf", "sold", "wallet", "revenue"].contains(account.code) {
            guard account.balance - account.debitsPending < 0 else { continue }
            found.append(
                Anomaly(
                    .overdraft,
                    "account \(account.code) \(account.id.short) of \(self.books.service) has \(account.balance), of which "
                        + "\(account.debitsPending) are held"))
        }
        return found
    }

    /// All accounts once more from their entries.
    private func recount() -> [Anomaly] {
        var sums: [UniqueID: [Int64]] = [:]
        func add(_ account: UniqueID?, _ column: Int, _ amount: Int64) {
            guard let account else { return }
            sums[account, default: [0, 0, 0, 0]][column] += amount
        }
        for entry in self.books.entries {
            switch entry.kind {
            case "post", "postPending":
                add(entry.debit, 0, entry.amount)
                add(entry.credit, 1, entry.amount)
            case "hold" where entry.state == "pending":
                add(entry.debit, 2, entry.amount)
                add(entry.credit, 3, entry.amount)
            default: break
            }
        }
        return self.books.accounts.compactMap { account in
            let says = [account.debitsPosted, account.creditsPosted, account.debitsPending, account.creditsPending]
            let counted = sums[account.id] ?? [0, 0, 0, 0]
            guard says != counted else { return nil }
            return Anomaly(
                .brokenConservation,
                "account \(account.code) \(account.id.short) of \(self.books.service) says \(says), its entries say \(counted)"
            )
        }
    }
}
