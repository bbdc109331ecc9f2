import Chassis
import Essentials
import HTTPTypes
import Logging
import ShopContracts

/// What every page needs: who asks, and a way to refuse in words.
struct ShopPages: Sendable {
    let environment: ServiceEnvironment
    let api: PublicAPI
    let visitors: Visitors

    /// A route whose refusals are pages, too.
    func page(
        _ method: HTTPRequest.Method, _ path: PathPattern, _ operation: String, parameters: [Parameter] = [],
        body: @escaping @Sendable (PageCall) async throws -> ServiceResponse,
    ) -> Route {
        .page(method, path, operation, parameters: parameters) { request in
            let visitor = try await self.visitors.visitor(request)
            let call = PageCall(request: request, visitor: visitor)
            var response: ServiceResponse
            do {
                response = try await body(call)
            } catch let error as CancellationError {
                throw error
            } catch {
                response = self.refusal(error, call)
            }
            let needsCookie = visitor.isNew && response.head.headerFields[.setCookie] == nil
            if needsCookie {
                response.head.headerFields.append(contentsOf: self.visitors.cookie.field(visitor.secret.text))
            }
            return response
        }
    }

    /// A form of ours that was sent.
    func form(
        _ path: PathPattern, _ operation: String, parameters: [Parameter] = [],
        body: @escaping @Sendable (PageCall, FormFields) async throws -> ServiceResponse,
    ) -> Route {
        self.page(.post, path, operation, parameters: parameters) { call in
            let form = try FormFields(call.request)
            try call.visitor.secret.requireOwnForm(form)
            return try await body(call, form)
        }
    }

    private func refusal(_ error: any Error, _ call: PageCall) -> ServiceResponse {
        if let remote = error as? RemoteProblem {
            if remote.status == 401 { return .redirect(to: call.logInPath) }
            let status = HTTPResponse.Status(code: remote.status)
            return .page(AccountPages.refused("That did not work", remote.detail, for: call.visitor), status: status)
        }
        let problem = ProblemMapping.problem(for: error)
        if problem.type == .internalError {
            self.environment.logger.error(
                "a page failed", metadata: ["request.id": "\(call.request.requestID)", "error": "\(error)"])
        }
        let detail = problem.type == .internalError ? "Something went wrong on our side." : problem.detail
        return .page(
            AccountPages.refused(problem.type.title, detail, for: call.visitor),
            status: HTTPResponse.Status(code: problem.type.status))
    }
}

/// One request for a page.
struct PageCall: Sendable {
    let request: RoutedRequest
    var visitor: Visitor

    /// Calls of the public API for this visitor.
    var api: VisitorCall {
        VisitorCall(
            metadata: self.request.metadata,
            person: CallingPerson(
                token: self.visitor.customer.map { Redacted($0.accessToken) },
                address: self.request.header(.clientIP) ?? self.request.raw.peer))
    }

    /// Where somebody logs in who wants this page.
    var logInPath: String {
        let target = self.request.raw.head.method == .get ? self.request.raw.head.path ?? "/" : "/"
        return "/login?target=\(PercentEncoding.encode(target))"
    }
}
