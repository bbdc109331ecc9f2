import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// A payment as lists show it.
struct PaymentRow: Hashable, Sendable {
    var paymentID: PaymentID
    var customerID: CustomerID
    var orderID: OrderID?
    var accountID: AccountID?
    var amount: Money
    var status: PaymentState.Status
    var reason: String?
    var requestedAt: Timestamp
    var updatedAt: Timestamp
}

/// A wallet as lists show it. Its money is in the ledger.
struct WalletRow: Hashable, Sendable {
    var accountID: AccountID
    var ownerID: UserID
    var currency: Currency
    var openedAt: Timestamp
}

/// Payments by customer, and wallets by owner.
struct PaymentsView: Projection {
    static let migration = Migration(
        "payments/001-view",
        [
            """
            CREATE TABLE payments (
                payment_id BLOB NOT NULL PRIMARY KEY, customer_id BLOB NOT NULL, order_id BLOB, account_id BLOB,
                minor INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL, reason TEXT,
                requested_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX payments_by_customer ON payments (customer_id, requested_at DESC, payment_id DESC)",
            """
            CREATE INDEX payments_open ON payments (payment_id)
                WHERE status = 'UNKNOWN' OR (status = 'AUTHORIZED' AND account_id IS NOT NULL)
            """,
            """
            CREATE TABLE wallets (
                account_id BLOB NOT NULL PRIMARY KEY, owner_id BLOB NOT NULL, currency TEXT NOT NULL,
                opened_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX wallets_by_owner ON wallets (owner_id, account_id)",
        ])

    let name = "payments"

    func reset(in unit: any ServiceUnit) throws {
        try unit.execute("DELETE FROM payments")
        try unit.execute("DELETE FROM wallets")
    }

    func apply(_ event: RecordedEvent, in unit: any ServiceUnit) throws {
        switch event.stream.category {
        case Payment.category: try self.apply(try PaymentEvent.catalog.decode(event.event), event, in: unit)
        case Accounts.category:
            guard case .opened(let fact) = try AccountEvent.catalog.decode(event.event) else { return }
            try unit.execute(
                "INSERT INTO wallets VALUES (?, ?, ?, ?)",
                [
                    .blob(fact.accountId.rawValue.bytes), .blob(fact.ownerId.rawValue.bytes),
                    .text(fact.currency.code), .integer(event.timestamp.microseconds),
                ])
        default: break
        }
    }

    private func apply(_ fact: PaymentEvent, _ event: RecordedEvent, in unit: any ServiceUnit) throws {
        switch fact {
        case .requested(let request): try self.insert(request, at: event.timestamp, in: unit)
        case .authorized: try self.set(.authorized, nil, event, in: unit)
        case .declined(let fact): try self.set(.declined, fact.reason, event, in: unit)
        case .outcomeUnknown(let fact): try self.set(.unknown, fact.reason, event, in: unit)
        case .captured: try self.set(.captured, nil, event, in: unit)
        case .voided: try self.set(.voided, nil, event, in: unit)
        case .refunded: try self.set(.refunded, nil, event, in: unit)
        }
    }

    private func insert(_ request: PaymentRequested, at moment: Timestamp, in unit: any ServiceUnit) throws {
        try unit.execute(
            "INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, ?)",
            [
                .blob(request.paymentId.rawValue.bytes), .blob(request.customerId.rawValue.bytes),
                request.orderId.map { .blob($0.rawValue.bytes) } ?? .null,
                request.accountId.map { .blob($0.rawValue.bytes) } ?? .null, .integer(request.amount.minor),
                .text(request.amount.currency.code), .text(PaymentState.Status.unknown.rawValue),
                .integer(moment.microseconds), .integer(moment.microseconds),
            ])
    }

    private func set(
        _ status: PaymentState.Status, _ reason: String?, _ event: RecordedEvent, in unit: any ServiceUnit,
    ) throws {
        try unit.execute(
            "UPDATE payments SET status = ?, reason = ?, updated_at = ? WHERE payment_id = ?",
            [
                .text(status.rawValue), reason.map { .text($0) } ?? .null, .integer(event.timestamp.microseconds),
                .blob(event.aggregateID.bytes),
            ])
    }
}

extension PaymentsView {
    static func payment(_ id: PaymentID, in unit: any ServiceUnit) throws -> PaymentRow? {
        try unit.query("SELECT * FROM payments WHERE payment_id = ?", [.blob(id.rawValue.bytes)]).first
            .map { try PaymentRow($0) }
    }

