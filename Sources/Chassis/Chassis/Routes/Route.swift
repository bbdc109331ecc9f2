import Essentials
public import HTTPTypes
public import Identity
public import Resilience

/// Who may use a route.
public enum Access: Hashable, Sendable {
    /// Everyone, also without a token.
    case anyone
    /// Every signed-in person.
    case signedIn
    /// Persons with one of these roles.
    case roles([Role])
    /// Other services, with a token for this service. The gateway never routes to these.
    case services

    public static let operators = Access.roles([.operator, .admin])
    public static let admins = Access.roles([.admin])
}

/// A parameter outside the body.
public struct Parameter: Sendable {
    public enum Place: String, Sendable {
        case path
        case query
        case header
    }

    public var name: String
    public var place: Place
    public var schema: Schema
    public var isRequired: Bool
    public var about: String

    public init(_ name: String, in place: Place, _ schema: Schema, required: Bool, _ about: String) {
        self.name = name
        self.place = place
        self.schema = schema
        self.isRequired = required
        self.about = about
    }

    public static func path(_ name: String, _ schema: Schema, _ about: String) -> Parameter {
        Parameter(name, in: .path, schema, required: true, about)
    }

    /// A UUID in the path.
    public static func path(_ name: String, _ about: String) -> Parameter { .path(name, .uuid, about) }

    public static func query(_ name: String, _ schema: Schema, _ about: String) -> Parameter {
        Parameter(name, in: .query, schema, required: false, about)
    }

    public static func header(_ name: String, _ schema: Schema, required: Bool, _ about: String) -> Parameter {
        Parameter(name, in: .header, schema, required: required, about)
    }
}

/// An answer that a route gives when nothing went wrong, or one that carries a resource all the same (a 409 with the
/// existing order).
public struct Answer: Sendable {
    public var status: HTTPResponse.Status
    /// The body's shape; nil for no body.
    public var schema: Schema?
    public var mediaType: String
    public var about: String

    public init(
        _ status: HTTPResponse.Status, _ schema: Schema?, _ about: String, mediaType: String = "application/json",
    ) {
        self.status = status
        self.schema = schema
        self.about = about
        self.mediaType = mediaType
    }

    public static func json<Model: APIModel>(
        _ status: HTTPResponse.Status = .ok, _ model: Model.Type, _ about: String,
    ) -> Answer {
        Answer(status, .model(model), about)
    }

    public static func empty(_ status: HTTPResponse.Status, _ about: String) -> Answer { Answer(status, nil, about) }

    /// 204.
    public static func empty(_ about: String) -> Answer { .empty(.noContent, about) }
}

/// One operation of a service: how it is found, who may use it, what it takes, what it answers, and what it does.
///
/// The same value routes requests, refuses what breaks it, and becomes an operation of the OpenAPI document.
public struct Route: Sendable {
    public var method: HTTPRequest.Method
    public var path: PathPattern
    /// Unique over the whole API: the document's `operationId`.
    public var operation: String
    public var tag: String
    public var summary: String
    public var access: Access
    public var parameters: [Parameter]
    public var body: Schema?
    public var answers: [Answer]
    /// The kinds of refusal besides those that follow from access, parameters and body.
    public var problems: [ProblemType]
    /// The pool that it runs in; nil for none: what must answer under any load, or waits by design.
    public var operationClass: OperationClass?
    /// Whether it serves people's browsers rather than the documented API. Default: false.
    public var isPage = false
    public var handler: @Sendable (RoutedRequest) async throws -> ServiceResponse

    public init(
        _ method: HTTPRequest.Method, _ path: PathPattern, _ operation: String, tag: String, _ summary: String,
        access: Access = .signedIn, parameters: [Parameter] = [], body: Schema? = nil, answers: [Answer],
        problems: [ProblemType] = [], handler: @escaping @Sendable (RoutedRequest) async throws -> ServiceResponse,
    ) {
        let declared = parameters.filter { $0.place == .path }.map(\.name)
        precondition(declared == path.parameters, "\(operation) declares \(declared) for the path \(path)")
        self.method = method
        self.path = path
        self.operation = operation
        self.tag = tag
        self.summary = summary
        self.access = access
        self.parameters = parameters
        self.body = body
        self.answers = answers
        self.problems = problems
        self.operationClass = Self.operationClass(of: method, access)
        self.handler = handler
    }

    /// What customers and services do is critical, what they look at is standard, what operators look at are reports.
    private static func operationClass(of method: HTTPRequest.Method, _ access: Access) -> OperationClass {
        let reads = method == .get || method == .head
        switch access {
        case .anyone: return .standard
        case .signedIn, .services: return reads ? .standard : .critical
        case .roles: return reads ? .analytics : .standard
        }
    }

    /// Whether the route belongs to the public API: not `/internal/…`, not for services only, and not a page.
    public var isPublic: Bool {
        self.access != .services && !self.path.description.hasPrefix("/internal/") && !self.isPage
    }
}
