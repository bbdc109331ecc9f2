import Chassis
import Essentials
import GatewayCore
import HTTPTransport
import HTTPTypes
import HTTPWire
import Identity
import LoadBalancing
import Logging
import Resilience

/// Takes a request through its checks and on to its service.
struct Forwarder: Sendable {
    let environment: GatewayEnvironment
    let plan: GatewayPlan
    let book: TrafficBook
    let mirrors: MirrorQueue
    let upstreams: Upstreams
    let configuration: GatewayService.Configuration
    let tokens: TokenCheck
    let guards: UpstreamGuards
    let control: GatewayControl
    private let hosts: HandlerHosts
    private let failedLogins: KeyedSlidingWindow<String>
    private let clientRate: KeyedRateLimiter<UInt64>?

    init(
        environment: GatewayEnvironment, control: GatewayControl, configuration: GatewayService.Configuration,
    ) {
        self.environment = environment
        self.control = control
        self.plan = control.plan
        self.book = TrafficBook(time: environment.time)
        self.upstreams = control.upstreams
        self.configuration = configuration
        self.guards = control.guards
        self.hosts = HandlerHosts(control.board, environment)
        self.mirrors = MirrorQueue(environment, control.plan, self.hosts)
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
        // What every answer of the route gets, also one that tells of an error.
        var fields: [HeaderChanges.Field] = []
        var response: ServiceResponse
        do {
            let routed = try self.route(request)
            isLegacy = routed.policy?.isLegacy == true
            try self.admit(Array((request.peer ?? "").utf8))
            if let answer = routed.traffic?.preflightAnswer(to: request.head) {
                response = answer
            } else {
                fields = routed.traffic?.originFields(for: request.head) ?? []
                response = try await self.answer(request, routed, &fields, id: id)
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            response = self.problem(for: error, id: id)
        }
        response.head.headerFields[.serviceRequestID] = id.description
        if isLegacy { self.envelop(&response) }
        response.head.headerFields.append(fields)
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
        var tenant = ""
        var traffic: TrafficPolicy?

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
        else { throw Problem.refused(.noRoute, target, methods: []) }
        let edition = self.plan.current
        let table = edition.table
        let peer = BalancingKey.of(request.peer ?? "")
        let decision = table.decide(text, peer: peer, draw: self.environment.chance.next())
        switch decision.outcome {
        case .forward:
            let inner = decision.isRewritten ? table.target(decision, text) : target
            return Routed(
                table: table, decision: decision, text: text, peer: peer, target: inner,
                tenant: text.bytes.span.bytes.text(decision.tenant),
                traffic: self.book.policies(of: edition)[decision.route])
        case .redirect:
            let location = table.location(decision, text, isSecure: request.head.scheme == "https")
            return Routed(table: table, decision: decision, text: text, peer: peer, target: location)
        case .refuse(let refusal):
            let methods = refusal == .methodNotAllowed ? table.methods(for: text) : []
            throw Problem.refused(refusal, target, methods: methods)
        }
    }

    /// - Parameter peer: the client's address as text.
    /// - Throws: a `Refusal` when the client has sent too much.
    func admit(_ peer: [UInt8]) throws {
        if let clientRate { try clientRate.admit(Self.clientKey(peer)) }
    }

    /// The key by which the requests of a client are counted: of its address, or of its network of 64 bits.
    static func clientKey(_ peer: [UInt8]) -> UInt64 {
        peer.contains(UInt8(ascii: ":"))
            ? BalancingKey.of(ClientNetwork.key(of: String(decoding: peer, as: UTF8.self)))
            : BalancingKey.of(peer.span.bytes)
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
        _ request: ServiceRequest, _ routed: Routed, _ fields: inout [HeaderChanges.Field], id: UniqueID,
    ) async throws -> ServiceResponse {
        let traffic = routed.traffic
        try await traffic?.injectFault(into: request.head, self.environment.chance, self.environment.time)
        var principal: Principal?
        if routed.decision.needsToken {
            principal = try await self.tokens.principal(of: request.head.headerFields[.authorization])
        }
        if let traffic {
            try traffic.requireScopes(principal)
            fields += try traffic.count(
                traffic.limitKey(
                    of: request, tenant: routed.tenant, principal,
                    client: Self.clientKey(Array((request.peer ?? "").utf8))))
            try traffic.requireBody(of: request.body.count)
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
        if routed.decision.version > 0 {
            self.control.countVersion(routed.decision, routed.table, consumer: request.peer ?? "unknown")
        }
        var response = try await self.call(service, request, routed, policy, group, id: id)
        traffic?.edit(incoming: &response)
        response.head.headerFields.append(
            routed.table.answerFields(routed.decision).map { HeaderChanges.Field($0.name, $0.value) })
        traffic?.compress(&response, accepting: request.head.headerFields[.acceptEncoding])
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
                let began = self.environment.time.now
                let answer = try await self.attempts(request, routed) { deadline in
                    try await self.hosts.run(
                        group, of: routed.table.groups, routed.text, peer: routed.peer
                    ) { host in
                        try await self.send(request, to: host, routed, until: deadline, id: id)
                    }
                }
                let took = self.environment.time.now - began
                self.control.releases.record(
                    service.rawValue, isSuccess: answer.head.status.code < 500, took: took)
                if let failed = FailedAnswer(status: answer.head.status.code, answer) { throw failed }
                return answer
            }
        } catch let failed as FailedAnswer {
            return failed.answer
        } catch let error as TransportError {
            self.control.releases.record(service.rawValue, isSuccess: false, took: .zero)
            throw self.problem(for: error, of: service)
        }
    }

