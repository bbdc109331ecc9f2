import Essentials
public import HTTPTypes

/// All operations of a service.
public struct RouteTable: Sendable {
    public let routes: [Route]

    public init(_ routes: [Route]) {
        let operations = routes.map(\.operation)
        precondition(Set(operations).count == operations.count, "two routes share an operation: \(operations.sorted())")
        self.routes = routes.enumerated()
            .sorted { ($0.element.path.parameterCount, $0.offset) < ($1.element.path.parameterCount, $1.offset) }
            .map(\.element)
    }

    /// What a method and path lead to.
    public enum Match: Sendable {
        case route(Route, parameters: [String: String])
        /// The path is known, the method is not offered there; these are.
        case otherMethods(AllowedMethods)
        case nothing
    }

    /// A HEAD leads to the route of GET.
    /// - Parameter path: without query.
    public func match(_ method: HTTPRequest.Method, path: Substring) -> Match {
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let effective = parts == [""] ? [] : parts
        let wanted = method == .head ? .get : method
        var others: [HTTPRequest.Method] = []
        // The most literal path that fits is meant: what `/orders/drafts` does not offer is not looked for in `/orders/{id}`.
        var parameterCount: Int?
        for route in self.routes {
            guard parameterCount == nil || parameterCount == route.path.parameterCount,
                let parameters = route.path.match(effective)
            else { continue }
            if route.method == wanted { return .route(route, parameters: parameters) }
            others.append(route.method)
            parameterCount = route.path.parameterCount
        }
        return others.isEmpty ? .nothing : .otherMethods(AllowedMethods(others))
    }
}

/// What can be asked of a path: the methods of its routes, HEAD where there is GET, and OPTIONS.
public struct AllowedMethods: Hashable, Sendable, CustomStringConvertible {
    private let names: Set<String>

    public init(_ methods: [HTTPRequest.Method]) {
        self.names = Set(methods.map(\.rawValue)).union(["OPTIONS"]).union(methods.contains(.get) ? ["HEAD"] : [])
    }

    /// The text of an `Allow` header.
    public var description: String { self.names.sorted().joined(separator: ", ") }

    /// The answer to OPTIONS: 204 with `Allow`.
    public var answer: ServiceResponse { ServiceResponse(status: .noContent, headers: [.allow: self.description]) }

    /// The refusal of a method that is not among them.
    public func problem(_ method: HTTPRequest.Method, on path: some StringProtocol) -> Problem {
        Problem(
            .methodNotAllowed, "\(method) is not offered on \(path), but \(self)",
            headers: [.allow: self.description])
    }
}
