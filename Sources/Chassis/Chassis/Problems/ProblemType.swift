public import Essentials
public import HTTPTypes

/// One kind of problem that a service may answer with, as documented under its `type` URI.
public struct ProblemType: Hashable, Sendable {
    /// The stable name: the last part of the `type` URI and the member `code`.
    public let code: String
    public let status: Int
    /// The same sentence for every occurrence.
    public let title: String

    public init(_ code: String, _ status: Int, _ title: String) {
        self.code = code
        self.status = status
        self.title = title
    }

    /// The `type` member: a reference relative to the public address, answered by the gateway.
    public var uri: String { "/problems/\(self.code)" }
}

extension ProblemType {
    public static let malformedBody = ProblemType("malformed-body", 400, "The body cannot be read.")
    public static let validationFailed = ProblemType("validation-failed", 400, "The request breaks its schema.")
    public static let unauthenticated = ProblemType("unauthenticated", 401, "A valid bearer token is needed.")
    public static let forbidden = ProblemType("forbidden", 403, "The caller may not do this.")
    public static let notFound = ProblemType("not-found", 404, "There is no such thing.")
    public static let methodNotAllowed = ProblemType("method-not-allowed", 405, "The method is not offered here.")
    public static let notAcceptable = ProblemType("not-acceptable", 406, "No offered representation is acceptable.")
    public static let conflict = ProblemType("conflict", 409, "The state of the resource does not allow this.")
    public static let bodyTooLarge = ProblemType("body-too-large", 413, "The body is larger than the limit.")
    public static let unsupportedMediaType = ProblemType("unsupported-media-type", 415, "The media type is not read.")
    public static let unprocessable = ProblemType("unprocessable", 422, "The request is well-formed but cannot be met.")
    public static let tooManyRequests = ProblemType("too-many-requests", 429, "The caller has reached a limit.")
    public static let internalError = ProblemType("internal-error", 500, "The service failed.")
    public static let unavailable = ProblemType("unavailable", 503, "The service cannot answer now.")

    /// The kinds that any service may answer with.
    public static let common: [ProblemType] = [
        .malformedBody, .validationFailed, .unauthenticated, .forbidden, .notFound, .methodNotAllowed, .notAcceptable,
        .conflict, .bodyTooLarge, .unsupportedMediaType, .unprocessable, .tooManyRequests, .internalError, .unavailable,
    ]
}

/// A refusal as RFC 9457 problem details: thrown anywhere in a service, rendered in one place.
public struct Problem: Error, Hashable, Sendable {
    public var type: ProblemType
    /// What was wrong in this case and what would be accepted.
    public var detail: String
    /// Facts for machines: the field, the limit, the current state.
    public var details: JSONObject
    /// How long until the same request may succeed.
    public var retryAfter: Duration?
    /// Headers that belong to the refusal, such as `Allow`.
    public var headers: HTTPFields

    public init(
        _ type: ProblemType, _ detail: String, details: KeyValuePairs<String, JSONValue> = [:],
        retryAfter: Duration? = nil, headers: HTTPFields = [:],
    ) {
        self.type = type
        self.detail = detail
        self.details = JSONObject()
        for (name, value) in details { self.details[name] = value }
        self.retryAfter = retryAfter
        self.headers = headers
    }
}

extension Problem: CustomStringConvertible {
    public var description: String { "\(self.type.status) \(self.type.code): \(self.detail)" }
}

extension Problem {
    /// The most Unicode scalars of ``detail`` that are told. It quotes what a client sent, and that may be any length.
    static let maximumDetail = 4_000

    /// This problem as a response.
    /// - Parameter instance: the request's id, by which logs and traces find it.
    public func response(instance: String? = nil) -> ServiceResponse {
        let detail = JSONValue.string(self.detail.printable(atMost: Self.maximumDetail))
        var members: JSONValue = [
            "type": .string(self.type.uri), "title": .string(self.type.title),
            "status": .integer(self.type.status), "code": .string(self.type.code), "detail": detail,
            "message": detail, "details": .object(self.details),
        ]
        if let instance { members = members.setting("instance", to: .string("urn:request:\(instance)")) }
        var head = HTTPResponse(status: HTTPResponse.Status(code: self.type.status), headerFields: self.headers)
        head.headerFields[.contentType] = "application/problem+json"
        head.headerFields[.cacheControl] = "no-store"
        if let retryAfter { head.headerFields[.retryAfter] = String(max(1, (retryAfter.milliseconds + 999) / 1_000)) }
        return ServiceResponse(head, body: members.serializedInOrder)
    }
}

extension String {
    /// This text without control characters, cut off behind `count` Unicode scalars.
    fileprivate func printable(atMost count: Int) -> String {
        var text = String.UnicodeScalarView()
        for scalar in self.unicodeScalars.prefix(count) {
            text.append(scalar.value < 0x20 || scalar.value == 0x7F ? "\u{FFFD}" : scalar)
        }
        return String(text)
    }
}