    /// Where log-ins go, at the service: tries that fail are counted. A server that forwards bytes leaves them to the
    /// handler.
    static let loginPaths = ["/v1/sessions", "/login"]

    private func send(
        _ request: ServiceRequest, to service: ServiceName, _ routed: Routed, until deadline: Deadline, id: UniqueID,
    ) async throws -> ServiceResponse {
        var outgoing = request
        outgoing.head.path = routed.target
        // The body is left out at the very end, so that its length is that of what the gateway makes of it.
        if outgoing.head.method == .head { outgoing.head.method = .get }
        let received = request.head.headerFields[.traceparent].flatMap { TraceContext($0) }
        outgoing.head.headerFields = ForwardedHeaders.outgoing(
            request.head.headerFields, requestID: id, at: self.environment.wallClock.now, peer: request.peer,
            trace: self.traced(received), isSecure: request.head.scheme == "https")
        outgoing.head.headerFields[.deadline] = String(
            (routed.policy?.timeout ?? self.configuration.deadline).milliseconds)
        outgoing.head.headerFields[.callPriority] = (routed.policy?.priority ?? .standard).name
        routed.traffic?.edit(outgoing: &outgoing)
        var response = try await self.environment.transport.call(service, outgoing, deadline: deadline)
        response.head.headerFields = ForwardedHeaders.incoming(response.head.headerFields)
        self.mirror(outgoing, response, routed.traffic)
        return response
    }

    /// Has a copy of a request sent that was answered.
    private func mirror(_ request: ServiceRequest, _ response: ServiceResponse, _ traffic: TrafficPolicy?) {
        guard let traffic, let policy = traffic.policy.mirror,
            self.environment.chance.below(100) < policy.percent
        else { return }
        guard request.body.count <= MirrorQueue.contentLimit else { return self.mirrors.skip(traffic.route) }
        let answer = MirroredAnswer(status: response.head.status.code, content: ContentDigest(response.body))
        self.mirrors.offer(
            MirroredRequest(
                route: traffic.route, service: ServiceName(rawValue: policy.group), request: request,
                answer: policy.compares ? answer : nil))
    }

    /// Has a request sent within its time, and again where its route says so.
    private func attempts(
        _ request: ServiceRequest, _ routed: Routed, _ send: @Sendable (Deadline) async throws -> ServiceResponse
    ) async throws -> ServiceResponse {
        let time = self.environment.time
        let deadline = Deadline(at: time.now + (routed.policy?.timeout ?? self.configuration.deadline))
        guard let traffic = routed.traffic, let retries = traffic.policy.retries, request.body.isEmpty,
            Self.idempotent.contains(request.head.method)
        else { return try await send(deadline) }
        traffic.began(at: time.now)
        for _ in 1..<retries.attempts {
            var limit = deadline
            if let own = retries.attemptTimeout { limit = min(deadline, Deadline(at: time.now + own)) }
            do {
                let response = try await send(limit)
                let status = response.head.status.code
                guard status >= 400, traffic.repeats(after: .status(status), at: time.now) else { return response }
            } catch let error as TransportError {
                let failure: ProxyFailure = error.code == .deadlineExceeded ? .timedOut : .brokeOff
                guard !deadline.hasPassed(at: time.now), traffic.repeats(after: failure, at: time.now) else {
                    throw error
                }
            }
        }
        return try await send(deadline)
    }

    private static let idempotent: Set<HTTPRequest.Method> = [.get, .head, .options, .put, .delete, .trace]

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
            return Problem(.serviceUnreachable, "\(service) cannot be reached", retryAfter: .seconds(1))
        case .unknownService:
            return Problem(.serviceUnknown, "\(service) is not running", retryAfter: .seconds(5))
        case .deadlineExceeded:
            return Problem(
                .serviceTimeout, "\(service) did not answer in time; whether the request was carried out is unknown",
                retryAfter: .seconds(1))
        case .connectionLost, .badResponse:
            return Problem(
                .serviceFailed,
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
