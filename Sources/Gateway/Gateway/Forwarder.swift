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
    let plan: GatewayPlan
    let upstreams: Upstreams
    let configuration: GatewayService.Configuration
    let tokens: TokenCheck
    let guards: UpstreamGuards
    private let hosts: HandlerHosts
    private let failedLogins: KeyedSlidingWindow<String>
    private let clientRate: KeyedRateLimiter<UInt64>?

    init(
        environment: GatewayEnvironment, plan: GatewayPlan, upstreams: Upstreams, guards: UpstreamGuards,
        board: HostBoard, configuration: GatewayService.Configuration,
    ) {
        self.environment = environment
        self.plan = plan
        self.upstreams = upstreams
        self.configuration = configuration
        self.guards = guards
        self.hosts = HandlerHosts(board, environment)
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
            isLegacy = routed.policy?.isLegacy == true
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

    /// Where a whole request goes.
    private struct Routed {
        /// The table that decided: it may not be the one in force any more.
        var table: RoutingTable
        var decision: RouteDecision
        var text: RequestText
        /// A key of the client's address.
        var peer: UInt64
        /// What the service sees, or where the client is sent.
        var target: String

        /// Nil when no route fits.
        var policy: RoutePolicy? {
            self.decision.route < 0 ? nil : self.table.routes[self.decision.route].policy
        }
    }

    private func route(_ request: ServiceRequest) throws -> Routed {
        let target = request.head.path ?? "/"
        let fields = request.head.headerFields.map { (name: $0.name.rawName, value: $0.value) }
        guard
            let text = try? RequestText(
                request.head.method.rawValue, target, host: request.head.authority, fields: fields)
        else { throw Self.refusal(.noRoute, target) }
        let table = self.plan.current.table
        let peer = BalancingKey.of(request.peer ?? "")
        let decision = table.decide(text, peer: peer, draw: self.environment.chance.next())
        switch decision.outcome {
        case .forward:
            let inner = decision.isRewritten ? table.target(decision, text) : target
            return Routed(table: table, decision: decision, text: text, peer: peer, target: inner)
        case .redirect:
            let location = table.location(decision, text, isSecure: false)
            return Routed(table: table, decision: decision, text: text, peer: peer, target: location)
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
        _ request: ServiceRequest, _ routed: Routed, id: UniqueID,
    ) async throws -> ServiceResponse {
        if routed.decision.needsToken {
            _ = try await self.tokens.principal(of: request.head.headerFields[.authorization])
        }
        guard let group = routed.decision.group, let policy = routed.policy else {
            guard case .redirect(let status) = routed.decision.outcome else {
                preconditionFailure("what is refused is not answered")
            }
            return ServiceResponse(status: .init(code: status), headers: [.location: routed.target])
        }
        let service = self.upstreams.service(group)
        try self.upstreams.requireAvailable(group)
        let path = String(routed.target.prefix { $0 != "?" })
        let isLogin = request.head.method == .post && Self.loginPaths.contains(path)
        let client = ClientNetwork.key(of: request.peer ?? "unknown")
        if isLogin { try self.failedLogins.check(client) }
        var response = try await self.call(service, request, routed, policy, group, id: id)
        for field in routed.table.answerFields(routed.decision) {
            guard let name = HTTPField.Name(field.name) else { continue }
            response.head.headerFields.append(HTTPField(name: name, value: field.value))
        }
        if isLogin, response.head.status == .unauthorized { self.failedLogins.record(client) }
        return response
    }

    /// Sends a request to a host of its service when its turn has come.
    private func call(
        _ service: ServiceName, _ request: ServiceRequest, _ routed: Routed, _ policy: RoutePolicy, _ group: Int,
        id: UniqueID,
    ) async throws -> ServiceResponse {
        do {
            return try await self.guards.run(service, policy.priority, client: request.peer) {
                let answer = try await self.hosts.run(
                    group, of: routed.table.groups, routed.text, peer: routed.peer
                ) { host in
                    try await self.send(request, to: host, routed.target, policy.priority, id: id)
                }
                if let failed = FailedAnswer(status: answer.head.status.code, answer) { throw failed }
                return answer
            }
        } catch let failed as FailedAnswer {
            return failed.answer
        } catch let error as TransportError {
            throw self.problem(for: error, of: service)
        }
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
        outgoing.head.headerFields = ForwardedHeaders.outgoing(
            request.head.headerFields, requestID: id, at: self.environment.wallClock.now, peer: request.peer,
            trace: TraceContext.continuing(
                request.head.headerFields[.traceparent].flatMap { TraceContext($0) }, chance: self.environment.chance))
        outgoing.head.headerFields[.deadline] = String(self.configuration.deadline.milliseconds)
        outgoing.head.headerFields[.callPriority] = priority.name
        var response = try await self.environment.transport.call(service, outgoing, deadline: deadline)
        response.head.headerFields = ForwardedHeaders.incoming(response.head.headerFields)
        return response
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
