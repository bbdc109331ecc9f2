import Chassis
import Essentials
import GatewayCore
import HTTPTypes
import Identity
import Logging
import Resilience

/// Takes a request through its checks and on to its service.
struct Forwarder: Sendable {
    let environment: GatewayEnvironment
    let map: RouteMap
    let upstreams: Upstreams
    let configuration: GatewayService.Configuration
    private let tokens: TokenVerifier
    private let failedLogins: KeyedSlidingWindow<String>
    private let guards: UpstreamGuards

    init(
        environment: GatewayEnvironment, map: RouteMap, upstreams: Upstreams,
        configuration: GatewayService.Configuration,
    ) {
        self.environment = environment
        self.map = map
        self.upstreams = upstreams
        self.configuration = configuration
        self.guards = UpstreamGuards(environment, services: upstreams.services, configuration: configuration)
        self.tokens = TokenVerifier(
            issuer: TokenAuthenticator.userIssuer, audience: TokenAuthenticator.userIssuer, keys: environment.userKeys,
            wallClock: environment.wallClock)
        self.failedLogins = KeyedSlidingWindow(
            named: "failed log-ins", configuration.failedLogins, time: environment.time)
    }

    func forward(_ request: ServiceRequest) async throws -> ServiceResponse {
        let id = self.environment.ids.next()
        let target = request.head.path ?? "/"
        let decision = self.map.decide(request.head.method.rawValue, target)
        var response: ServiceResponse
        do {
            guard let decision else {
                throw Problem(.notFound, "no route leads to \(target.prefix { $0 != "?" })")
            }
            response = try await self.answer(request, decision, id: id)
        } catch let error as CancellationError {
            throw error
        } catch {
            let problem = ProblemMapping.problem(for: error)
            if problem.type == .internalError {
                self.environment.logger.error(
                    "the gateway failed", metadata: ["request.id": "\(id)", "error": "\(error)"])
            }
            response = problem.response(instance: id.description)
        }
        response.head.headerFields[.serviceRequestID] = id.description
        if decision?.isLegacy == true { self.envelop(&response) }
        return response
    }

    private func answer(
        _ request: ServiceRequest, _ decision: RouteMap.Decision, id: UniqueID,
    ) async throws -> ServiceResponse {
        if decision.needsToken { try await self.requireToken(request) }
        let service = ServiceName(rawValue: decision.service)
        try self.upstreams.requireAvailable(service)
        let isLogin = request.head.method == .post && decision.target == "/v1/sessions"
        let client = ClientNetwork.key(of: request.peer ?? "unknown")
        if isLogin { try self.failedLogins.check(client) }
        let response = try await self.guards.run(service, decision.priority, client: request.peer) {
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
            traceparent: TraceContext.header(
                continuing: request.head.headerFields[.traceparent], chance: self.environment.chance))
        outgoing.head.headerFields[.deadline] = String(self.configuration.deadline.milliseconds)
        outgoing.head.headerFields[.callPriority] = decision.priority.name
        do {
            var response = try await self.environment.transport.call(service, outgoing, deadline: deadline)
            response.head.headerFields = ForwardedHeaders.incoming(response.head.headerFields)
            return response
        } catch let error as TransportError {
            throw self.problem(for: error, of: service)
        }
    }

    private func problem(for error: TransportError, of service: ServiceName) -> Problem {
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

    private func requireToken(_ request: ServiceRequest) async throws {
        guard let header = request.head.headerFields[.authorization], header.lowercased().hasPrefix("bearer ") else {
            throw Problem(
                .unauthenticated, "a bearer token is needed: Authorization: Bearer TOKEN",
                headers: [.wwwAuthenticate: "Bearer"])
        }
        do {
            let principal = try await self.tokens.verify(String(header.dropFirst(7))).claims.principal()
            guard !self.environment.revocations.isRevoked(principal) else {
                throw Self.refusal("the token has been revoked")
            }
        } catch let error as JOSEError where error.code == .keysUnavailable {
            throw Problem(.unavailable, "tokens cannot be checked now", retryAfter: .seconds(1))
        } catch let error as JOSEError {
            throw Self.refusal(error.message)
        }
    }

    private static func refusal(_ reason: String) -> Problem {
        Problem(
            .unauthenticated, "the bearer token is refused: \(reason)",
            headers: [.wwwAuthenticate: "Bearer error=\"invalid_token\""])
    }

    private func envelop(_ response: inout ServiceResponse) {
        guard response.head.status != .noContent else { return }
        response.body = LegacyEnvelope.wrap(
            response.body, status: response.head.status.code, at: self.environment.wallClock.now)
        response.head.headerFields[.contentType] = "application/json"
    }
}
