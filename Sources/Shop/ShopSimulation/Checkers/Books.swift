import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// What one service's database holds, as plain rows.
struct ServiceBooks: Sendable {
    struct Account: Sendable {
        var id: UniqueID
        var ledger: String
        var code: String
        var debitsPosted: Int64
        var creditsPosted: Int64
        var debitsPending: Int64
        var creditsPending: Int64

        var balance: Int64 { self.creditsPosted - self.debitsPosted }
    }

    struct Entry: Sendable {
        var id: UniqueID
        var kind: String
        var state: String
        var code: String
        var debit: UniqueID?
        var credit: UniqueID?
        var amount: Int64
    }

    struct Saga: Sendable {
        var id: UniqueID
        var definition: String
        var status: String

        var hasEnded: Bool { self.status == "completed" || self.status == "compensated" }
    }

    var service: ServiceName
    var facts: [Fact] = []
    var accounts: [Account] = []
    var entries: [Entry] = []
    var sagas: [Saga] = []
    /// The last words of sagas that have not ended.
    var sagaEnds: [UniqueID: String] = [:]
    /// Dead letters: consumer, line, error.
    var deadLetters: [String] = []
    /// Parked events that will be tried again.
    var parked = 0
    /// Effects that are to be done or being done.
    var openEffects = 0
    var deadEffects = 0
    /// Rows of tables that one check or another asks for.
    var tables: [String: [SQLRow]] = [:]
    var integrity = "ok"
    var journals: [SagaCheck.Journal] = []

    /// The tables that some check reads, by service.
    private static let wanted: [ServiceName: [String]] = [
        .orders: ["order_summaries", "idempotency"], .payments: ["payments", "wallets", "provider_charges"],
        .shipping: ["shipments"], .transfers: ["transfers", "idempotency"], .notifications: ["notifications"],
        .inventory: ["idempotency"],
    ]

    /// - Parameter moments: when each position was committed.
    init(
        _ service: ServiceName, _ unit: any RelationalUnit, moments: (Int64) -> Committed? = { _ in nil },
    ) throws {
        self.service = service
        var position = Position.start
        while case let page = try unit.readAll(after: position, limit: 500), let last = page.last {
            for event in page {
                self.facts.append(
                    try Fact(event, service: service, committed: moments(event.position.value)))
            }
            position = last.position
        }
        try self.readLedger(unit)
        try self.readWork(unit)
        for table in Self.wanted[service] ?? [] {
            self.tables[table] = try unit.query("SELECT * FROM \(table)")
        }
        self.integrity = try unit.query("PRAGMA quick_check").first?.text("quick_check") ?? "ok"
    }

    private mutating func readLedger(_ unit: any RelationalUnit) throws {
        self.accounts = try unit.query("SELECT * FROM ledger_accounts ORDER BY id").compactMap { row in
            guard let id = UniqueID(bytes: try row.blob("id")) else { return nil }
            return Account(
                id: id, ledger: try row.text("ledger"), code: try row.text("code"),
                debitsPosted: try row.integer("debits_posted"), creditsPosted: try row.integer("credits_posted"),
                debitsPending: try row.integer("debits_pending"), creditsPending: try row.integer("credits_pending"))
        }
        self.entries = try unit.query("SELECT * FROM ledger_entries ORDER BY id").compactMap { row in
            guard let id = UniqueID(bytes: try row.blob("id")) else { return nil }
            return Entry(
                id: id, kind: try row.text("kind"), state: try row.text("state"), code: try row.text("code"),
                debit: try row.optionalBlob("debit_account").flatMap { UniqueID(bytes: $0) },
                credit: try row.optionalBlob("credit_account").flatMap { UniqueID(bytes: $0) },
                amount: try row.optionalInteger("amount") ?? 0)
        }
    }

