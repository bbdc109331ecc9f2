import Essentials
import HTTPTypes
import Metrics
import Resilience
import Synchronization
import Telemetry

/// Counts what a service answered, in its registry. Names are API: `http.server.request.duration` by method, route, status,
/// and class of the operation, which is `none` for polls, health and metrics; the figures of pipelines are
/// `mainstay.pipeline` by layer and figure, and `mainstay.pipeline.state` is 1 for the state that a layer is in.
final class RequestMetrics: Sendable {
    private struct Key: Hashable {
        var method: String
        var path: String
        var status: Int
    }

    private let registry: MetricRegistry
    private let timers = Mutex<[Key: Timer]>([:])
    /// The states that each layer was seen in.
    private let states = Mutex<[String: Set<String>]>([:])

    init(_ registry: MetricRegistry) {
        self.registry = registry
    }

    /// - Parameter route: nil for a request that no route is for.
    func record(_ route: Route?, status: Int, took duration: Duration) {
        let key = Key(
            method: route?.method.rawValue ?? "other", path: route?.path.description ?? "unmatched", status: status)
        let timer = self.timers.withLock { timers in
            if let known = timers[key] { return known }
            let timer = Timer(
                label: SemanticConventions.serverRequestDuration,
                dimensions: [
                    (SemanticConventions.httpMethod, key.method), (SemanticConventions.httpRoute, key.path),
                    (SemanticConventions.httpStatus, String(status)),
                    ("mainstay.operation.class", route?.operationClass?.rawValue ?? "none"),
                ], factory: self.registry)
            timers[key] = timer
            return timer
        }
        timer.recordNanoseconds(duration.nanoseconds)
    }

    /// Puts what can only be looked at into the registry.
    func measure(uptime: Duration, pipelines: [PipelineSnapshot]) {
        Meter(label: "mainstay.uptime.seconds", factory: self.registry).set(uptime.fractionalSeconds)
        for pipeline in pipelines {
            for layer in pipeline.strategies {
                let place = [("pipeline", pipeline.name), ("layer", layer.kind)]
                for figure in layer.figures {
                    Meter(
                        label: "mainstay.pipeline", dimensions: place + [("figure", figure.name)],
                        factory: self.registry
                    ).set(figure.value)
                }
                guard let state = layer.state else { continue }
                for known in self.seenStates(of: "\(pipeline.name)/\(layer.kind)", now: state) {
                    Meter(
                        label: "mainstay.pipeline.state", dimensions: place + [("state", known)],
                        factory: self.registry
                    ).set(known == state ? Int64(1) : 0)
                }
            }
        }
    }

    private func seenStates(of layer: String, now state: String) -> [String] {
        self.states.withLock { states in
            states[layer, default: []].insert(state)
            return states[layer, default: []].sorted()
        }
    }
}
