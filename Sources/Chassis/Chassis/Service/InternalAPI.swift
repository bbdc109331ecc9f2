public import Essentials
import HTTPTypes
public import Logging
public import Resilience
import Telemetry

/// Routes for operators and other services, of something that keeps no data of its own: the same checks, problems and pipelines
/// as those of a ``Service``, and `/metrics`.
public struct InternalAPI: Sendable {
    /// Answers every request, also unknown ones and those that fail.
    public let handler: ServiceHandler

    /// - Parameters:
    ///   - pipelines: shown and changed at `/internal/pipelines`.
    ///   - metrics: more of them: OpenMetrics text with its end.
    public init(
        _ name: ServiceName, routes: [Route], pipelines: PipelineRegistry, authenticator: any Authenticator,
        telemetry: ServiceTelemetry, time: TimeSource, ids: IDSource, logger: Logger,
        metrics: @escaping @Sendable () -> String,
    ) {
        let counts = RequestMetrics(telemetry.metrics)
        let began = time.now
        var shown = Route(
            .get, "/metrics", "metrics", tag: "Operations", "For operators", access: .anyone,
            answers: [Answer(.ok, .freeObject, "The answer")]
        ) { _ in
            counts.measure(uptime: time.now - began, pipelines: pipelines.snapshot())
            let text = OpenMetricsText.write(telemetry.metrics.snapshot())
            let end = "# EOF\n"
            let both = (text.hasSuffix(end) ? String(text.dropLast(end.count)) : text) + metrics()
            return ServiceResponse(
                status: .ok, headers: [.contentType: OpenMetricsText.mediaType],
                body: Array(both.utf8))
        }
        shown.operationClass = nil
        let compartments: Compartments
        do {
            compartments = try Compartments(named: name.rawValue, .init(), time: time)
        } catch {
            preconditionFailure("the default sizes of pools can be used, but: \(error)")
        }
        let router = ServiceRouter(
            environment: .init(
                authenticator: authenticator, time: time, ids: ids, logger: logger, telemetry: telemetry),
            table: RouteTable(routes + [shown] + PipelineRoutes(registry: pipelines).routes), metrics: counts,
            compartments: compartments)
        self.handler = { try await router.respond(to: $0) }
    }
}
