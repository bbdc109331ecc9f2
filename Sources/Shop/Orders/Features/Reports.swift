import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts

/// `GET /v1/reports/sales` and `GET /v1/reports/orders`: what was ordered in a span of time, for operators. Long queries that
/// can wait: they run in the analytics pool, and the gateway sends few of them at one time.
struct Reports: Sendable {
    /// The longest span of a report.
    static let maximumDays: Int64 = 366
    /// The span of a report when the client names none.
    static let defaultDays: Int64 = 30
    /// The most rows of one page of an export.
    static let maximumRows = 1_000

    let features: OrderFeatures

    var routes: [Route] { [self.sales, self.export] }

    private static let tag = "Reports"
    private static let span = [
        Parameter.query("from", .timestamp, "The first moment. Default: \(Self.defaultDays) days before `to`."),
        .query("to", .timestamp, "The first moment that no longer counts. Default: now."),
    ]

    private var sales: Route {
        Route(
            .get, "/v1/reports/sales", "salesReport", tag: Self.tag,
            "Counts and sums of orders by day and currency, the latest day first", access: .operators,
            parameters: Self.span, answers: [.json(.ok, SalesReport.self, "The report")]
        ) { request in
            let span = try self.span(of: request)
            let rows = try await self.features.environment.store.read { try OrderSummaries.sales(in: span, $0) }
            return try .json(.ok, SalesReport(from: span.lowerBound, to: span.upperBound, days: rows))
        }
    }

    /// Comma-separated values (RFC 4180): one header row, then a row for each order, the oldest first.
    private var export: Route {
        Route(
            .get, "/v1/reports/orders", "exportOrders", tag: Self.tag,
            "Exports orders as comma-separated values, the oldest first, a page at a time", access: .operators,
            parameters: Self.span + [
                .query(
                    "limit", .integer(1...Int64(Self.maximumRows)), "The most rows. Default: \(Self.maximumRows)."),
                .query("cursor", .string(.cursor), "That of the header `Link` of the page before."),
            ],
            answers: [
                Answer(
                    .ok, .text(0...1_000_000), "The rows. A header `Link` with `rel=\"next\"` leads to more.",
                    mediaType: "text/csv")
            ]
        ) { request in
            let span = try self.span(of: request)
            let page = try PageRequest(request, keyParts: 2, defaultLimit: Self.maximumRows)
            let last = try page.after.map { try OrderPlace(cursor: $0) }
            let rows = try await self.features.environment.store.read {
                try OrderSummaries.export(in: span, behind: last, limit: page.limit + 1, $0)
            }
            return Self.answer(page.slice(of: rows) { $0.place.cursor }, span)
        }
    }

    private static func answer(
        _ page: (rows: ArraySlice<OrderSummary>, cursor: String?), _ span: Range<Timestamp>
    )
        -> ServiceResponse
    {
        var headers: HTTPFields = [.contentType: "text/csv; charset=utf-8; header=present"]
        if let cursor = page.cursor {
            // The span stands in the link, so that the pages of an export without one do not drift.
            let query = "from=\(span.lowerBound.rfc3339)&to=\(span.upperBound.rfc3339)&cursor=\(cursor)"
            headers[.link] = "</v1/reports/orders?\(query)>; rel=\"next\""
        }
        let header = "orderId,customerId,createdAt,updatedAt,status,itemCount,amount,currency,refunded\r\n"
        let text = page.rows.reduce(into: header) { $0 += $1.csv }
        return ServiceResponse(status: .ok, headers: headers, body: Array(text.utf8))
    }

    private func span(of request: RoutedRequest) throws -> Range<Timestamp> {
        let to = request.query["to"].flatMap { Timestamp(rfc3339: $0) } ?? self.features.environment.wallClock.now
        let from =
            request.query["from"].flatMap { Timestamp(rfc3339: $0) }
            ?? to.advanced(by: .seconds(-86_400 * Self.defaultDays))
        guard from <= to, to.seconds - from.seconds <= 86_400 * Self.maximumDays else {
            throw Problem(
                .validationFailed, "query/from: a moment before `to`, at most \(Self.maximumDays) days, is expected")
        }
        return from..<to
    }
}

extension OrderSummary {
    fileprivate var place: OrderPlace { OrderPlace(createdAt: self.createdAt, id: self.orderId.rawValue) }

    /// Only numbers, identifiers and words of ours: nothing that needs quotes, or that a spreadsheet would run.
    fileprivate var csv: String {
        let cells = [
            self.orderId.description, self.customerId.description, self.createdAt.rfc3339, self.updatedAt.rfc3339,
            self.state.rawValue, "\(self.itemCount)", self.total.decimal, self.total.currency.code,
            self.refunded?.decimal ?? "",
        ]
        return cells.joined(separator: ",") + "\r\n"
    }
}

/// What was ordered in a span of time.
struct SalesReport: APIModel {
    /// On one day, of UTC, in one currency. Drafts are no orders.
    struct Day: APIModel {
        /// `2026-01-31`.
        var day: String
        var currency: String
        var placed: Int
        var cancelled: Int
        var items: Int
        /// The sum of all that were placed and not cancelled.
        var amount: MoneyAmount

        static let schemaName = "SalesDay"
        static let schema = Schema.object([
            .init("day", .text(10...10)), .init("currency", .string(.currency)),
            .init("placed", .integer(0...Int64.max)), .init("cancelled", .integer(0...Int64.max)),
            .init("items", .integer(0...Int64.max)), .init("amount", .model(MoneyAmount.self)),
        ])
    }

    var from: Timestamp
    var to: Timestamp
    var days: [Day]

    static let schema = Schema.object([
        .init("from", .timestamp), .init("to", .timestamp),
        .init("days", .array(.model(Day.self), count: 0...OrderSummaries.maximumDays)),
    ])
}
