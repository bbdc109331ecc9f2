import Essentials
import Resilience
import Synchronization

/// Counts what a service answered. Names are API: `mainstay_requests_total`, `mainstay_request_seconds_total`; the figures of
/// pipelines are `mainstay_pipeline` by layer and figure, and `mainstay_pipeline_state` is 1 for the state that a layer is in.
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
    func text(service: String, uptime: Duration, pipelines: [PipelineSnapshot]) -> String {
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
        return text + Self.text(of: pipelines, service) + "# EOF\n"
    }

    private static func text(of pipelines: [PipelineSnapshot], _ service: String) -> String {
        var figures = "# TYPE mainstay_pipeline gauge\n"
        var states = "# TYPE mainstay_pipeline_state gauge\n"
        for pipeline in pipelines {
            for layer in pipeline.strategies {
                let labels = "service=\"\(service)\",pipeline=\"\(pipeline.name)\",layer=\"\(layer.kind)\""
                for figure in layer.figures {
                    figures += "mainstay_pipeline{\(labels),figure=\"\(figure.name)\"} \(figure.value)\n"
                }
                if let state = layer.state {
                    states += "mainstay_pipeline_state{\(labels),state=\"\(state)\"} 1\n"
                }
            }
        }
        return figures + states
    }
}
