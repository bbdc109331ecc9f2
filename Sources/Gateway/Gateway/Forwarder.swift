import Chassis
import Essentials
import GatewayCore
import HTTPTypes
import LoadBalancing
import Logging
import Resilience

/// Takes a request through its checks and on to its service.
struct Forwarder: Sendable {
    let environment: GatewayEnvironment
    let routes: RoutingTable
    let upstreams: Upstreams
    let configuration: GatewayService.Configuration
    let tokens: TokenCheck
    let guards: UpstreamGuards
    private let failedLogins: KeyedSlidingWindow<String>
    private let clientRate: KeyedRateLimiter<UInt64>?

    init(
        environment: GatewayEnvironment, routes: RoutingTable, upstreams: Upstreams,
        configuration: GatewayService.Configuration,
    ) {
        self.environment = environment
        self.routes = routes
        self.upstreams = upstreams
        self.configuration = configuration
        self.guards = UpstreamGuards(environment, services: upstreams.services, configuration: configuration)
        self.tokens = TokenCheck(environment)
        self.clientRate = configuration.clientRate.map {
            KeyedRateLimiter(named: "requests of a client", $0, time: environment.time)
        }
        self.failedLogins = KeyedSlidingWindow(
            named: "failed log-ins", configuration.failedLogins, time: environment.time)
    }

    /// - Parameter id: of the request, through all services.
    func forward(_ request: ServiceRequest, id: UniqueID) async throws -> ServiceResponse {
        var isLegacy = false
        var response: ServiceResponse
        do {
            let routed = try self.route(request)
            isLegacy = self.policy(of: routed.decision)?.isLegacy == true
            try self.admit(Array((request.peer ?? "").utf8))
            response = try await self.answer(request, routed, id: id)
        } catch let error as CancellationError {
            throw error
        } catch {
            response = self.problem(for: error, id: id)
        }
        response.head.headerFields[.serviceRequestID] = id.description
        if isLegacy { self.envelop(&response) }
        return response
    }

    /// Where a whole request goes, and the target that the service sees.
    private func route(_ request: ServiceRequest) throws -> (decision: RouteDecision, target: String) {
        let target = request.head.path ?? "/"
        let fields = request.head.headerFields.map { (name: $0.name.rawName, value: $0.value) }
        guard
            let text = try? RequestText(
                request.head.method.rawValue, target, host: request.head.authority, fields: fields)
        else { throw Self.refusal(.noRoute, target) }
        let decision = self.routes.decide(
            text, peer: BalancingKey.of(request.peer ?? ""), draw: self.environment.chance.next())
        switch decision.outcome {
        case .forward: return (decision, decision.isRewritten ? self.routes.target(decision, text) : target)
        case .redirect: return (decision, self.routes.location(decision, text, isSecure: false))
        case .refuse(let refusal): throw Self.refusal(refusal, target)
        }
    }

    /// - Parameter peer: the client's address as text.
    /// - Throws: a `Refusal` when the client has sent too much.
    func admit(_ peer: [UInt8]) throws {
        guard let clientRate else { return }
        if peer.contains(UInt8(ascii: ":")) {
            try clientRate.admit(BalancingKey.of(ClientNetwork.key(of: String(decoding: peer, as: UTF8.self))))
        } else {
            try clientRate.admit(BalancingKey.of(peer.span.bytes))
        }
    }

    func policy(of decision: RouteDecision) -> RoutePolicy? {
        decision.route < 0 ? nil : self.routes.routes[decision.route].policy
    }

    /// What the client is told when no route lets a request through.
    static func refusal(_ refusal: RouteRefusal, _ target: String) -> Problem {
        let path = target.prefix { $0 != "?" }
        switch refusal {
        case .noRoute, .ambiguousPath: return Problem(.notFound, "no route leads to \(path)")
        case .methodNotAllowed: return Problem(.methodNotAllowed, "no route leads to \(path) with this method")
        case .unknownVersion: return Problem(.validationFailed, "\(path) is not offered in this version")
        case .tenantMismatch: return Problem(.validationFailed, "the tenant is named in two ways, or cannot be one")
        case .closed: return Problem(.unavailable, "\(path) is closed", retryAfter: .seconds(60))
        }
    }

