import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// How much a customer has ordered in one currency.
struct CustomerCount: Hashable, Sendable {
    var currency: Currency
    var placed: Int
    var delivered: Int
    var cancelled: Int
    var placedAmount: Money
    var refundedAmount: Money
}

/// Counts and sums of each customer's orders by currency.
struct CustomerCounters: Projection {
    let name = "customer-counters"

    static let migration = Migration(
        "orders/002-counters",
        [
            """
            CREATE TABLE customer_counters (
                customer_id BLOB NOT NULL, currency TEXT NOT NULL, placed INTEGER NOT NULL DEFAULT 0,
                delivered INTEGER NOT NULL DEFAULT 0, cancelled INTEGER NOT NULL DEFAULT 0,
                placed_minor INTEGER NOT NULL DEFAULT 0, refunded_minor INTEGER NOT NULL DEFAULT 0,
                PRIMARY KEY (customer_id, currency)
            ) STRICT, WITHOUT ROWID
            """
        ])

    func reset(in unit: any ServiceUnit) throws {
        try unit.execute("DELETE FROM customer_counters")
    }

    func apply(_ event: RecordedEvent, in unit: any ServiceUnit) throws {
        guard event.stream.category == Order.category else { return }
        switch try OrderEvent.catalog.decode(event.event) {
        case .placed(let fact):
            let currency = fact.totalAmount.currency
            try Self.add(1, to: "placed", fact.customerId, currency, in: unit)
            try Self.add(fact.totalAmount.minor, to: "placed_minor", fact.customerId, currency, in: unit)
        case .refunded(let fact): try Self.addRefund(fact.amount, fact.customerId, in: unit)
        case .refundRecorded(let fact): try Self.addRefund(fact.amount, fact.customerId, in: unit)
        case .delivered(let fact): try Self.count("delivered", fact.orderId, in: unit)
        case .cancelled(let fact): try Self.count("cancelled", fact.orderId, in: unit)
        case .drafted, .lineAdded, .lineChanged, .lineRemoved, .stockReserved, .paymentRequested, .confirmed,
            .paymentFailed, .paymentRetried, .shipped, .inTransit, .lost, .returnRequested, .returned, .archived:
            break
        }
    }

    static func counts(of customer: CustomerID, in unit: any ServiceUnit) throws -> [CustomerCount] {
        try unit.query(
            "SELECT * FROM customer_counters WHERE customer_id = ? ORDER BY currency LIMIT 200",
            [.blob(customer.rawValue.bytes)]
        ).compactMap { row in
            guard let currency = Currency(try row.text("currency")) else { return nil }
            return CustomerCount(
                currency: currency, placed: Int(try row.integer("placed")),
                delivered: Int(try row.integer("delivered")), cancelled: Int(try row.integer("cancelled")),
                placedAmount: Money(minor: try row.integer("placed_minor"), currency),
                refundedAmount: Money(minor: try row.integer("refunded_minor"), currency))
        }
    }

    private static func addRefund(_ amount: Money, _ customer: CustomerID, in unit: any ServiceUnit) throws {
        try self.add(amount.minor, to: "refunded_minor", customer, amount.currency, in: unit)
    }

    /// Customer and currency of an order never change, so its summary tells them at any time.
    private static func count(_ column: String, _ order: OrderID, in unit: any ServiceUnit) throws {
        guard let summary = try OrderSummaries.find(order, in: unit) else { return }
        try self.add(1, to: column, summary.customerId, summary.total.currency, in: unit)
    }

    /// A sum that 64 bits do not hold stays at the largest that they do: no order may fail of it.
    private static func add(
        _ amount: Int64, to column: String, _ customer: CustomerID, _ currency: Currency, in unit: any ServiceUnit,
    ) throws {
        let row: [SQLValue] = [.blob(customer.rawValue.bytes), .text(currency.code)]
        try unit.execute(
            "INSERT INTO customer_counters (customer_id, currency) VALUES (?, ?) ON CONFLICT DO NOTHING", row)
        try unit.execute(
            """
            UPDATE customer_counters SET \(column) = min(\(column), \(Int64.max) - ?) + ?
            WHERE customer_id = ? AND currency = ?
            """, [.integer(amount), .integer(amount)] + row)
    }
}
