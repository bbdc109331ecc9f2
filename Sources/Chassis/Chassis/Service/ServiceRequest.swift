public import Essentials
public import HTTPTypes

/// A whole HTTP request: its head and its body, which has been read and bounded by whoever received it.
public struct ServiceRequest: Sendable {
    public var head: HTTPRequest
    public var body: [UInt8]
    /// The address at the other end of the connection, without port; nil where there is no connection.
    public var peer: String?

    public init(_ head: HTTPRequest, body: [UInt8] = [], peer: String? = nil) {
        self.head = head
        self.body = body
        self.peer = peer
    }

    public init(_ method: HTTPRequest.Method, _ path: String, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.head = HTTPRequest(method: method, scheme: "http", authority: nil, path: path, headerFields: headers)
        self.body = body
        self.peer = nil
    }
}

/// A whole HTTP response.
public struct ServiceResponse: Sendable {
    public var head: HTTPResponse
    public var body: [UInt8]

    public init(_ head: HTTPResponse, body: [UInt8] = []) {
        self.head = head
        self.body = body
    }

    public init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.head = HTTPResponse(status: status, headerFields: headers)
        self.body = body
    }
}

extension ServiceResponse {
    /// A JSON document whose members stay in their order and that nobody may keep.
    public static func document(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> ServiceResponse {
        ServiceResponse(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: value.serializedInOrder)
    }

    /// This as the answer to a HEAD: the head that a GET would get, with the length of the body that is left out
    /// (RFC 9110 §9.3.2).
    public var withoutBody: ServiceResponse {
        var answer = self
        answer.body = []
        if !self.body.isEmpty { answer.head.headerFields[.contentLength] = String(self.body.count) }
        return answer
    }
}

/// What a service is to the world: a function from requests to responses. It throws nothing but `CancellationError`.
public typealias ServiceHandler = @Sendable (ServiceRequest) async throws -> ServiceResponse

/// Carries requests to other services: over HTTP in production, in memory in the simulator.
public protocol ServiceTransport: Sendable {
    /// - Parameter deadline: when waiting for the answer ends.
    /// - Throws: a ``TransportError``, or `CancellationError`. Any answer of the service, also a 5xx, is a response.
    func call(_ service: ServiceName, _ request: ServiceRequest, deadline: Deadline) async throws -> ServiceResponse
}

/// Why no answer came back.
public struct TransportError: Error, Hashable, Sendable, CustomStringConvertible {
    @nonexhaustive public enum Code: String, Hashable, Sendable {
        /// No address is known for the service.
        case unknownService
        /// The connection was refused or could not be made: the request did not arrive.
        case notConnected
        /// The connection broke after the request was sent: whether it was carried out is unknown.
        case connectionLost
        /// The deadline passed before the answer came: whether the request was carried out is unknown.
        case deadlineExceeded
        /// The answer was larger than the caller takes, or no HTTP.
        case badResponse
    }

    public var code: Code
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the service may have carried the request out.
    public var mayHaveHappened: Bool {
        switch self.code {
        case .unknownService, .notConnected: false
        case .connectionLost, .deadlineExceeded, .badResponse: true
        }
    }

    public var description: String { "\(self.code.rawValue): \(self.message)" }
}
