public import Essentials
public import EventSourcing
public import HTTPTypes
public import Identity

/// A request that has found its route and passed its checks.
public struct RoutedRequest: Sendable {
    public let raw: ServiceRequest
    /// Named parts of the path.
    public let path: [String: String]
    /// Query parameters; the last wins where one is repeated.
    public let query: [String: String]
    /// Who calls; nil only on routes for everyone.
    public let principal: Principal?
    /// The id of the request, the same through all services that it reaches.
    public let requestID: UniqueID
    /// Trace and actor, for the events that this call causes.
    public let metadata: EventMetadata
    /// The body, already checked against the route's schema; nil for a route without one.
    public let body: JSONValue?

    /// The caller. On a route that needs one this never throws.
    public func caller() throws -> Principal {
        guard let principal else { throw Problem(.unauthenticated, "a bearer token is needed") }
        return principal
    }

    /// The body as its model.
    public func decode<Model: Decodable>(_ model: Model.Type) throws -> Model {
        do {
            return try EventCoding.decode(model, from: self.raw.body)
        } catch let error as DecodingError {
            throw Problem(.malformedBody, "\(Self.place(of: error)): this cannot be read")
        } catch {
            throw Problem(.malformedBody, "body: this cannot be read")
        }
    }

    /// Where in the body reading stopped: a JSON Pointer, without the words of the decoder.
    private static func place(of error: DecodingError) -> String {
        let path: [any CodingKey] =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context.codingPath
            @unknown default: []
            }
        return path.isEmpty ? "body" : path.map { "/" + ($0.intValue.map { "\($0)" } ?? $0.stringValue) }.joined()
    }

    /// A path parameter as an identifier.
    public func id<Subject>(
        _ name: String, as _: Identifier<Subject>.Type = Identifier<Subject>.self
    ) throws
        -> Identifier<Subject>
    {
        guard let id = self.path[name].flatMap({ Identifier<Subject>($0) }) else {
            throw Problem(.validationFailed, "the path parameter \(name) must be a UUID")
        }
        return id
    }

    /// A query parameter as a whole number, within the range that the route declares.
    public func integer(_ name: String) -> Int? {
        self.query[name].flatMap { JSONValue.number($0).wholeNumber }.map { Int($0) }
    }

    public func header(_ name: HTTPField.Name) -> String? { self.raw.head.headerFields[name] }
}

extension ServiceResponse {
    /// A JSON answer with sorted keys.
    public static func json(
        _ status: HTTPResponse.Status = .ok, _ value: some Encodable, headers: HTTPFields = [:],
    ) throws -> ServiceResponse {
        var head = HTTPResponse(status: status, headerFields: headers)
        head.headerFields[.contentType] = "application/json"
        return ServiceResponse(head, body: try EventCoding.encode(value))
    }

    public static func empty(_ status: HTTPResponse.Status = .noContent) -> ServiceResponse {
        ServiceResponse(status: status)
    }
}
