public import Essentials
public import EventSourcing
public import HTTPTypes
import Resilience

/// Calls another service: with a token for it, the deadline, trace and id of the request at hand, and behind a pipeline
/// of timeout, retry with budget, and breaker.
public struct ServiceClient: Sendable {
    /// The service that is called.
    public let service: ServiceName
    private let transport: any ServiceTransport
    private let credentials: any ServiceCredentials
    private let time: TimeSource
    private let pipeline: Pipeline
    private let telemetry: ServiceTelemetry

    /// - Parameter environment: of the service that calls.
    public init(_ service: ServiceName, in environment: ServiceEnvironment) {
        self.service = service
        self.transport = environment.transport
        self.credentials = environment.credentials
        self.time = environment.time
        self.pipeline = Self.pipeline(for: service, in: environment)
        self.telemetry = environment.telemetry
    }

    /// Calls and decodes the answer.
    ///
    /// - Parameters:
    ///   - body: sent as JSON; nil for none.
    ///   - key: the `Idempotency-Key`. A call without one is repeated only when its method is safe.
    ///   - metadata: the request or event on whose behalf the call is made.
    ///   - person: who calls; nil for the service itself.
    /// - Throws: ``RemoteProblem`` for a refusal, ``TransportError``, `Refusal` of the pipeline.
    public func call<Answer: Decodable & Sendable>(
        _ method: HTTPRequest.Method, _ path: String, body: (any Encodable & Sendable)? = nil, key: UniqueID? = nil,
        metadata: EventMetadata, by person: CallingPerson? = nil, as answer: Answer.Type = Answer.self,
    ) async throws -> Answer {
        let response = try await self.send(method, path, body: body, key: key, metadata: metadata, by: person)
        do {
            return try EventCoding.decode(answer, from: response.body)
        } catch {
            throw TransportError(.badResponse, "\(self.service) answered \(path) with something else than \(answer)")
        }
    }

    /// Calls and returns a successful answer as it came.
    public func send(
        _ method: HTTPRequest.Method, _ path: String, body: (any Encodable & Sendable)? = nil, key: UniqueID? = nil,
        metadata: EventMetadata, by person: CallingPerson? = nil,
    ) async throws -> ServiceResponse {
        var request = ServiceRequest(method, path)
        if let body {
            request.body = try EventCoding.encode(body)
            request.head.headerFields[.contentType] = "application/json"
        }
        let token = try person?.token?.exposed ?? self.credentials.token(for: self.service)
        request.head.headerFields[.authorization] = "Bearer \(token)"
        request.head.headerFields[.clientIP] = person?.address
        request.head.headerFields[.serviceRequestID] = metadata.correlationID.description
        request.head.headerFields[.traceparent] = metadata.traceparent
        request.head.headerFields[.actor] = metadata.actor
        request.head.headerFields[.causation] = metadata.causationID?.description
        request.head.headerFields[.callPriority] = CallPriority.current.name
        request.head.headerFields[.idempotencyKey] = key?.description
        let ready = request
        if key != nil || method == .get {
            return try await self.pipeline.run { try await self.attempt(ready) }
        }
        return try await self.attempt(ready)
    }

    private func attempt(_ request: ServiceRequest) async throws -> ServiceResponse {
        let deadline = Deadline.within(.seconds(10), of: self.time.now)
        var request = request
        request.head.headerFields[.deadline] = String(deadline.remaining(at: self.time.now).milliseconds)
        let response = try await self.telemetry.calling(self.service, request) {
            try await self.transport.call(self.service, $0, deadline: deadline)
        }
        guard (200..<300).contains(response.head.status.code) else { throw self.problem(in: response) }
        return response
    }

    private func problem(in response: ServiceResponse) -> RemoteProblem {
        let status = response.head.status.code
        let json = try? JSONReader.parse(response.body)
        let seconds = response.head.headerFields[.retryAfter].flatMap { Int64($0) }
        return RemoteProblem(
            service: self.service, status: status, code: json?["code"]?.string ?? "http-\(status)",
            detail: json?["detail"]?.string ?? "no details", details: json?["details"]?.object ?? JSONObject(),
            retryAfter: seconds.map { .seconds($0) })
    }
}

/// Somebody outside for whom a service calls the public API of another.
public struct CallingPerson: Sendable {
    /// Their access token; nil for somebody who has not logged in.
    public var token: Redacted<String>?
    /// The address that they come from, as the gateway saw it.
    public var address: String?

    public init(token: Redacted<String>?, address: String?) {
        self.token = token
        self.address = address
    }
}