    /// A customer's payments, the newest first.
    static func payments(
        of customer: CustomerID, after: (Timestamp, PaymentID)?, limit: Int, in unit: any ServiceUnit,
    ) throws -> [PaymentRow] {
        let rows = try unit.query(
            """
            SELECT * FROM payments WHERE customer_id = ? AND (requested_at, payment_id) < (?, ?)
            ORDER BY requested_at DESC, payment_id DESC LIMIT ?
            """,
            [
                .blob(customer.rawValue.bytes), .integer(after?.0.microseconds ?? .max),
                .blob(after?.1.rawValue.bytes ?? []), .integer(Int64(limit)),
            ])
        return try rows.map { try PaymentRow($0) }
    }

    /// Payments that have to be settled: of unknown outcome, and deposits that were authorised only.
    static func open(after id: PaymentID?, limit: Int, in unit: any ServiceUnit) throws -> [PaymentID] {
        let rows = try unit.query(
            """
            SELECT payment_id FROM payments
            WHERE (status = 'UNKNOWN' OR (status = 'AUTHORIZED' AND account_id IS NOT NULL)) AND payment_id > ?
            ORDER BY payment_id LIMIT ?
            """, [.blob(id?.rawValue.bytes ?? []), .integer(Int64(limit))])
        return try rows.map { PaymentID(try $0.id("payment_id")) }
    }

    static func wallet(_ id: AccountID, in unit: any ServiceUnit) throws -> WalletRow? {
        try unit.query("SELECT * FROM wallets WHERE account_id = ?", [.blob(id.rawValue.bytes)]).first
            .map { try WalletRow($0) }
    }

    /// A person's wallets, the oldest first.
    static func wallets(
        of owner: UserID, after id: AccountID?, limit: Int, in unit: any ServiceUnit,
    ) throws -> [WalletRow] {
        let rows = try unit.query(
            "SELECT * FROM wallets WHERE owner_id = ? AND account_id > ? ORDER BY account_id LIMIT ?",
            [.blob(owner.rawValue.bytes), .blob(id?.rawValue.bytes ?? []), .integer(Int64(limit))])
        return try rows.map { try WalletRow($0) }
    }
}

extension PaymentRow {
    fileprivate init(_ row: SQLRow) throws {
        let status = try row.text("status")
        guard let known = PaymentState.Status(rawValue: status) else {
            throw EventStoreError(.corrupt, "a payment has the status '\(status)'")
        }
        self.init(
            paymentID: PaymentID(try row.id("payment_id")), customerID: CustomerID(try row.id("customer_id")),
            orderID: try row.optionalID("order_id").map { OrderID($0) },
            accountID: try row.optionalID("account_id").map { AccountID($0) },
            amount: Money(minor: try row.integer("minor"), try row.currency()), status: known,
            reason: try row.optionalText("reason"),
            requestedAt: Timestamp(microseconds: try row.integer("requested_at")),
            updatedAt: Timestamp(microseconds: try row.integer("updated_at")))
    }
}

extension WalletRow {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            accountID: AccountID(try row.id("account_id")), ownerID: UserID(try row.id("owner_id")),
            currency: try row.currency(), openedAt: Timestamp(microseconds: try row.integer("opened_at")))
    }
}

extension SQLRow {
    fileprivate func id(_ column: String) throws -> UniqueID {
        guard let id = UniqueID(bytes: try self.blob(column)) else {
            throw EventStoreError(.corrupt, "column \(column) holds no identifier")
        }
        return id
    }

    fileprivate func optionalID(_ column: String) throws -> UniqueID? {
        try self.optionalBlob(column).flatMap { UniqueID(bytes: $0) }
    }

    fileprivate func currency() throws -> Currency {
        guard let currency = Currency(try self.text("currency")) else {
            throw EventStoreError(.corrupt, "column currency holds no currency")
        }
        return currency
    }
}
