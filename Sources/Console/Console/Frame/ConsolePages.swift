import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Logging

/// One request of an operator.
struct ConsoleCall: Sendable {
    let request: RoutedRequest
    let `operator`: ConsoleOperator
    /// Nil for a caller with a bearer token: it gets no forms.
    let secret: BrowserSecret?

    /// A query parameter that is not blank.
    func given(_ name: String) -> String? { self.request.query[name].flatMap { $0.isEmpty ? nil : $0 } }
}

/// What every page needs: who asks, the same numbers as JSON, and refusals in words.
struct ConsolePages: Sendable {
    let environment: ServiceEnvironment
    let operators: Operators
    let services: Services

    /// A page under `/console` and the document with all its numbers under `/console/api`.
    func view<Model: Encodable & Sendable>(
        _ path: String, _ operation: String, parameters: [Parameter] = [],
        load: @escaping @Sendable (ConsoleCall) async throws -> Model,
        show: @escaping @Sendable (Model, ConsoleCall) -> HTML,
    ) -> [Route] {
        let document = path.isEmpty ? "/overview" : path
        return [
            self.page(.get, "/console\(path)", operation, parameters: parameters) { call in
                .page(show(try await load(call), call))
            },
            self.document("/console/api\(document)", "\(operation)Document", parameters: parameters) { call in
                try .json(.ok, try await load(call), headers: [.cacheControl: "no-store"])
            },
        ]
    }

    /// A page for operators. Whoever is not logged in is led to the log-in and back.
    func page(
        _ method: HTTPRequest.Method, _ path: String, _ operation: String, parameters: [Parameter] = [],
        body: @escaping @Sendable (ConsoleCall) async throws -> ServiceResponse,
    ) -> Route {
        self.route(method, path, operation, parameters: parameters) { request in
            guard let (secret, who) = try await self.operators.session(of: request) else {
                let target = request.raw.head.method == .get ? request.raw.head.path ?? "/console" : "/console"
                return .redirect(to: "/console/login?target=\(PercentEncoding.encode(target))")
            }
            let call = ConsoleCall(request: request, operator: who, secret: secret)
            do {
                return try await body(call)
            } catch let error as CancellationError {
                throw error
            } catch {
                return self.refusal(error, call)
            }
        }
    }

    /// A form of ours that an operator sends: something is done, and written down with its outcome.
    func action(
        _ path: String, _ operation: String, parameters: [Parameter], target: String,
        body: @escaping @Sendable (ConsoleCall) async throws -> String,
    ) -> Route {
        self.page(.post, path, operation, parameters: parameters) { call in
            try call.secret?.requireOwnForm(try FormFields(call.request))
            let place = call.request.path.sorted { $0.key < $1.key }.map(\.value).joined(separator: " ")
            do {
                let location = try await body(call)
                try await self.audit(call, operation, "\(target) \(place)", "done")
                return .redirect(to: location)
            } catch {
                try await self.audit(call, operation, "\(target) \(place)", "refused: \(Self.words(error).detail)")
                throw error
            }
        }
    }

    private func audit(_ call: ConsoleCall, _ action: String, _ target: String, _ outcome: String) async throws {
        let row = AuditRow(
            at: self.environment.wallClock.now, operator: call.operator.email, action: action, target: target,
            outcome: outcome)
        try await self.environment.store.write { try OperationRows.add(row, in: $0) }
    }

    /// A document for whoever has a token or a session.
    private func document(
        _ path: String, _ operation: String, parameters: [Parameter],
        body: @escaping @Sendable (ConsoleCall) async throws -> ServiceResponse,
    ) -> Route {
        self.route(.get, path, operation, parameters: parameters) { request in
            var who = try await self.operators.bearer(request)
            if who == nil { who = try await self.operators.session(of: request)?.who }
            guard let who else { throw Problem(.unauthenticated, "a token or a session of an operator is needed") }
            do {
                return try await body(ConsoleCall(request: request, operator: who, secret: nil))
            } catch let problem as RemoteProblem {
                throw Problem(problem.status == 404 ? .notFound : .unavailable, problem.detail)
            }
        }
    }

    /// What operators look at has no place to wait for, and begins no trace.
    private func route(
        _ method: HTTPRequest.Method, _ path: String, _ operation: String, parameters: [Parameter],
        handler: @escaping @Sendable (RoutedRequest) async throws -> ServiceResponse,
    ) -> Route {
        var route = Route.page(
            method, PathPattern(stringLiteral: path), operation, parameters: parameters, handler: handler)
        route.operationClass = nil
        return route
    }

    private func refusal(_ error: any Error, _ call: ConsoleCall) -> ServiceResponse {
        let (title, detail, status) = Self.words(error)
        if status == 500 {
            self.environment.logger.error(
                "a page failed", metadata: ["request.id": "\(call.request.requestID)", "error": "\(error)"])
        }
        return .page(
            Frame.page(title, .none, for: call, "<p class=\"empty\">\(detail)</p>"),
            status: HTTPResponse.Status(code: status))
    }

    private static func words(_ error: any Error) -> (title: String, detail: String, status: Int) {
        if let remote = error as? RemoteProblem { return ("That did not work", remote.detail, remote.status) }
        let problem = ProblemMapping.problem(for: error)
        let detail = problem.type == .internalError ? "Something went wrong on our side." : problem.detail
        return (problem.type.title, detail, problem.type.status)
    }
}
