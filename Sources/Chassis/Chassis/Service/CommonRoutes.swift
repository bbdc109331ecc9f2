import Essentials
import HTTPTypes
import Resilience
import Telemetry

/// The routes that every service has.
struct CommonRoutes: Sendable {
    let environment: ServiceEnvironment
    let health: HealthRegistry
    let metrics: RequestMetrics
    let began: Tick
    let document: [UInt8]

    init(environment: ServiceEnvironment, health: HealthRegistry, metrics: RequestMetrics, api: [Route]) {
        self.environment = environment
        self.health = health
        self.metrics = metrics
        self.began = environment.time.now
        self.document =
            OpenAPIDocument(
                title: "Mainstay \(environment.name)", version: environment.version,
                about: "The public operations of the service \(environment.name).", routes: api
            ).json.serializedInOrder
    }

    var routes: [Route] {
        [
            self.get("/health", "health") { await self.report() },
            self.get("/health/ready", "healthReady") { await self.report() },
            self.get("/health/live", "healthLive") { .document(["status": "alive"]) },
            self.get("/metrics", "metrics") { self.metricsText() },
            self.get("/openapi.json", "openapi") {
                ServiceResponse(status: .ok, headers: [.contentType: "application/json"], body: self.document)
            },
            self.feed, LogRoute.route(self.environment),
        ]
    }

    /// A long poll, that no place is to be kept for.
    private var feed: Route {
        var route = FeedRoute.route(self.environment)
        route.operationClass = nil
        return route
    }

    private func get(
        _ path: PathPattern, _ operation: String, _ body: @escaping @Sendable () async throws -> ServiceResponse,
    ) -> Route {
        var route = Route(
            .get, path, operation, tag: "Operations", "For operators", access: .anyone,
            answers: [Answer(.ok, .freeObject, "The answer")]
        ) { _ in try await body() }
        route.operationClass = nil
        return route
    }

    private func report() async -> ServiceResponse {
        let report = await self.health.report()
        let json = report.json(
            at: self.environment.wallClock.now, uptime: self.environment.time.now - self.began,
            version: self.environment.version, service: self.environment.name.rawValue)
        return .document(json, status: report.isHealthy ? .ok : .serviceUnavailable)
    }

    private func metricsText() -> ServiceResponse {
        self.metrics.measure(
            uptime: self.environment.time.now - self.began, pipelines: self.environment.pipelines.snapshot())
        let text = OpenMetricsText.write(self.environment.telemetry.metrics.snapshot())
        return ServiceResponse(
            status: .ok, headers: [.contentType: OpenMetricsText.mediaType], body: Array(text.utf8))
    }
}
