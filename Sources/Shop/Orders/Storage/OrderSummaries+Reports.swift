import Chassis
import Essentials
import EventSourcing
import ShopContracts

// What reports read.
extension OrderSummaries {
    static let timeMigration = Migration(
        "orders/003-summaries-by-time",
        ["CREATE INDEX order_summaries_by_time ON order_summaries (created_at, order_id)"])

    /// The most rows of a report by day and currency.
    static let maximumDays = 2_000

    /// Counts and sums by day and currency, the latest day first.
    static func sales(in span: Range<Timestamp>, _ unit: any ServiceUnit) throws -> [SalesReport.Day] {
        try unit.query(
            """
            SELECT created_at / 86400000 AS day, currency, COUNT(*) AS placed,
                SUM(state = 'CANCELLED') AS cancelled, SUM(item_count) AS items,
                SUM(CASE WHEN state = 'CANCELLED' THEN 0 ELSE total_minor / 1000000000 END) AS high,
                SUM(CASE WHEN state = 'CANCELLED' THEN 0 ELSE total_minor % 1000000000 END) AS low
            FROM order_summaries WHERE created_at >= ? AND created_at < ? AND state <> 'DRAFT'
            GROUP BY day, currency ORDER BY day DESC, currency LIMIT ?
            """,
            [
                .integer(span.lowerBound.milliseconds), .integer(span.upperBound.milliseconds),
                .integer(Int64(Self.maximumDays)),
            ]
        ).compactMap { row in
            guard let currency = Currency(try row.text("currency")) else { return nil }
            let day = Timestamp(milliseconds: try row.integer("day") * 86_400_000)
            return SalesReport.Day(
                day: String(day.rfc3339.prefix(10)), currency: currency.code, placed: Int(try row.integer("placed")),
                cancelled: Int(try row.integer("cancelled")), items: Int(try row.integer("items")),
                amount: MoneyAmount(Money(minor: try Self.sum(row), currency)))
        }
    }

    /// The database would fail where a sum of amounts does not fit 64 bits, so it adds them in two halves.
    private static func sum(_ row: SQLRow) throws -> Int64 {
        let (high, isTooHigh) = try row.integer("high").multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isTooLarge) = high.addingReportingOverflow(try row.integer("low"))
        guard !isTooHigh, !isTooLarge else {
            throw Problem(.validationFailed, "query/from: a day of this span has sums that are too large to be written")
        }
        return sum
    }

    /// Orders that began in the span, drafts included, the oldest first.
    /// - Parameter last: the place of the last order of the page before.
    static func export(
        in span: Range<Timestamp>, behind last: OrderPlace?, limit: Int, _ unit: any ServiceUnit,
    ) throws -> [OrderSummary] {
        try unit.query(
            """
            SELECT document FROM order_summaries WHERE created_at >= ? AND created_at < ? AND (created_at, order_id) > (?, ?)
            ORDER BY created_at, order_id LIMIT ?
            """,
            [
                .integer(span.lowerBound.milliseconds), .integer(span.upperBound.milliseconds),
                .integer(last?.createdAt.milliseconds ?? .min),
                .blob(last?.id.bytes ?? []), .integer(Int64(limit)),
            ]
        ).map(Self.summary)
    }
}
