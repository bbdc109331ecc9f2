import Chassis
import Essentials
import ShopContracts

/// Money: the provider's book, our log, our ledger, orders, deposits and transfers must tell the same story.
struct MoneyCheck {
    let books: Books
    let claims: Claims
    let orders: [UniqueID: OrderStory]
    let isSettled: Bool
    private(set) var found: [Anomaly] = []
    private var requests: [UniqueID: Fact] = [:]
    private var statuses: [UniqueID: String] = [:]
    private var trails: [UniqueID: [String]] = [:]

    init(_ books: Books, _ claims: Claims, _ orders: [UniqueID: OrderStory], isSettled: Bool) {
        self.books = books
        self.claims = claims
        self.orders = orders
        self.isSettled = isSettled
    }

    mutating func run() -> [Anomaly] {
        self.readPayments()
        self.found += LedgerCheck(self.books[.payments]).anomalies(isSettled: self.isSettled)
        self.charges()
        self.deposits()
        if self.isSettled {
            self.agreement()
            self.movements()
            self.ordersPaid()
            self.totals()
        }
        return self.found
    }

    private mutating func report(_ kind: AnomalyKind, _ what: String, _ excerpt: [String] = []) {
        self.found.append(Anomaly(kind, what, excerpt: excerpt))
    }

    private mutating func readPayments() {
        let names = [
            "PaymentRequested": "requested", "PaymentAuthorized": "authorized", "PaymentDeclined": "declined",
            "PaymentOutcomeUnknown": "unknown", "PaymentCaptured": "captured", "PaymentVoided": "voided",
            "PaymentRefunded": "refunded",
        ]
        for fact in self.books[.payments].facts(of: "payment") {
            if fact.type == "PaymentRequested" { self.requests[fact.aggregate] = fact }
            self.statuses[fact.aggregate] = names[fact.type]
            self.trails[fact.aggregate, default: []].append(fact.line)
        }
    }

    private func trail(_ payment: UniqueID) -> [String] { Array((self.trails[payment] ?? []).suffix(6)) }

    /// At every instant: nobody is charged twice.
    private mutating func charges() {
        var captured: [UniqueID: [UniqueID]] = [:]
        for (payment, charge) in self.books.outside.charges.sorted(by: { $0.key < $1.key }) {
            if charge.captures > 1 || charge.refunds > 1 {
                self.report(
                    .duplicateEffect,
                    "payment \(payment.short) was taken \(charge.captures) times and given back \(charge.refunds) times",
                    self.trail(payment))
            }
            if charge.status == "captured", let order = self.requests[payment]?.id("orderId") {
                captured[order, default: []].append(payment)
            }
        }
        for order in captured.keys.sorted() where captured[order, default: []].count > 1 {
            let payments = captured[order, default: []]
            self.report(
                .duplicateEffect, "order \(order.short) is charged \(payments.count) times",
                payments.flatMap { self.trail($0) })
        }
    }

    private mutating func deposits() {
        for (intent, ids, promises) in self.claims.intents(.deposit) {
            if ids.count > 1 { self.report(.duplicateEffect, "the key \(intent) led to \(ids.count) deposits") }
            for promise in promises where promise.isAcknowledged {
                guard let id = promise.id else { continue }
                guard let request = self.requests[id] else {
                    self.report(.lostUpdate, "the acknowledged deposit \(id.short) is in no log")
                    continue
                }
                if request.minor("amount") != promise.amount || request.id("accountId") != promise.to {
                    self.report(.lostUpdate, "deposit \(id.short) is not what was asked for", self.trail(id))
                }
            }
        }
    }

    /// The provider and we agree on every payment.
    private mutating func agreement() {
        for (payment, ours) in self.statuses.sorted(by: { $0.key < $1.key }) {
            let charge = self.books.outside.charges[payment]
            let theirs = charge?.status ?? "nothing"
            // A wish that was taken back before it was ever asked for is nothing at both ends.
            if ours == theirs || (ours == "voided" && charge == nil) { continue }
            self.report(
                .disagreement, "payment \(payment.short) is \(ours) with us and \(theirs) at the provider",
                self.trail(payment))
        }
        for (payment, charge) in self.books.outside.charges.sorted(by: { $0.key < $1.key }) {
            if self.statuses[payment] == nil, charge.status != "voided" {
                self.report(.phantom, "the provider knows payment \(payment.short) (\(charge.status)), we do not")
            }
            if charge.captures > 0, charge.amount != self.requests[payment]?.minor("amount") {
                self.report(
                    .brokenConservation, "payment \(payment.short) took \(charge.amount)", self.trail(payment))
            }
        }
    }

    /// Each payment has left the movements that it must leave in the ledger, and no others.
    private mutating func movements() {
        let entries = Dictionary(uniqueKeysWithValues: self.books[.payments].entries.map { ($0.id, $0.state) })
        for (payment, status) in self.statuses.sorted(by: { $0.key < $1.key }) {
            let hold = entries[payment.derived("hold")] ?? "none"
            let isCaptured = entries[payment.derived("capture")] != nil
            let isRefunded = entries[payment.derived("refund")] != nil
            let isRight =
                switch status {
                case "captured": hold == "posted" && isCaptured && !isRefunded
                case "refunded": hold == "posted" && isCaptured && isRefunded
                case "voided": (hold == "none" || hold == "voided") && !isCaptured && !isRefunded
                case "declined": hold == "none" && !isCaptured && !isRefunded
                case "authorized": hold == "pending" && !isCaptured && !isRefunded
                default: hold == "none"
                }
            guard !isRight else { continue }
            self.report(
                .disagreement,
                "payment \(payment.short) is \(status); in the ledger its hold is \(hold), captured \(isCaptured), "
                    + "refunded \(isRefunded)", self.trail(payment))
        }
    }

