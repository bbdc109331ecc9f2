import Essentials
import Synchronization

/// Counts what a service answered. Names are API: `mainstay_requests_total`, `mainstay_request_seconds_total`.
final class RequestMetrics: Sendable {
    private struct Key: Hashable, Comparable {
        var operation: String
        var status: Int

        static func < (left: Key, right: Key) -> Bool {
            (left.operation, left.status) < (right.operation, right.status)
        }
    }

    private struct Count {
        var requests = 0
        var nanoseconds: Int64 = 0
    }

    private let counts = Mutex<[Key: Count]>([:])

    func record(_ operation: String, status: Int, took duration: Duration) {
        self.counts.withLock { counts in
            counts[Key(operation: operation, status: status), default: Count()].requests += 1
            counts[Key(operation: operation, status: status), default: Count()].nanoseconds += duration.nanoseconds
        }
    }

    /// OpenMetrics 1.0 text.
    func text(service: String, uptime: Duration) -> String {
        let counts = self.counts.withLock { $0 }.sorted { $0.key < $1.key }
        var text = "# TYPE mainstay_uptime_seconds gauge\nmainstay_uptime_seconds{service=\"\(service)\"} "
        text += "\(uptime.fractionalSeconds)\n# TYPE mainstay_requests counter\n"
        let labels = { (key: Key) in
            "{service=\"\(service)\",operation=\"\(key.operation)\",status=\"\(key.status)\"}"
        }
        for (key, count) in counts { text += "mainstay_requests_total\(labels(key)) \(count.requests)\n" }
        text += "# TYPE mainstay_request_seconds counter\n"
        for (key, count) in counts {
            text += "mainstay_request_seconds_total\(labels(key)) \(Double(count.nanoseconds) / 1e9)\n"
        }
        return text + "# EOF\n"
    }
}
