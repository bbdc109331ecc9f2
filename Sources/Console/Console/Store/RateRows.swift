import Chassis
import Essentials
import EventSourcing

/// What one service answered on one route in one interval.
struct RateRow: Hashable, Sendable {
    /// The end of the interval.
    var at: Timestamp
    var service: String
    var route: String
    var requests: Int64
    var errors: Int64
    /// The sum of all times.
    var seconds: Double
    var p50: Double
    var p95: Double
    var p99: Double
}

/// Rate, errors and duration over some time. Quantiles are the mean of the intervals' weighted by their requests.
struct RateSummary: Encodable, Hashable, Sendable {
    var requests: Int64 = 0
    var errors: Int64 = 0
    var requestsPerSecond = 0.0
    var errorRatio = 0.0
    var p50Milliseconds = 0.0
    var p95Milliseconds = 0.0
    var p99Milliseconds = 0.0

    init(_ rows: some Sequence<RateRow>, over window: Duration) {
        var (p50, p95, p99) = (0.0, 0.0, 0.0)
        for row in rows {
            self.requests += row.requests
            self.errors += row.errors
            p50 += row.p50 * Double(row.requests)
            p95 += row.p95 * Double(row.requests)
            p99 += row.p99 * Double(row.requests)
        }
        guard self.requests > 0 else { return }
        let all = Double(self.requests)
        self.requestsPerSecond = all / window.fractionalSeconds
        self.errorRatio = Double(self.errors) / all
        (self.p50Milliseconds, self.p95Milliseconds, self.p99Milliseconds) =
            (p50 / all * 1_000, p95 / all * 1_000, p99 / all * 1_000)
    }
}

enum RateRows {
    static func add(_ rows: [RateRow], in unit: any ServiceUnit) throws {
        for row in rows {
            try unit.execute(
                "INSERT OR REPLACE INTO rates VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    .integer(row.at.microseconds), .text(row.service), .text(row.route), .integer(row.requests),
                    .integer(row.errors), .real(row.seconds), .real(row.p50), .real(row.p95), .real(row.p99),
                ])
        }
    }

    /// All intervals that ended behind `moment`, oldest first.
    static func rows(after moment: Timestamp, service: String? = nil, in unit: any ServiceUnit) throws -> [RateRow] {
        let condition = service == nil ? "" : "AND service = ?"
        let values: [SQLValue] = [.integer(moment.microseconds)] + (service.map { [.text($0)] } ?? [])
        return try unit.query(
            "SELECT * FROM rates WHERE at > ? \(condition) ORDER BY at, service, route LIMIT 200000", values
        ).map { row in
            guard case .real(let seconds) = row["seconds"], case .real(let p50) = row["p50"],
                case .real(let p95) = row["p95"], case .real(let p99) = row["p99"]
            else { throw EventStoreError(.corrupt, "a rate is no number") }
            return RateRow(
                at: Timestamp(microseconds: try row.integer("at")), service: try row.text("service"),
                route: try row.text("route"), requests: try row.integer("requests"), errors: try row.integer("errors"),
                seconds: seconds, p50: p50, p95: p95, p99: p99)
        }
    }

    static func prune(before moment: Timestamp, in unit: any ServiceUnit) throws {
        try unit.execute("DELETE FROM rates WHERE at < ?", [.integer(moment.microseconds)])
    }
}