    private mutating func readWork(_ unit: any RelationalUnit) throws {
        self.sagas = try unit.query("SELECT id, definition, status FROM sagas ORDER BY id").compactMap { row in
            guard let id = UniqueID(bytes: try row.blob("id")) else { return nil }
            return Saga(id: id, definition: try row.text("definition"), status: try row.text("status"))
        }
        for saga in self.sagas where !saga.hasEnded {
            self.sagaEnds[saga.id] = try unit.query(
                "SELECT fact FROM saga_entries WHERE saga = ? ORDER BY sequence DESC LIMIT 1", [.blob(saga.id.bytes)]
            ).first.map { String(try $0.text("fact").prefix(400)) }
        }
        self.journals = try SagaCheck.journals(unit)
        let parked = try unit.query("SELECT consumer, line, state, error FROM inbox_parked ORDER BY number")
        for row in parked {
            if try row.text("state") == "dead" {
                self.deadLetters.append(
                    "\(try row.text("consumer")) could not take \(try row.text("line")): "
                        + (try row.optionalText("error") ?? "?"))
            } else {
                self.parked += 1
            }
        }
        for row in try unit.query("SELECT state, count(*) AS count FROM effects GROUP BY state") {
            switch try row.text("state") {
            case "due", "claimed": self.openEffects += Int(try row.integer("count"))
            case "dead": self.deadEffects += Int(try row.integer("count"))
            default: break
            }
        }
    }

    func facts(of category: String) -> some Sequence<Fact> { self.facts.lazy.filter { $0.category == category } }
}

/// All databases of the shop at one moment, and what the world outside holds.
struct Books: Sendable {
    var services: [ServiceName: ServiceBooks]
    var outside: OutsideBooks

    subscript(_ service: ServiceName) -> ServiceBooks {
        guard let books = self.services[service] else { preconditionFailure("there are no books of \(service)") }
        return books
    }

    /// What still has to happen by itself, in words; empty when everything has ended.
    var pendingWork: [String] {
        var work: [String] = []
        for service in ServiceName.shop {
            let books = self[service]
            let sagas = books.sagas.count { !$0.hasEnded && $0.status != "parked" }
            if sagas > 0 { work.append("\(sagas) sagas of \(service)") }
            if books.parked > 0 { work.append("\(books.parked) parked events of \(service)") }
            if books.openEffects > 0 { work.append("\(books.openEffects) effects of \(service)") }
        }
        let open = (self[.payments].tables["payments"] ?? []).count { row in
            let status = (try? row.text("status")) ?? ""
            let isDeposit = ((try? row.optionalBlob("account_id")) ?? nil) != nil
            return status == "UNKNOWN" || (status == "AUTHORIZED" && isDeposit)
        }
        if open > 0 { work.append("\(open) payments of unknown outcome") }
        work += self.unheard
        return work
    }
}

extension Books {
    /// Facts that whoever follows them has not heard of yet, in words.
    fileprivate var unheard: [String] {
        var unheard: [String] = []
        let followers = [
            "SHIPPED": "OrderShipped", "IN_TRANSIT": "OrderInTransit", "DELIVERED": "OrderDelivered",
            "LOST": "OrderLost",
        ]
        var parcels: [String: Int] = [:]
        for fact in self[.shipping].facts(of: "shipment") where fact.type == "ShipmentProgressed" {
            if let type = followers[fact.data["status"]?.string ?? ""] { parcels[type, default: 0] += 1 }
        }
        for type in followers.values.sorted() {
            let heard = self[.orders].facts.count { $0.type == type }
            if let count = parcels[type], heard < count { unheard.append("\(count - heard) facts behind \(type)") }
        }
        let mails = MailCheck(self, isSettled: true).anomalies().count { $0.kind == .lostEffect }
        if mails > 0 { unheard.append("\(mails) messages to people") }
        return unheard
    }
}

/// What the world outside the platform remembers: the payment provider and everybody's mailboxes.
struct OutsideBooks: Hashable, Sendable {
    struct Charge: Hashable, Sendable {
        var status: String
        var amount: Int64
        /// How often money was taken, and given back.
        var captures = 0
        var refunds = 0
    }

    struct Mail: Hashable, Sendable {
        var id: UniqueID
        var channel: String
        var recipient: String
        var subject: String
    }

    var charges: [UniqueID: Charge] = [:]
    var mails: [Mail] = []
}
