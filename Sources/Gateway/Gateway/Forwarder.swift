import Chassis
import Essentials
import GatewayCore
import HTTPTypes
import Logging
import Resilience

/// Takes a request through its checks and on to its service.
struct Forwarder: Sendable {
    let environment: GatewayEnvironment
    let map: RouteMap
    let upstreams: Upstreams
    let configuration: GatewayService.Configuration
    let tokens: TokenCheck
    let guards: UpstreamGuards
    private let failedLogins: KeyedSlidingWindow<String>

    init(
        environment: GatewayEnvironment, map: RouteMap, upstreams: Upstreams,
        configuration: GatewayService.Configuration,
    ) {
        self.environment = environment
        self.map = map
        self.upstreams = upstreams
        self.configuration = configuration
        self.guards = UpstreamGuards(environment, services: upstreams.services, configuration: configuration)
        self.tokens = TokenCheck(environment)
        self.failedLogins = KeyedSlidingWindow(
            named: "failed log-ins", configuration.failedLogins, time: environment.time)
    }

    /// - Parameter id: of the request, through all services.
    func forward(_ request: ServiceRequest, id: UniqueID) async throws -> ServiceResponse {
        let target = request.head.path ?? "/"
        let decision = self.map.decide(request.head.method.rawValue, target)
        var response: ServiceResponse
        do {
            guard let decision else { throw Self.noRoute(target) }
            response = try await self.answer(request, decision, id: id)
        } catch let error as CancellationError {
            throw error
        } catch {
            response = self.problem(for: error, id: id)
        }
        response.head.headerFields[.serviceRequestID] = id.description
        if decision?.isLegacy == true { self.envelop(&response) }
        return response
    }

    static func noRoute(_ target: String) -> Problem {
        Problem(.notFound, "no route leads to \(target.prefix { $0 != "?" })")
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
        _ request: ServiceRequest, _ decision: RouteMap.Decision, id: UniqueID,
    ) async throws -> ServiceResponse {
        if decision.needsToken {
            _ = try await self.tokens.principal(of: request.head.headerFields[.authorization])
        }
        let service = ServiceName(rawValue: decision.service)
        guard let group = self.upstreams.group(of: service) else { throw Self.noRoute(decision.target) }
        try self.upstreams.requireAvailable(group)
        let isLogin = request.head.method == .post && decision.target == "/v1/sessions"
        let client = ClientNetwork.key(of: request.peer ?? "unknown")
        if isLogin { try self.failedLogins.check(client) }
        let response = try await self.guards.run(group, decision.priority, client: request.peer) {
            try await self.send(request, to: service, decision, id: id)
        }
        if isLogin, response.head.status == .unauthorized { self.failedLogins.record(client) }
        return response
    }

    private func send(
        _ request: ServiceRequest, to service: ServiceName, _ decision: RouteMap.Decision, id: UniqueID,
    ) async throws -> ServiceResponse {
        let deadline = Deadline(at: self.environment.time.now + self.configuration.deadline)
        var outgoing = request
        outgoing.head.path = decision.target
        // The body is left out at the very end, so that its length is that of what the gateway makes of it.
        if outgoing.head.method == .head { outgoing.head.method = .get }
        outgoing.head.headerFields = ForwardedHeaders.outgoing(
            request.head.headerFields, requestID: id, at: self.environment.wallClock.now, peer: request.peer,
            trace: TraceContext.continuing(
                request.head.headerFields[.traceparent].flatMap { TraceContext($0) }, chance: self.environment.chance))
        outgoing.head.headerFields[.deadline] = String(self.configuration.deadline.milliseconds)
        do {
            var response = try await self.environment.transport.call(service, outgoing, deadline: deadline)
            response.head.headerFields = ForwardedHeaders.incoming(response.head.headerFields)
            return response
        } catch let error as TransportError {
            throw self.problem(for: error, of: service)
        }
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
