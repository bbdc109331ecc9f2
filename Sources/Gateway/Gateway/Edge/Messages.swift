public import Chassis
import GatewayCore
import HTTPTransport
import HTTPTypes

/// Whole messages between the transport and handlers.
extension ServiceRequest {
    /// - Returns: nil when the method is none that a handler can be asked with.
    init?(_ request: ProxyRequest) {
        guard let method = HTTPRequest.Method(rawValue: request.method) else { return nil }
        var fields = HTTPFields()
        for field in request.fields {
            guard let name = HTTPField.Name(field.name) else { return nil }
            fields.append(HTTPField(name: name, value: field.value))
        }
        self.init(
            HTTPRequest(
                method: method, scheme: request.isSecure ? "https" : "http", authority: nil, path: request.target,
                headerFields: fields),
            body: request.body, peer: request.peer)
    }
}

extension ServiceResponse {
    /// This as bytes for a client.
    var answer: ProxyAnswer {
        var lines = ""
        for field in ForwardedHeaders.incoming(self.head.headerFields) where field.name != .date {
            lines += "\(field.name.rawName): \(field.value)\r\n"
        }
        let length = self.body.isEmpty ? self.head.headerFields[.contentLength].flatMap { Int($0) } : nil
        return ProxyAnswer(status: self.head.status.code, fields: Array(lines.utf8), body: self.body, length: length)
    }
}

extension ProblemType {
    init(_ problem: EdgeProblem) { self.init(problem.code, problem.status, problem.title) }

    /// What the gateway's transport and its policies refuse. Malformed requests have other statuses too, see `HTTPTransport`.
    public static let edge: [ProblemType] = {
        let own = EdgeProblem.kinds.map { ProblemType($0) }
        return own + ProblemType.traffic.filter { type in !own.contains { $0.code == type.code } }
    }()
}
