import Essentials
public import HTTPWire

/// What the proxy itself answers, as problem details (RFC 9457) of its own types.
public enum EdgeProblem: Hashable, Sendable {
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

    /// 400 to 505.
    public var status: Int {
        switch self {
        case .malformed(let code): code.status
        case .ambiguousPath: 400
        case .noRoute: 404
        case .headTimeout, .bodyTimeout: 408
        case .upstreamUnreachable, .upstreamFailed: 502
        case .upstreamTimeout: 504
        case .upstreamBusy: 503
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
        }
    }

    /// Seconds for `Retry-After`.
    var retryAfter: Int? {
        switch self {
        case .upstreamUnreachable, .upstreamBusy: 1
        case .malformed, .ambiguousPath, .noRoute, .headTimeout, .bodyTimeout, .upstreamFailed, .upstreamTimeout: nil
        }
    }

    private var reason: String {
        switch self.status {
        case 400: "Bad Request"
        case 404: "Not Found"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 417: "Expectation Failed"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Refused"
        }
    }

    /// Appends the whole answer.
    /// - Parameters:
    ///   - date: the moment of the answer.
    ///   - closes: whether the connection ends behind it.
    ///   - hasBody: false in answers to `HEAD`.
    func write(_ output: inout WireBuffer, date: Timestamp, closes: Bool, hasBody: Bool) {
        var rule = ""
        if case .malformed(let code) = self { rule = ",\"rule\":\"\(code.rawValue)\"" }
        let body =
            "{\"type\":\"/problems/\(self.code)\",\"title\":\"\(self.title)\",\"status\":\(self.status),"
            + "\"code\":\"\(self.code)\"\(rule)}"
        var head =
            "HTTP/1.1 \(self.status) \(self.reason)\r\nDate: \(HTTPDate.text(date))\r\n"
            + "Content-Type: application/problem+json\r\n"
            + "Content-Length: \(body.utf8.count)\r\nCache-Control: no-store\r\n"
        if let retryAfter = self.retryAfter { head += "Retry-After: \(retryAfter)\r\n" }
        if closes { head += "Connection: close\r\n" }
        output.append(contentsOf: Array((head + "\r\n" + (hasBody ? body : "")).utf8))
    }
}
