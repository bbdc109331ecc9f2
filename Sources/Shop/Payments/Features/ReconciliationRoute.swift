import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts

/// Our book of payments beside the built-in provider's: whether anybody is charged twice, for nothing, or not at all.
struct PaymentReconciliation: APIModel, Hashable {
    /// A payment that the two books disagree about.
    struct Mismatch: APIModel, Hashable {
        var paymentId: PaymentID
        /// `NONE` when we know nothing of it.
        var ours: String
        /// `NONE` when the provider knows nothing of it.
        var provider: String

        static let schemaName = "PaymentMismatch"
        static let schema = Schema.object([
            .init("paymentId", .uuid), .init("ours", .text(1...20)), .init("provider", .text(1...20)),
        ])
    }

    var payments: Int64
    /// How many are of unknown outcome: they are still being inquired and say nothing yet.
    var open: Int64
    /// At most 100.
    var mismatches: [Mismatch]

    static let schema = Schema.object([
        .init("payments", .integer(0...Int64.max)), .init("open", .integer(0...Int64.max)),
        .init("mismatches", .array(.model(Mismatch.self), count: 0...100)),
    ])

    /// Compares the two books in one transaction.
    init(in unit: any RelationalUnit) throws {
        let counts = try unit.query(
            "SELECT count(*) AS payments, coalesce(sum(status = 'UNKNOWN'), 0) AS open FROM payments")[0]
        self.payments = try counts.integer("payments")
        self.open = try counts.integer("open")
        let rows = try unit.query(
            """
            SELECT p.payment_id AS id, p.status AS ours, upper(coalesce(c.status, 'none')) AS provider
            FROM payments p LEFT JOIN provider_charges c ON c.payment_id = p.payment_id
            WHERE p.status <> 'UNKNOWN' AND (c.status IS NULL OR upper(c.status) <> p.status
                OR (c.status <> 'voided' AND (c.amount <> p.minor OR c.currency <> p.currency)))
            UNION ALL
            SELECT c.payment_id, 'NONE', upper(c.status) FROM provider_charges c
            WHERE c.status IN ('authorized', 'captured')
                AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.payment_id = c.payment_id)
            LIMIT 100
            """)
        self.mismatches = try rows.map { row in
            guard let id = UniqueID(bytes: try row.blob("id")) else {
                throw EventStoreError(.corrupt, "the books hold a payment without an identifier")
            }
            return Mismatch(
                paymentId: PaymentID(id), ours: try row.text("ours"), provider: try row.text("provider"))
        }
    }

    /// `GET /internal/reconciliation`. Says something only with the built-in provider, whose book is in our database.
    static func route(_ store: ServiceStore) -> Route {
        Route(
            .get, "/internal/reconciliation", "reconcilePayments", tag: "Internal",
            "Compares our book of payments with the built-in provider's", access: .services,
            answers: [.json(.ok, PaymentReconciliation.self, "What the books say")]
        ) { _ in
            try .json(.ok, try await store.read { try PaymentReconciliation(in: $0) })
        }
    }
}
