import Essentials
import Telemetry

/// Turns histograms that count since their start into what happened in each interval.
struct RateIntake {
    private struct Key: Hashable {
        var service: String
        var route: String
        var status: String
    }

    private struct RouteKey: Hashable {
        var service: String
        var route: String
    }

    /// How many series are followed; further ones are left out.
    private let maximumSeries: Int
    private var last: [Key: ExponentialHistogram] = [:]

    init(maximumSeries: Int = 10_000) {
        self.maximumSeries = maximumSeries
    }

    /// - Parameter families: of any services, as they stand now.
    mutating func take(_ families: [MetricFamily], at now: Timestamp) -> [RateRow] {
        var sums: [RouteKey: (histogram: ExponentialHistogram, errors: UInt64)] = [:]
        for family in families where family.name == SemanticConventions.serverRequestDuration && family.isCumulative {
            for point in family.points {
                // Polls that wait by design, and what watches the services, would say nothing about them.
                guard case .exponential(let histogram) = point.value,
                    point.labels["mainstay.operation.class"]?.string != "none"
                else { continue }
                let method = point.labels[SemanticConventions.httpMethod]?.description ?? ""
                let path = point.labels[SemanticConventions.httpRoute]?.description ?? "unmatched"
                let status = point.labels[SemanticConventions.httpStatus]?.description ?? ""
                let place = RouteKey(service: family.resource.service, route: "\(method) \(path)")
                let key = Key(service: place.service, route: place.route, status: status)
                guard self.last[key] != nil || self.last.count < self.maximumSeries else { continue }
                let new = self.last[key].map { histogram.since($0) } ?? histogram
                self.last[key] = histogram
                guard new.count > 0 else { continue }
                var sum = sums[place] ?? (ExponentialHistogram(), 0)
                sum.histogram.merge(new)
                if status.hasPrefix("5") { sum.errors += new.count }
                sums[place] = sum
            }
        }
        return sums.sorted { ($0.key.service, $0.key.route) < ($1.key.service, $1.key.route) }.map { key, sum in
            RateRow(
                at: now, service: key.service, route: key.route, requests: Int64(sum.histogram.count),
                errors: Int64(sum.errors), seconds: sum.histogram.sum,
                p50: sum.histogram.value(atQuantile: 0.5) ?? 0, p95: sum.histogram.value(atQuantile: 0.95) ?? 0,
                p99: sum.histogram.value(atQuantile: 0.99) ?? 0)
        }
    }
}
