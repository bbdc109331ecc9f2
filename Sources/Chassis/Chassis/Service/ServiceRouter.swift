import Essentials
import EventSourcing
import HTTPTypes
import Identity
import Logging
import Resilience

/// Leads a request through the checks that every route has in common: path and method, caller, parameters, body,
/// deadline. Turns every error into problem details, here and nowhere else.
struct ServiceRouter: Sendable {
    /// How long a request may take that brings no deadline of its own.
    static let defaultDeadline = Duration.seconds(15)

    /// What it needs of its surroundings.
    struct Environment: Sendable {
        var authenticator: any Authenticator
        var time: TimeSource
        var ids: IDSource
        var logger: Logger
        var telemetry: ServiceTelemetry
    }

    let environment: Environment
    let table: RouteTable
    let metrics: RequestMetrics
    let compartments: Compartments

    func respond(to request: ServiceRequest) async throws -> ServiceResponse {
        let id = Self.requestID(of: request) ?? self.environment.ids.next()
        let began = self.environment.time.now
        var route: Route?
        var served: ServedRequest?
        var outcome: Outcome
        do {
            switch try self.lead(of: request) {
            case .route(let found, let path):
                route = found
                served = ServedRequest(request, by: found, self.environment.telemetry, at: began)
                outcome = try await self.outcome(of: request, by: found, path: path, id: id, served, began: began)
            case .options(let methods):
                outcome = Outcome(response: methods.answer)
            }
        } catch let error as CancellationError {
            served?.end(request, id: id, status: 499, failure: nil, at: self.environment.time.now)
            throw error
        } catch {
            outcome = self.refusal(error, nil, id: id)
        }
        outcome.response.head.headerFields[.serviceRequestID] = id.description
        if request.head.method == .head { outcome.response = outcome.response.withoutBody }
        let (status, now) = (outcome.response.head.status.code, self.environment.time.now)
        served?.end(request, id: id, status: status, failure: outcome.failure, at: now)
        self.metrics.record(route, status: status, took: now - began)
        return outcome.response
    }

    private struct Outcome {
        var response: ServiceResponse
        /// What a failure is about, for operators.
        var failure: String?
    }

    private func outcome(
        of request: ServiceRequest, by route: Route, path: [String: String], id: UniqueID, _ served: ServedRequest?,
        began: Tick,
    ) async throws -> Outcome {
        let deadline = Deadline(at: began + self.timeLeft(for: request))
        let answer = { () async throws -> Outcome in
            do {
                return try await Deadline.$current.withValue(deadline) {
                    Outcome(response: try await self.answer(request, by: route, path: path, id: id))
                }
            } catch let error as CancellationError {
                throw error
            } catch {
                return self.refusal(error, route, id: id)
            }
        }
        return if let served { try await served.run(answer) } else { try await answer() }
    }

    private func refusal(_ error: any Error, _ route: Route?, id: UniqueID) -> Outcome {
        let problem = ProblemMapping.problem(for: error)
        if problem.type == .internalError {
            self.environment.logger.error(
                "a request failed",
                metadata: [
                    "operation": "\(route?.operation ?? "unmatched")", "request.id": "\(id)", "error": "\(error)",
                ])
        }
        let failure = problem.type == .internalError ? "\(error)" : problem.detail
        return Outcome(response: problem.response(instance: id.description), failure: failure)
    }

    private enum Lead {
        case route(Route, [String: String])
        /// Somebody asks what there is.
        case options(AllowedMethods)
    }

    private func lead(of request: ServiceRequest) throws -> Lead {
        let path = (request.head.path ?? "/").prefix { $0 != "?" }
        switch self.table.match(request.head.method, path: path) {
        case .route(let route, let parameters): return .route(route, parameters)
        case .nothing: throw Problem(.notFound, "no route leads to \(path)")
        case .otherMethods(let methods):
            guard request.head.method == .options else { throw methods.problem(request.head.method, on: path) }
            return .options(methods)
        }
    }

    private func answer(
        _ request: ServiceRequest, by route: Route, path: [String: String], id: UniqueID,
    ) async throws -> ServiceResponse {
        let principal = try await self.principal(for: route, request)
        let checks = RequestChecks(route: route)
        let query = try Self.query(of: request)
        try checks.parameters(path: path, query: query, headers: request.head.headerFields)
        let body = try checks.body(of: request)
        let headers = request.head.headerFields
        let actor = principal.map { principal in
            principal.role == .service
                ? headers[.actor] ?? "service:\(principal.clientID ?? "unknown")" : principal.subject.description
        }
        let metadata = EventMetadata(
            correlationID: id, causationID: headers[.causation].flatMap { UniqueID($0) },
            traceparent: EventMetadata.traceparent(or: headers[.traceparent]), actor: actor)
        let routed = RoutedRequest(
            raw: request, path: path, query: query, principal: principal, requestID: id, metadata: metadata, body: body)
        guard let pool = route.operationClass else { return try await route.handler(routed) }
        return try await self.compartments.run(pool, headers[.callPriority].flatMap { CallPriority(name: $0) }) {
            try await route.handler(routed)
        }
    }

    private func principal(for route: Route, _ request: ServiceRequest) async throws -> Principal? {
        if route.access == .anyone { return nil }
        let challenge: HTTPFields = [.wwwAuthenticate: "Bearer"]
        guard let header = request.head.headerFields[.authorization] else {
            throw Problem(.unauthenticated, "the Authorization header is missing", headers: challenge)
        }
        guard header.lowercased().hasPrefix("bearer "), header.utf8.count > 7 else {
            throw Problem(.unauthenticated, "the Authorization header must be 'Bearer TOKEN'", headers: challenge)
        }
        let principal = try await self.environment.authenticator.authenticate(String(header.dropFirst(7)))
        try Self.authorize(principal, for: route)
        return principal
    }

    private static func authorize(_ principal: Principal, for route: Route) throws {
        let isAllowed =
            switch route.access {
            case .anyone: true
            case .signedIn: principal.role != .service
            case .roles(let roles): roles.contains(principal.role)
            case .services: principal.role == .service
            }
        guard isAllowed else {
            throw Problem(
                .forbidden, "the role \(principal.role.rawValue) may not \(route.operation)",
                details: ["role": .string(principal.role.rawValue)])
        }
    }

    private static func query(of request: ServiceRequest) throws -> [String: String] {
        guard let path = request.head.path, let mark = path.firstIndex(of: "?") else { return [:] }
        guard let values = PercentEncoding.fields(path[path.index(after: mark)...]) else {
            throw Problem(.validationFailed, "the query string is not valid percent-encoded UTF-8")
        }
        return values
    }

    private func timeLeft(for request: ServiceRequest) -> Duration {
        guard let text = request.head.headerFields[.deadline], let milliseconds = Int64(text), milliseconds >= 0 else {
            return Self.defaultDeadline
        }
        return min(.milliseconds(milliseconds), .seconds(60))
    }

    private static func requestID(of request: ServiceRequest) -> UniqueID? {
        request.head.headerFields[.serviceRequestID].flatMap { UniqueID($0) }
    }
}
