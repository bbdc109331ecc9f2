import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// The cheap check of one service after each of its commits, incremental in the events that the commit wrote.
///
/// Money and stock are moved in the transaction that writes the event, so the ledger must be the fold of the log at every
/// commit, not only in the end.
struct StepAudit: Sendable {
    let service: ServiceName
    /// The log as it was acknowledged: id and moment of each position, from 1.
    private(set) var log: [(id: UniqueID, type: String, committed: Committed)] = []
    /// What was on each wallet, and since when.
    private(set) var balances: [UniqueID: Timeline] = [:]
    private(set) var found: [Anomaly] = []
    /// How often a lease went from one engine to another.
    private(set) var thefts = 0
    /// When events were written that nobody has acknowledged.
    private var attempts: [UniqueID: Tick] = [:]
    private var money = MoneyFold()
    private var stock = StockFold()
    /// Who holds which saga under which epoch.
    private var holders: [UniqueID: (epoch: Int64, owner: String)] = [:]

    init(_ service: ServiceName) {
        self.service = service
    }

    /// When a position was committed.
    func moment(_ position: Int64) -> Committed? {
        self.log.indices.contains(Int(position) - 1) ? self.log[Int(position) - 1].committed : nil
    }

    /// What a commit left, read inside its transaction.
    struct Reading: Sendable {
        /// When the transaction ran, and was committed if it was: both are one step.
        let moment: Tick
        var events: [RecordedEvent]
        var head: Position
        var sums: [SQLRow] = []
        var leases: [SQLRow] = []
        var wallets: [SQLRow] = []

        /// - Parameter start: the end of what has been acknowledged.
        init(
            _ service: ServiceName, after start: Position, in unit: any RelationalUnit, at moment: Tick,
        ) throws {
            self.moment = moment
            var events: [RecordedEvent] = []
            while case let page = try unit.readAll(after: events.last?.position ?? start, limit: 200), !page.isEmpty {
                events += page
            }
            self.events = events
            self.head = events.last?.position ?? start
            if service == .payments || service == .inventory {
                self.sums = try unit.query(
                    """
                    SELECT ledger, code, sum(credits_posted - debits_posted) AS balance, sum(debits_pending) AS held,
                        sum(credits_pending) AS awaited
                    FROM ledger_accounts GROUP BY ledger, code
                    """)
            }
            if service == .payments {
                self.wallets = try unit.query(
                    """
                    SELECT id, credits_posted - debits_posted AS balance FROM ledger_accounts WHERE code = 'wallet'
                    ORDER BY id
                    """)
            }
            if service == .orders || service == .transfers {
                // What is held is due at the end of its lease.
                self.leases = try unit.query(
                    "SELECT id, owner, epoch FROM sagas WHERE due IS NOT NULL AND owner IS NOT NULL ORDER BY id")
            }
        }
    }

    /// Takes in what a transaction is about to leave, before anybody knows whether it will be kept.
    mutating func attempt(_ reading: Reading) {
        for event in reading.events where self.attempts[event.id] == nil { self.attempts[event.id] = reading.moment }
        for (wallet, balance) in reading.balances {
            self.balances[wallet, default: Timeline()].append(balance, from: reading.moment, at: .distantFuture)
        }
    }

    /// Takes in what a commit left, once it has been acknowledged or found after a restart.
    mutating func commit(_ reading: Reading, at now: Tick) {
        for (wallet, balance) in reading.balances {
            self.balances[wallet, default: Timeline()].settle(balance, at: reading.moment)
        }
        // An answer that was overtaken by a later one of the same flush tells of a state that is past.
        guard reading.head.value >= self.log.count else { return }
        for event in reading.events { self.append(event, at: reading.moment) }
        if self.service == .payments { self.found += self.money.check(reading.sums, at: now) }
        if self.service == .inventory { self.found += self.stock.check(reading.sums, at: now) }
        self.checkLeases(reading.leases, at: now)
    }

    private mutating func append(_ event: RecordedEvent, at moment: Tick) {
        let index = Int(event.position.value) - 1
        if index < self.log.count {
            // A second acknowledgement of what is known, or another event in its place.
            if self.log[index].id != event.id {
                self.found.append(
                    Anomaly(
                        .rewrittenLog,
                        "\(self.service) #\(event.position) was \(self.log[index].type), and is \(event.type)"))
            }
            return
        }
        if index > self.log.count {
            self.found.append(
                Anomaly(.gap, "the log of \(self.service) goes from \(self.log.count) to \(event.position)"))
            return
        }
        let committed = Committed(from: self.attempts.removeValue(forKey: event.id) ?? moment, at: moment)
        self.log.append((event.id, event.type, committed))
        guard let fact = try? Fact(event, service: self.service, committed: committed) else { return }
        if self.service == .payments { self.money.apply(fact) }
        if self.service == .inventory { self.stock.apply(fact) }
    }

    private mutating func checkLeases(_ rows: [SQLRow], at now: Tick) {
        var held: [UniqueID: (epoch: Int64, owner: String)] = [:]
        for row in rows {
            guard let id = (try? row.blob("id")).flatMap({ UniqueID(bytes: $0) }), let owner = try? row.text("owner"),
                let epoch = try? row.integer("epoch")
            else { continue }
            if let before = self.holders[id], before.epoch == epoch, before.owner != owner {
                self.found.append(
                    Anomaly(
                        .twoLeaseHolders,
                        "saga \(id.short) of \(self.service) is held by \(before.owner) and by \(owner) under epoch \(epoch)",
                        excerpt: [now.line]))
            }
            if let before = self.holders[id], before.owner != owner, before.epoch < epoch { self.thefts += 1 }
            held[id] = (epoch, owner)
        }
        for (id, holder) in held { self.holders[id] = holder }
    }

