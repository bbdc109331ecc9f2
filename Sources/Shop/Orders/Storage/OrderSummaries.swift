import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// One order as clients see it: a denormalised row, read without a join.
struct OrderSummary: Codable, Hashable, Sendable {
    var orderId: OrderID
    var customerId: CustomerID
    var state: OrderState
    var lines: [OrderLine]
    var total: Money
    var createdAt: Timestamp
    var updatedAt: Timestamp
    var shippingAddress: ShippingAddress?
    var paymentMethod: PaymentMethod
    /// Why it was cancelled or its payment failed.
    var reason: String?
    var trackingNumber: String?
    /// What has been given back.
    var refunded: Money?
    /// The state before ARCHIVED.
    var archivedFrom: OrderState?

    /// Pieces of all lines together.
    var itemCount: Int { self.lines.reduce(0) { $0 + $1.quantity } }
    var status: PublicStatus { PublicStatus(self.state, archivedFrom: self.archivedFrom) }
}

/// Keeps ``OrderSummary`` rows: one an order, by customer in order of time.
struct OrderSummaries: Projection {
    let name = "order-summaries"

    static let migration = Migration(
        "orders/001-summaries",
        [
            """
            CREATE TABLE order_summaries (
                order_id BLOB NOT NULL PRIMARY KEY, customer_id BLOB NOT NULL, state TEXT NOT NULL,
                created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, item_count INTEGER NOT NULL,
                total_minor INTEGER NOT NULL, currency TEXT NOT NULL, document TEXT NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX order_summaries_by_customer ON order_summaries (customer_id, created_at, order_id)",
            "CREATE INDEX order_summaries_unpaid ON order_summaries (updated_at) WHERE state = 'PAYMENT_FAILED'",
        ])

    func reset(in unit: any ServiceUnit) throws {
        try unit.execute("DELETE FROM order_summaries")
    }

    func apply(_ event: RecordedEvent, in unit: any ServiceUnit) throws {
        guard event.stream.category == Order.category else { return }
        let fact = try OrderEvent.catalog.decode(event.event)
        if case .drafted(let draft) = fact { return try Self.put(Self.begun(draft), in: unit) }
        guard var summary = try Self.find(OrderID(event.aggregateID), in: unit) else {
            throw EventStoreError(.corrupt, "\(event.type) tells of the order \(event.aggregateID), which never began")
        }
        Self.change(&summary, by: fact)
        summary.updatedAt = event.timestamp
        try Self.put(summary, in: unit)
    }

    private static func begun(_ draft: OrderDrafted) -> OrderSummary {
        OrderSummary(
            orderId: draft.orderId, customerId: draft.customerId, state: .draft, lines: draft.lines,
            total: Self.total(draft.lines, draft.currency), createdAt: draft.at, updatedAt: draft.at,
            shippingAddress: draft.shippingAddress, paymentMethod: draft.paymentMethod)
    }

    private static func change(_ summary: inout OrderSummary, by fact: OrderEvent) {
        if fact.method == .archiveOrder { summary.archivedFrom = summary.state }
        if let method = fact.method { summary.state = method.target }
        switch fact {
        case .lineAdded, .lineChanged, .lineRemoved:
            summary.lines.apply(fact)
            summary.total = Self.total(summary.lines, summary.total.currency)
        case .paymentFailed(let failed): summary.reason = failed.reason
        case .paymentRetried(let retried):
            summary.reason = nil
            summary.paymentMethod = retried.paymentMethod
        case .cancelled(let cancelled): summary.reason = cancelled.reason
        case .shipped(let shipped): summary.trackingNumber = shipped.trackingNumber
        case .refunded(let refund): summary.refunded = refund.amount
        case .refundRecorded(let refund): summary.refunded = refund.amount
        case .drafted, .placed, .stockReserved, .paymentRequested, .confirmed, .inTransit, .delivered, .lost,
            .returnRequested, .returned, .archived:
            break
        }
    }

    private static func total(_ lines: [OrderLine], _ currency: Currency) -> Money {
        Money(minor: lines.reduce(0) { $0 + $1.lineTotal.minor }, currency)
    }
}

/// Where an order stands in the list of its customer.
struct OrderPlace: Hashable, Sendable {
    var createdAt: Timestamp
    var id: UniqueID

    init(createdAt: Timestamp, id: UniqueID) {
        self.createdAt = createdAt
        self.id = id
    }

    /// - Throws: a ``Problem`` when no page gave these parts.
    init(cursor parts: [String]) throws {
        guard let milliseconds = Int64(parts[0]), let id = UniqueID(parts[1]) else {
            throw Problem(.validationFailed, "query/cursor: a cursor that an earlier page gave is expected")
        }
        self.init(createdAt: Timestamp(milliseconds: milliseconds), id: id)
    }

    var cursor: [String] { [String(self.createdAt.milliseconds), self.id.description] }
}

extension OrderSummaries {
    static func find(_ id: OrderID, in unit: any ServiceUnit) throws -> OrderSummary? {
        try unit.query(
            "SELECT document FROM order_summaries WHERE order_id = ?", [.blob(id.rawValue.bytes)]
        ).first.map(Self.summary)
    }

    /// A customer's orders, the latest first.
    /// - Parameter last: the place of the last order of the page before.
    static func list(
        of customer: CustomerID, behind last: OrderPlace?, limit: Int, in unit: any ServiceUnit,
    ) throws -> [OrderSummary] {
        try unit.query(
            """
            SELECT document FROM order_summaries WHERE customer_id = ? AND (created_at, order_id) < (?, ?)
            ORDER BY created_at DESC, order_id DESC LIMIT ?
            """,
            [
                .blob(customer.rawValue.bytes), .integer(last?.createdAt.milliseconds ?? .max),
                .blob(last?.id.bytes ?? Array(repeating: 0xFF, count: 16)), .integer(Int64(limit)),
            ]
        ).map(Self.summary)
    }

    /// Orders whose payment failed before `moment` and has not been tried again, the longest first.
    static func unpaid(since moment: Timestamp, limit: Int, in unit: any ServiceUnit) throws -> [OrderID] {
        try unit.query(
            """
            SELECT order_id FROM order_summaries WHERE state = 'PAYMENT_FAILED' AND updated_at < ?
            ORDER BY updated_at LIMIT ?
            """, [.integer(moment.milliseconds), .integer(Int64(limit))]
        ).compactMap { UniqueID(bytes: try $0.blob("order_id")).map { OrderID($0) } }
    }

    static func summary(_ row: SQLRow) throws -> OrderSummary {
        try EventCoding.decode(OrderSummary.self, from: Array(try row.text("document").utf8))
    }

    private static func put(_ summary: OrderSummary, in unit: any ServiceUnit) throws {
        try unit.execute(
            """
            INSERT INTO order_summaries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (order_id) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at,
                item_count = excluded.item_count, total_minor = excluded.total_minor, document = excluded.document
            """,
            [
                .blob(summary.orderId.rawValue.bytes), .blob(summary.customerId.rawValue.bytes),
                .text(summary.state.rawValue), .integer(summary.createdAt.milliseconds),
                .integer(summary.updatedAt.milliseconds), .integer(Int64(summary.itemCount)),
                .integer(summary.total.minor), .text(summary.total.currency.code),
                .text(String(decoding: try EventCoding.encode(summary), as: UTF8.self)),
            ])
    }
}