    /// Every complete order is paid once, by its last payment; every other one not at all.
    private mutating func ordersPaid() {
        var captured: [UniqueID: [UniqueID]] = [:]
        for (payment, charge) in self.books.outside.charges.sorted(by: { $0.key < $1.key }) {
            guard charge.status == "captured", let order = self.requests[payment]?.id("orderId") else { continue }
            captured[order, default: []].append(payment)
        }
        for story in self.orders.values.sorted(by: { $0.id < $1.id }) {
            let due = story.isComplete ? [story.payment].compactMap(\.self) : []
            let has = captured[story.id] ?? []
            guard has != due else { continue }
            self.report(
                story.isComplete ? .lostEffect : .brokenConservation,
                "order \(story.id.short) is \(story.state) and has \(has.count) captured payments",
                story.excerpt + has.flatMap { self.trail($0) })
        }
        for order in captured.keys.sorted() where self.orders[order] == nil {
            self.report(.phantom, "a payment was captured for order \(order.short), which does not exist")
        }
    }

    /// What is on the accounts is what follows from orders, deposits and transfers.
    private mutating func totals() {
        let accounts = self.books[.payments].accounts
        for account in accounts where account.debitsPending + account.creditsPending != 0 {
            self.report(.stuckWork, "money is still held on account \(account.code) \(account.id.short)")
        }
        let sold = self.orders.values.reduce(0) { $0 + ($1.isComplete ? $1.total : 0) }
        let revenue = accounts.reduce(0) { $0 + ($1.code == "revenue" ? $1.balance : 0) }
        if revenue != sold {
            self.report(.brokenConservation, "the merchant has \(revenue), orders for \(sold) are paid")
        }
        var wallets: [UniqueID: Int64] = [:]
        for (payment, request) in self.requests where self.statuses[payment] == "captured" {
            guard let wallet = request.id("accountId") else { continue }
            wallets[wallet, default: 0] += request.minor("amount") ?? 0
        }
        self.found += TransferCheck(self.books, self.claims).anomalies(&wallets)
        for account in accounts.sorted(by: { $0.id < $1.id }) {
            if account.code == "wallet", account.balance != wallets[account.id] ?? 0 {
                self.report(
                    .brokenConservation,
                    "wallet \(account.id.short) holds \(account.balance), its history says \(wallets[account.id] ?? 0)")
            }
            if account.code == "clearing", account.balance != 0 {
                self.report(.brokenConservation, "\(account.balance) are lost between two wallets")
            }
        }
    }
}

/// Transfers: each complete or without any effect, once a key.
struct TransferCheck {
    let books: Books
    let claims: Claims

    init(_ books: Books, _ claims: Claims) {
        self.books = books
        self.claims = claims
    }

    /// - Parameter wallets: what each wallet should hold; the transfers' part is added.
    func anomalies(_ wallets: inout [UniqueID: Int64]) -> [Anomaly] {
        var found: [Anomaly] = []
        var requests: [UniqueID: Fact] = [:]
        var ends: [UniqueID: String] = [:]
        for fact in self.books[.transfers].facts(of: "transfer") {
            if fact.type == "TransferRequested" { requests[fact.aggregate] = fact }
            ends[fact.aggregate] = fact.type
        }
        let legs = Dictionary(uniqueKeysWithValues: self.books[.payments].entries.map { ($0.id, $0.state) })
        for (id, request) in requests.sorted(by: { $0.key < $1.key }) {
            let states = ["debit", "credit"].map { legs[id.derived($0)] ?? "none" }
            let end = ends[id] ?? ""
            switch end {
            case "TransactionCompleted":
                wallets[request.id("fromAccountId") ?? id, default: 0] -= request.minor("amount") ?? 0
                wallets[request.id("toAccountId") ?? id, default: 0] += request.minor("amount") ?? 0
                if states != ["posted", "posted"] {
                    found.append(
                        Anomaly(
                            .disagreement, "transfer \(id.short) is done, its legs are \(states)",
                            excerpt: [request.line]))
                }
            case "TransferFailed":
                if states.contains("posted") || states.contains("pending") {
                    found.append(
                        Anomaly(
                            .disagreement, "transfer \(id.short) failed, its legs are \(states)",
                            excerpt: [request.line]))
                }
            default:
                found.append(
                    Anomaly(.stuckSaga, "transfer \(id.short) has ended with \(end)", excerpt: [request.line]))
            }
        }
        for (intent, ids, promises) in self.claims.intents(.transfer) {
            if ids.count > 1 {
                found.append(Anomaly(.duplicateEffect, "the key \(intent) led to \(ids.count) transfers"))
            }
            for promise in promises where promise.isAcknowledged {
                guard let id = promise.id else { continue }
                let request = requests[id]
                let ends = [request?.id("fromAccountId"), request?.id("toAccountId")]
                if request == nil || request?.minor("amount") != promise.amount
                    || (promise.from != nil && ends != [promise.from, promise.to])
                {
                    found.append(
                        Anomaly(.lostUpdate, "the acknowledged transfer \(id.short) is not what was asked for"))
                }
            }
        }
        let keys = (self.books[.transfers].tables["idempotency"] ?? []).count
        if keys != requests.count {
            found.append(Anomaly(.duplicateEffect, "\(keys) keys led to \(requests.count) transfers"))
        }
        return found
    }
}
