import Essentials
import HTTPWire

/// A whole answer that is not an upstream's.
public struct ProxyAnswer: Hashable, Sendable {
    /// 200 to 599.
    public var status: Int
    /// Field lines, each with its line end, without `Date`, `Connection` and the framing.
    public var fields: [UInt8]
    public var body: [UInt8]
    /// `Content-Length` where the body is left out because the request was a `HEAD`; nil for that of ``body``.
    public var length: Int?

    public init(status: Int, fields: [UInt8] = [], body: [UInt8] = [], length: Int? = nil) {
        self.status = status
        self.fields = fields
        self.body = body
        self.length = length
    }

    /// - Parameter fields: values must not have control characters.
    public init(status: Int, _ fields: KeyValuePairs<String, String>, body: String = "") {
        let lines = fields.map { "\($0.key): \($0.value)\r\n" }.joined()
        self.init(status: status, fields: Array(lines.utf8), body: Array(body.utf8))
    }

    /// Whether an answer of that status has content, so that its length is told.
    private var mayHaveBody: Bool { self.status != 204 && self.status != 304 }

    /// Appends the head up to the router's own fields.
    func writeHead(_ output: inout WireBuffer, date: Timestamp, connection: StaticString) {
        output.append("HTTP/1.1 ")
        output.append(decimal: Int64(self.status))
        output.append(.init(ascii: " "))
        output.append(contentsOf: Array(Self.reason(self.status).utf8))
        output.append("\r\nDate: ")
        output.append(contentsOf: Array(HTTPDate.text(secondsSince1970: date.seconds).utf8))
        output.append("\r\n")
        output.append(contentsOf: self.fields)
        if self.mayHaveBody {
            output.append("Content-Length: ")
            output.append(decimal: Int64(self.length ?? self.body.count))
            output.append("\r\n")
        }
        output.append(connection)
    }

    /// Appends what is behind the fields.
    func writeRest(_ output: inout WireBuffer, toHead: Bool) {
        output.append("\r\n")
        if !toHead, self.mayHaveBody { output.append(contentsOf: self.body) }
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 428: "Precondition Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }
}