    /// What the client is told of an error.
    func problem(for error: any Error, id: UniqueID) -> ServiceResponse {
        let problem = ProblemMapping.problem(for: error)
        if problem.type == .internalError {
            self.environment.logger.error(
                "the gateway failed", metadata: ["request.id": "\(id)", "error": "\(error)"])
        }
        return problem.response(instance: id.description)
    }

    private func answer(
        _ request: ServiceRequest, _ routed: (decision: RouteDecision, target: String), id: UniqueID,
    ) async throws -> ServiceResponse {
        if routed.decision.needsToken {
            _ = try await self.tokens.principal(of: request.head.headerFields[.authorization])
        }
        guard let group = routed.decision.group, let policy = self.policy(of: routed.decision) else {
            guard case .redirect(let status) = routed.decision.outcome else {
                preconditionFailure("what is refused is not answered")
            }
            return ServiceResponse(status: .init(code: status), headers: [.location: routed.target])
        }
        let service = self.upstreams.services[group]
        try self.upstreams.requireAvailable(group)
        let path = String(routed.target.prefix { $0 != "?" })
        let isLogin = request.head.method == .post && Self.loginPaths.contains(path)
        let client = ClientNetwork.key(of: request.peer ?? "unknown")
        if isLogin { try self.failedLogins.check(client) }
        var response = try await self.guards.run(group, policy.priority, client: request.peer) {
            try await self.send(request, to: service, routed.target, policy.priority, id: id)
        }
        for field in self.routes.answerFields(routed.decision) {
            guard let name = HTTPField.Name(field.name) else { continue }
            response.head.headerFields.append(HTTPField(name: name, value: field.value))
        }
        if isLogin, response.head.status == .unauthorized { self.failedLogins.record(client) }
        return response
    }

    /// Where log-ins go, at the service: tries that fail are counted. A server that forwards bytes leaves them to the
    /// handler.
    static let loginPaths = ["/v1/sessions", "/login"]

    private func send(
        _ request: ServiceRequest, to service: ServiceName, _ target: String, _ priority: CallPriority, id: UniqueID,
    ) async throws -> ServiceResponse {
        let deadline = Deadline(at: self.environment.time.now + self.configuration.deadline)
        var outgoing = request
        outgoing.head.path = target
        // The body is left out at the very end, so that its length is that of what the gateway makes of it.
        if outgoing.head.method == .head { outgoing.head.method = .get }
        let received = request.head.headerFields[.traceparent].flatMap { TraceContext($0) }
        outgoing.head.headerFields = ForwardedHeaders.outgoing(
            request.head.headerFields, requestID: id, at: self.environment.wallClock.now, peer: request.peer,
            trace: self.traced(received))
        outgoing.head.headerFields[.deadline] = String(self.configuration.deadline.milliseconds)
        outgoing.head.headerFields[.callPriority] = priority.name
        do {
            var response = try await self.environment.transport.call(service, outgoing, deadline: deadline)
            response.head.headerFields = ForwardedHeaders.incoming(response.head.headerFields)
            return response
        } catch let error as TransportError {
            throw self.problem(for: error, of: service)
        }
    }

    /// The trace of a request that is handled whole. Where loops receive requests they have begun the gateway's span.
    private func traced(_ received: TraceContext?) -> TraceContext {
        if self.environment.tracing != nil, let received { return received }
        return TraceContext.continuing(received, chance: self.environment.chance)
    }

    /// What the client is told when no answer came back.
    func problem(for error: TransportError, of service: ServiceName) -> Problem {
        switch error.code {
        case .notConnected:
            self.upstreams.callFailed(service, error.message)
            return Problem(.unavailable, "\(service) cannot be reached", retryAfter: .seconds(1))
        case .unknownService:
            return Problem(.unavailable, "\(service) is not running", retryAfter: .seconds(5))
        case .deadlineExceeded:
            return Problem(
                .unavailable, "\(service) did not answer in time; whether the request was carried out is unknown",
                retryAfter: .seconds(1))
        case .connectionLost, .badResponse:
            return Problem(
                .unavailable,
                "the connection to \(service) broke; whether the request was carried out is unknown",
                retryAfter: .seconds(1))
        }
    }

    private func envelop(_ response: inout ServiceResponse) {
        guard response.head.status != .noContent else { return }
        response.body = LegacyEnvelope.wrap(
            response.body, status: response.head.status.code, at: self.environment.wallClock.now)
        response.head.headerFields[.contentType] = "application/json"
    }
}
