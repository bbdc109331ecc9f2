import GatewayCore
import HTTPWire
import Testing

/// A request of a test: `"GET /v1/orders"`.
func request(
    _ line: String, host: String? = nil, _ fields: KeyValuePairs<String, String> = [:],
    sourceLocation: SourceLocation = #_sourceLocation
) throws -> RequestText {
    let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
    try #require(parts.count == 2, sourceLocation: sourceLocation)
    return try RequestText(parts[0], parts[1], host: host, fields: fields.map { ($0.key, $0.value) })
}

extension RoutingTable {
    /// The name of the route that decides.
    func routeName(_ request: RequestText, peer: UInt64 = 0, draw: UInt64 = 0) -> String? {
        let decision = self.decide(request, peer: peer, draw: draw)
        return decision.route < 0 ? nil : self.routes[decision.route].name
    }

    /// The group that a request goes to.
    func groupName(_ request: RequestText, peer: UInt64 = 0, draw: UInt64 = 0) -> String? {
        self.decide(request, peer: peer, draw: draw).group.map { self.groups[$0] }
    }
}

extension Route {
    /// A route to a group of its own name.
    init(_ name: String, _ match: RouteMatch, priority: Int = 0) {
        self.init(name, match, .forward(to: name), priority: priority)
    }
}
