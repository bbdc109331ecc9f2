import Essentials
import HTTPTransport
import Synchronization

/// Counts what the gateway answered. Names are API: `mainstay_gateway_requests_total`,
/// `mainstay_gateway_request_seconds`.
public final class EdgeMetrics: Sendable {
    /// Upper bounds of the histogram's buckets, in nanoseconds.
    private static let bounds: [Int64] = [
        500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000,
        1_000_000_000, 5_000_000_000, 15_000_000_000,
    ]

    private struct Counts {
        /// By hundreds of the status; 0 for requests without an answer.
        var requests = [Int](repeating: 0, count: 6)
        var buckets = [Int](repeating: 0, count: bounds.count + 1)
        var nanoseconds: Int64 = 0
        var received: Int64 = 0
        var sent: Int64 = 0
    }

    /// The gateway itself, then by group.
    private let counts = Mutex([Counts()])
    private let services: @Sendable () -> [String]

    /// - Parameter services: the names of the groups.
    init(services: @escaping @Sendable () -> [String]) {
        self.services = services
    }

    func record(_ report: ProxyReport) {
        let took = (report.ended - report.began).nanoseconds
        let bucket = Self.bounds.firstIndex { took <= $0 } ?? Self.bounds.count
        self.counts.withLock { all in
            let place = report.group.map { $0 + 1 } ?? 0
            while all.count <= place { all.append(Counts()) }
            all[place].requests[Swift.min(5, report.status / 100)] += 1
            all[place].buckets[bucket] += 1
            all[place].nanoseconds += took
            all[place].received += report.received
            all[place].sent += report.sent
        }
    }

    /// OpenMetrics 1.0 text.
    public var text: String {
        let all = self.counts.withLock { $0 }
        let names = ["gateway"] + self.services()
        var text = "# TYPE mainstay_gateway_requests counter\n"
        for (name, counts) in zip(names, all) {
            for (hundreds, count) in counts.requests.enumerated() where count > 0 {
                text += "mainstay_gateway_requests_total{service=\"\(name)\",status=\"\(hundreds)xx\"} \(count)\n"
            }
        }
        text += "# TYPE mainstay_gateway_bytes counter\n"
        for (name, counts) in zip(names, all) {
            text += "mainstay_gateway_bytes_total{service=\"\(name)\",direction=\"in\"} \(counts.received)\n"
            text += "mainstay_gateway_bytes_total{service=\"\(name)\",direction=\"out\"} \(counts.sent)\n"
        }
        text += "# TYPE mainstay_gateway_request_seconds histogram\n"
        for (name, counts) in zip(names, all) {
            var sum = 0
            for (index, count) in counts.buckets.enumerated() {
                sum += count
                let bound = index < Self.bounds.count ? "\(Double(Self.bounds[index]) / 1e9)" : "+Inf"
                text += "mainstay_gateway_request_seconds_bucket{service=\"\(name)\",le=\"\(bound)\"} \(sum)\n"
            }
            text += "mainstay_gateway_request_seconds_sum{service=\"\(name)\"} \(Double(counts.nanoseconds) / 1e9)\n"
            text += "mainstay_gateway_request_seconds_count{service=\"\(name)\"} \(sum)\n"
        }
        return text + "# EOF\n"
    }
}
