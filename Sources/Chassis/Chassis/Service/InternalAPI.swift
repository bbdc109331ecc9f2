public import Essentials
import HTTPTypes
public import Logging
public import Resilience

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
        time: TimeSource, ids: IDSource, logger: Logger, metrics: @escaping @Sendable () -> String,
    ) {
        let counts = RequestMetrics()
        let began = time.now
        var shown = Route(
            .get, "/metrics", "metrics", tag: "Operations", "For operators", access: .anyone,
            answers: [Answer(.ok, .freeObject, "The answer")]
        ) { _ in
            let text = counts.text(
                service: name.rawValue, uptime: time.now - began, pipelines: pipelines.snapshot())
            let end = "# EOF\n"
            let both = (text.hasSuffix(end) ? String(text.dropLast(end.count)) : text) + metrics()
            return ServiceResponse(
                status: .ok, headers: [.contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8"],
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
            environment: .init(authenticator: authenticator, time: time, ids: ids, logger: logger),
            table: RouteTable(routes + [shown] + PipelineRoutes(registry: pipelines).routes), metrics: counts,
            compartments: compartments)
        self.handler = { try await router.respond(to: $0) }
    }
}