    /// Compares the log after a restart with what was acknowledged before it, and takes in what nobody was told of.
    mutating func recover(_ unit: any RelationalUnit, at now: Tick) throws {
        var position = Position.start
        var count = 0
        while case let page = try unit.readAll(after: position, limit: 500), let last = page.last {
            for event in page {
                count += 1
                if count <= self.log.count, self.log[count - 1].id != event.id {
                    self.found.append(
                        Anomaly(
                            .rewrittenLog,
                            "\(self.service) #\(count) was \(self.log[count - 1].type), and is \(event.type) after a restart"
                        ))
                    return
                }
            }
            position = last.position
        }
        if count < self.log.count {
            let lost = self.log[count...]
            self.found.append(
                Anomaly(
                    .lostAppend,
                    "\(lost.count) acknowledged events of \(self.service) are gone after a restart",
                    excerpt: lost.prefix(5).enumerated().map { offset, entry in
                        "\(entry.committed.at.line) #\(count + offset + 1) \(entry.type)"
                    }))
            self.log.removeSubrange(count...)
            return
        }
        self.commit(try Reading(self.service, after: Position(Int64(self.log.count)), in: unit, at: now), at: now)
    }
}

extension StepAudit.Reading {
    /// What is on each wallet, as people read it.
    fileprivate var balances: [(UniqueID, String)] {
        self.wallets.compactMap { row in
            guard let id = (try? row.blob("id")).flatMap({ UniqueID(bytes: $0) }),
                let balance = try? row.integer("balance")
            else { return nil }
            return (id, balance.decimal)
        }
    }
}

/// What the payments log says about the sums of the money ledger.
private struct MoneyFold: Sendable {
    private struct Payment {
        var amount: Int64
        var isDeposit: Bool
        var isHeld = false
    }

    private var payments: [UniqueID: Payment] = [:]
    private var held: Int64 = 0
    private var orders: Int64 = 0
    private var deposits: Int64 = 0

    mutating func apply(_ fact: Fact) {
        guard fact.category == "payment" else { return }
        if fact.type == "PaymentRequested" {
            self.payments[fact.aggregate] = Payment(
                amount: fact.minor("amount") ?? 0, isDeposit: fact.id("accountId") != nil)
        }
        guard let payment = self.payments[fact.aggregate] else { return }
        switch fact.type {
        case "PaymentAuthorized":
            self.held += payment.amount
            self.payments[fact.aggregate]?.isHeld = true
        case "PaymentCaptured":
            self.held -= payment.amount
            self.payments[fact.aggregate]?.isHeld = false
            if payment.isDeposit { self.deposits += payment.amount } else { self.orders += payment.amount }
        case "PaymentVoided" where payment.isHeld:
            self.held -= payment.amount
            self.payments[fact.aggregate]?.isHeld = false
        case "PaymentRefunded":
            if payment.isDeposit { self.deposits -= payment.amount } else { self.orders -= payment.amount }
        default: break
        }
    }

    func check(_ rows: [SQLRow], at now: Tick) -> [Anomaly] {
        var balances: [String: Int64] = [:]
        var cardHeld: Int64 = 0
        for row in rows {
            guard let code = try? row.text("code"), let balance = try? row.integer("balance") else { continue }
            balances[code, default: 0] += balance
            if code == "card" { cardHeld += (try? row.integer("held")) ?? 0 }
        }
        let wanted: [(String, Int64, Int64)] = [
            ("the cards were charged", -(balances["card"] ?? 0), self.orders + self.deposits),
            ("the merchant has", balances["revenue"] ?? 0, self.orders),
            ("wallets and clearing hold", (balances["wallet"] ?? 0) + (balances["clearing"] ?? 0), self.deposits),
            ("cards have held", cardHeld, self.held),
        ]
        return wanted.compactMap { what, has, due in
            guard has != due else { return nil }
            return Anomaly(.brokenConservation, "\(what) \(has), the log says \(due)", excerpt: [now.line])
        }
    }
}

/// What the inventory log says about the sums of each product's ledger.
private struct StockFold: Sendable {
    private var received: [UniqueID: Int64] = [:]
    private var sold: [UniqueID: Int64] = [:]

    mutating func apply(_ fact: Fact) {
        switch fact.type {
        case "StockReceived": self.received[fact.aggregate, default: 0] += fact.data["quantity"]?.integer ?? 0
        case "StockCommitted": for (id, pieces) in fact.pieces() { self.sold[id, default: 0] += pieces }
        case "StockReturned": for (id, pieces) in fact.pieces() { self.sold[id, default: 0] -= pieces }
        default: break
        }
    }

    func check(_ rows: [SQLRow], at now: Tick) -> [Anomaly] {
        rows.compactMap { row in
            guard let ledger = try? row.text("ledger"), let product = UniqueID(ledger.dropFirst("stock/".count)),
                let code = try? row.text("code"), let balance = try? row.integer("balance")
            else { return nil }
            let due: Int64 =
                switch code {
                case "world": -(self.received[product] ?? 0)
                case "sold": self.sold[product] ?? 0
                default: (self.received[product] ?? 0) - (self.sold[product] ?? 0)
                }
            guard balance != due else { return nil }
            return Anomaly(
                .brokenConservation,
                "product \(product.short): the account '\(code)' holds \(balance), the log says \(due)",
                excerpt: [now.line])
        }
    }
}
