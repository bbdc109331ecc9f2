import Chassis
import Essentials
import GatewayCore
import HTTPTypes
import Identity
import LoadBalancing

/// The policies on whole messages.
extension TrafficPolicy {
    /// The answer to a browser that asks whether it may ask; nil for every other request.
    func preflightAnswer(to request: HTTPRequest) -> ServiceResponse? {
        guard let cors = self.policy.cors, request.method == .options,
            let preflight = CORSPolicy.Preflight(
                origin: request.headerFields[.origin], method: request.headerFields[.accessControlRequestMethod],
                headers: request.headerFields[.accessControlRequestHeaders])
        else { return nil }
        var answer = ServiceResponse(status: .noContent)
        answer.head.headerFields.append(cors.fields(for: preflight))
        return answer
    }

    /// What every answer tells a browser about other origins.
    func originFields(for request: HTTPRequest) -> [HeaderChanges.Field] {
        self.policy.cors?.fields(origin: request.headerFields[.origin]) ?? []
    }

    /// Holds the request up, or has it fail, as far as the route's fault says so.
    func injectFault(into request: HTTPRequest, _ chance: Chance, _ time: TimeSource) async throws {
        guard let policy = self.policy.fault else { return }
        let hasHeader = policy.header.flatMap { HTTPField.Name($0) }.map { request.headerFields[$0] != nil } ?? false
        let fault = policy.draw(hasHeader: hasHeader, chance)
        if let delay = fault.delay { try await time.sleep(for: delay) }
        if let abort = fault.abort { throw Problem.injectedFault(abort, of: self.route) }
    }

    /// The key of the requests that one is counted with.
    func limitKey(
        of request: ServiceRequest, tenant: String, _ principal: Principal?, client: UInt64
    ) -> UInt64 {
        switch self.policy.rateLimit?.key {
        case .client, nil: client
        case .tenant: tenant.isEmpty ? client : BalancingKey.of(tenant.lowercased())
        case .subject: principal.map { Self.limitKey(of: $0) } ?? client
        case .header(let name):
            HTTPField.Name(name).flatMap { request.head.headerFields[$0] }.map { BalancingKey.of($0) } ?? client
        }
    }

    static func limitKey(of principal: Principal) -> UInt64 { principal.subject.high ^ principal.subject.low }

    /// What goes on to the service.
    func edit(outgoing request: inout ServiceRequest) {
        request.head.headerFields.apply(self.policy.requestHeaders)
        guard !self.policy.requestQuery.isEmpty else { return }
        let target = self.policy.requestQuery.applied(to: Array((request.head.path ?? "/").utf8))
        request.head.path = String(decoding: target, as: UTF8.self)
    }

    /// What goes back to the client.
    func edit(incoming response: inout ServiceResponse) {
        if self.policy.cors != nil {
            let own = response.head.headerFields.map(\.name).filter { name in
                name.canonicalName.hasPrefix(CORSPolicy.fieldPrefix)
            }
            for name in own { response.head.headerFields[name] = nil }
        }
        response.head.headerFields.apply(self.policy.responseHeaders)
    }
}

extension HTTPFields {
    mutating func append(_ fields: [HeaderChanges.Field]) {
        for field in fields {
            guard let name = HTTPField.Name(field.name) else { continue }
            self.append(HTTPField(name: name, value: field.value))
        }
    }

    fileprivate mutating func apply(_ changes: HeaderChanges) {
        for name in changes.remove + changes.set.map(\.name) {
            guard let name = HTTPField.Name(name) else { continue }
            self[name] = nil
        }
        self.append(changes.set + changes.add)
    }
}
