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
        /// The path is known, the method is not offered there.
        case otherMethods([HTTPRequest.Method])
        case nothing
    }

    /// - Parameter path: without query.
    public func match(_ method: HTTPRequest.Method, path: Substring) -> Match {
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let effective = parts == [""] ? [] : parts
        var others: [HTTPRequest.Method] = []
        // The most literal path that fits is meant: what `/orders/drafts` does not offer is not looked for in `/orders/{id}`.
        var parameterCount: Int?
        for route in self.routes {
            guard parameterCount == nil || parameterCount == route.path.parameterCount,
                let parameters = route.path.match(effective)
            else { continue }
            if route.method == method { return .route(route, parameters: parameters) }
            others.append(route.method)
            parameterCount = route.path.parameterCount
        }
        return others.isEmpty ? .nothing : .otherMethods(others)
    }
}
