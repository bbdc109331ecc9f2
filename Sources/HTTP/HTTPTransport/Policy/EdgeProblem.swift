public import HTTPWire

/// What the proxy itself answers, as problem details (RFC 9457) of its own types.
public enum EdgeProblem: Error, Hashable, Sendable {
    /// The message broke a rule of HTTP; the connection is closed.
    case malformed(WireError.Code)
    /// The path can be read in two ways.
    case ambiguousPath
    /// No route leads there.
    case noRoute
    /// The head did not arrive in time.
    case headTimeout
    /// The body did not arrive in time.
    case bodyTimeout
    /// No endpoint could be connected to.
    case upstreamUnreachable
    /// An endpoint broke off, or what it answered breaks a rule of HTTP.
    case upstreamFailed
    /// An endpoint did not answer in time.
    case upstreamTimeout
    /// Too many requests wait for the endpoint already.
    case upstreamBusy
    /// No endpoint is known where the request is to go.
    case upstreamUnknown
    /// Too many requests wait for decisions, or for answers of the proxy's own.
    case overloaded

    /// One of each, for tables of what there is.
    public static let kinds: [EdgeProblem] = [
        .malformed(.invalidTarget), .ambiguousPath, .noRoute, .headTimeout, .bodyTimeout, .upstreamUnreachable,
        .upstreamFailed, .upstreamTimeout, .upstreamBusy, .upstreamUnknown, .overloaded,
    ]

    /// 400 to 505.
    public var status: Int {
        switch self {
        case .malformed(let code): code.status
        case .ambiguousPath: 400
        case .noRoute: 404
        case .headTimeout, .bodyTimeout: 408
        case .upstreamUnreachable, .upstreamFailed: 502
        case .upstreamTimeout: 504
        case .upstreamBusy, .upstreamUnknown, .overloaded: 503
        }
    }

    /// The last part of the `type`, and the member `code`.
    public var code: String {
        switch self {
        case .malformed: "malformed-request"
        case .ambiguousPath: "ambiguous-path"
        case .noRoute: "no-route"
        case .headTimeout: "head-timeout"
        case .bodyTimeout: "body-timeout"
        case .upstreamUnreachable: "upstream-unreachable"
        case .upstreamFailed: "upstream-failed"
        case .upstreamTimeout: "upstream-timeout"
        case .upstreamBusy: "upstream-busy"
        case .upstreamUnknown: "upstream-unknown"
        case .overloaded: "overloaded"
        }
    }

    public var title: String {
        switch self {
        case .malformed: "The request breaks a rule of HTTP."
        case .ambiguousPath: "The path can be read in two ways."
        case .noRoute: "Nothing is offered there."
        case .headTimeout: "The head of the request did not arrive in time."
        case .bodyTimeout: "The body of the request did not arrive in time."
        case .upstreamUnreachable: "The service cannot be reached."
        case .upstreamFailed: "The service broke off or answered something that is not HTTP."
        case .upstreamTimeout: "The service did not answer in time."
        case .upstreamBusy: "Too many requests wait for the service."
        case .upstreamUnknown: "The service is not running."
        case .overloaded: "Too many requests wait."
        }
    }

    /// Seconds for `Retry-After`.
    public var retryAfter: Int? {
        switch self {
        case .upstreamUnreachable, .upstreamBusy, .upstreamUnknown, .overloaded: 1
        case .malformed, .ambiguousPath, .noRoute, .headTimeout, .bodyTimeout, .upstreamFailed, .upstreamTimeout: nil
        }
    }

    /// The problem as an answer, unless a router words it otherwise.
    public var answer: ProxyAnswer {
        var rule = ""
        if case .malformed(let code) = self { rule = ",\"rule\":\"\(code.rawValue)\"" }
        let body =
            "{\"type\":\"/problems/\(self.code)\",\"title\":\"\(self.title)\",\"status\":\(self.status),"
            + "\"code\":\"\(self.code)\"\(rule)}"
        var fields = "Content-Type: application/problem+json\r\nCache-Control: no-store\r\n"
        if let retryAfter = self.retryAfter { fields += "Retry-After: \(retryAfter)\r\n" }
        return ProxyAnswer(status: self.status, fields: Array(fields.utf8), body: Array(body.utf8))
    }
}
