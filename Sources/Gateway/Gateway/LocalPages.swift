import Chassis
import Essentials
import GatewayCore
import HTTPTypes
import Synchronization

/// What the gateway answers itself: health, documents, explanations.
struct LocalPages: Sendable {
    private let environment: GatewayEnvironment
    private let plan: GatewayPlan
    private let upstreams: Upstreams
    private let problems: [ProblemType]
    private let began: Tick

    init(environment: GatewayEnvironment, plan: GatewayPlan, upstreams: Upstreams, problems: [ProblemType]) {
        self.environment = environment
        self.plan = plan
        self.upstreams = upstreams
        self.problems = problems
        self.began = environment.time.now
    }

    /// Nil when the path is not one of the gateway's own.
    func answer(_ request: ServiceRequest) async throws -> ServiceResponse? {
        let path = String((request.head.path ?? "/").prefix { $0 != "?" })
        guard Self.covers(path) else { return nil }
        let methods = AllowedMethods([.get])
        if request.head.method == .options { return methods.answer }
        guard request.head.method == .get || request.head.method == .head else {
            return methods.problem(request.head.method, on: path).response()
        }
        switch path {
        case "/docs": return Self.html(DocumentPages.reference)
        case "/health/live": return .document(["status": "alive"])
        case "/health", "/health/ready", "/api/health": return await self.health()
        case "/openapi.json": return .document(await self.document())
        case "/openapi-3.0.json": return .document(DocumentMerge.downgraded(await self.document()))
        case "/problems": return .document(.array(self.problems.map(Self.explanation)))
        default: return self.problem(String(path.dropFirst(Self.explanations.count)))
        }
    }

    /// Whether a path is one of the gateway's own.
    static func covers(_ path: String) -> Bool { self.paths.contains(path) || path.hasPrefix(self.explanations) }

    /// What the paths of explanations begin with.
    static let explanations = "/problems/"

    static let paths: Set<String> = [
        "/docs", "/health", "/health/live", "/health/ready", "/api/health", "/openapi.json", "/openapi-3.0.json",
        "/problems",
    ]

    private func health() async -> ServiceResponse {
        let report = await self.upstreams.report()
        let json = report.json(
            at: self.environment.wallClock.now, uptime: self.environment.time.now - self.began,
            version: self.environment.version, service: "gateway")
        return .document(json, status: report.isHealthy ? .ok : .serviceUnavailable)
    }

    /// The documents of all services that answer, as one.
    private func document() async -> JSONValue {
        var documents: [(ServiceName, JSONValue)] = []
        let deadline = Deadline(at: self.environment.time.now + .seconds(5))
        await withTaskGroup { group in
            for service in self.upstreams.services {
                group.addTask { () -> (ServiceName, JSONValue)? in
                    let request = ServiceRequest(.get, "/openapi.json")
                    guard let answer = try? await self.environment.transport.call(service, request, deadline: deadline),
                        let document = try? JSONReader.parse(answer.body)
                    else { return nil }
                    return (service, document)
                }
            }
            for await document in group { if let document { documents.append(document) } }
        }
        return DocumentMerge.merge(
            documents.sorted { $0.0 < $1.0 }.map(\.1), title: "Order API", version: "1.0.0",
            routes: self.plan.current.table)
    }

    private func problem(_ code: String) -> ServiceResponse {
        guard let type = self.problems.first(where: { $0.code == code }) else {
            return Problem(.notFound, "no problem is called '\(code)'").response()
        }
        return .document(Self.explanation(type))
    }

    private static func explanation(_ type: ProblemType) -> JSONValue {
        [
            "type": .string(type.uri), "code": .string(type.code), "status": .integer(type.status),
            "title": .string(type.title),
        ]
    }

    private static func html(_ text: String) -> ServiceResponse {
        ServiceResponse(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8",
                .contentSecurityPolicy:
                    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'",
            ],
            body: Array(text.utf8))
    }
}
