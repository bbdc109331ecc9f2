public import Chassis
import Essentials
import HTTPTypes

/// What operators see and change of a running gateway: to be served on loopback, never through the gateway itself.
public struct GatewayAdmin: Sendable {
    /// The name that tokens must be for.
    public static let service: ServiceName = "gateway-admin"

    /// Answers every request.
    public let handler: ServiceHandler

    public init(_ gateway: GatewayService, authenticator: any Authenticator) {
        let environment = gateway.parts.environment
        let metrics = gateway.parts.metrics
        let pages = AdminPages(control: gateway.control)
        self.handler =
            InternalAPI(
                Self.service, routes: AdminRoutes(pages: pages).routes, pipelines: gateway.pipelines,
                authenticator: authenticator,
                telemetry: ServiceTelemetry(
                    service: Self.service, version: environment.version, wallClock: environment.wallClock),
                time: environment.time, ids: environment.ids, logger: environment.logger
            ) { metrics.text }.handler
    }
}

/// The routes of ``GatewayAdmin``.
struct AdminRoutes: Sendable {
    let pages: AdminPages

    var routes: [Route] {
        [
            self.show("/internal/gateway", "showGateway", "Everything below, and the edition in force") {
                self.pages.all
            },
            self.show("/internal/gateway/routes", "listGatewayRoutes", "Routes in the order in which they are asked") {
                self.pages.routes
            },
            self.show("/internal/gateway/services", "listGatewayServices", "Services with their hosts") {
                self.pages.services
            },
            self.show(
                "/internal/gateway/releases", "listGatewayReleases", "Releases and what is known of both versions"
            ) {
                self.pages.releases
            },
            self.show("/internal/gateway/versions", "listGatewayVersions", "Who uses which version of what") {
                self.pages.versions
            },
            self.explain, self.weights, self.host, self.release,
        ]
    }

    private func show(
        _ path: PathPattern, _ operation: String, _ summary: String, _ page: @escaping @Sendable () -> JSONValue
    ) -> Route {
        self.operators(
            Route(
                .get, path, operation, tag: "Gateway", summary, access: .services,
                answers: [Answer(.ok, .freeObject, "What there is")]
            ) { _ in .document(page()) })
    }

    /// What an operator needs when the gateway is full.
    private func operators(_ route: Route) -> Route {
        var route = route
        route.operationClass = nil
        return route
    }

    private var explain: Route {
        self.operators(
            Route(
                .post, "/internal/gateway/explain", "explainGatewayRequest", tag: "Gateway",
                "Says where a request would go, and what kept every other route from being the one", access: .services,
                body: .model(GatewayQuestion.self), answers: [Answer(.ok, .freeObject, "The decision")],
                problems: [.validationFailed]
            ) { request in
                .document(try self.pages.explain(try request.decode(GatewayQuestion.self)))
            })
    }

    private var weights: Route {
        self.operators(
            Route(
                .put, "/internal/gateway/routes/{name}/weights", "setGatewayWeights", tag: "Gateway",
                "Divides the requests of a route anew, until the file is read again; [0, 100] reverts a strangler",
                access: .services, parameters: [.path("name", .text(1...200), "The route")],
                body: .model(GatewayWeights.self), answers: [Answer(.ok, .freeObject, "What changed")],
                problems: [.notFound, .validationFailed]
            ) { request in
                let weights = try request.decode(GatewayWeights.self).weights
                return .document(try self.pages.setWeights(weights, of: request.path["name"] ?? ""))
            })
    }

    private var host: Route {
        self.operators(
            Route(
                .patch, "/internal/gateway/services/{service}/hosts/{host}", "changeGatewayHost", tag: "Gateway",
                "Drains a host or takes it back, or gives it another weight", access: .services,
                parameters: [
                    .path("service", .text(1...200), "The service"), .path("host", .text(1...300), "Its address"),
                ], body: .model(GatewayHostChange.self),
                answers: [Answer(.ok, .freeObject, "The service as it is now")],
                problems: [.notFound]
            ) { request in
                let change = try request.decode(GatewayHostChange.self)
                let (service, host) = (request.path["service"] ?? "", request.path["host"] ?? "")
                return .document(try self.pages.change(host, of: service, change))
            })
    }

    private var release: Route {
        let orders = GatewayControl.ReleaseOrder.allCases.map(\.rawValue)
        return self.operators(
            Route(
                .post, "/internal/gateway/releases/{name}/{order}", "orderGatewayRelease", tag: "Gateway",
                "Starts a release, takes its next step, or sends all traffic back", access: .services,
                parameters: [
                    .path("name", .text(1...200), "The release"), .path("order", .oneOf(orders), "What to do"),
                ], answers: [Answer(.ok, .freeObject, "The release as it is now")], problems: [.notFound, .conflict]
            ) { request in
                let order = GatewayControl.ReleaseOrder(rawValue: request.path["order"] ?? "") ?? .rollBack
                return .document(try self.pages.order(order, of: request.path["name"] ?? ""))
            })
    }
}

/// A request that is only thought of.
struct GatewayQuestion: APIModel {
    var method: String
    var target: String
    /// Each `Name: value`.
    var headers: [String]?
    /// The client's address.
    var client: String?

    static let schema = Schema.object([
        .init("method", .text(1...32)), .init("target", .text(1...8_192)),
        .init("headers", .array(.text(1...8_192), count: 0...100), required: false),
        .init("client", .text(1...64), required: false),
    ])
}

struct GatewayWeights: APIModel {
    var weights: [Int]

    static let schema = Schema.object([.init("weights", .array(.integer(0...1_000_000), count: 1...100))])
}

struct GatewayHostChange: APIModel {
    var draining: Bool?
    var weight: Int?

    static let schema = Schema.object([
        .init("draining", .boolean, required: false), .init("weight", .integer(1...1_000), required: false),
    ])
}
