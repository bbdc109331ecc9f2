public import HTTPWire
import LoadBalancing

/// All routes of the gateway, compiled for decisions on bytes. Immutable: a change is another table.
///
/// The first route that fits decides. Routes are asked in this order:
/// 1. higher ``Route/priority``,
/// 2. hosts: a whole name before a wildcard, a longer wildcard before a shorter one, that before none,
/// 3. paths: `exact`, then `pattern`, then `prefix`; among equals the one with more literal bytes,
/// 4. more conditions (methods, version, tenants, headers, parameters),
/// 5. the order in which they were given.
///
/// A decision looks at those routes only that share host and first segments with the request, and allocates nothing.
public struct RoutingTable: Sendable {
    /// In the order in which they are asked.
    public let routes: [Route]
    /// Every group that a route leads to, and more; decisions name them by index.
    public let groups: [String]
    public let settings: RoutingSettings

    let compiled: [CompiledRoute]
    let parts: RoutingParts
    let lookup: RouteLookup

    /// - Parameters:
    ///   - groups: more groups, to which no route may lead yet.
    ///   - kept: groups that keep their indices, before all others.
    /// - Precondition: names differ, and no path has a ``PathPattern/problem``.
    public init(
        _ routes: [Route], _ settings: RoutingSettings = RoutingSettings(), groups: [String] = [],
        keeping kept: [String] = []
    ) {
        precondition(Set(routes.map(\.name)).count == routes.count, "two routes have one name")
        let ranked = Self.ranked(routes)
        let groups = kept + Set(ranked.flatMap(\.groups) + groups).subtracting(kept).sorted()
        var compiler = RouteCompiler(groups: groups, settings)
        self.routes = ranked
        self.groups = groups
        self.settings = settings
        self.compiled = ranked.map { compiler.compile($0) }
        self.parts = compiler.parts
        self.lookup = RouteLookup(ranked)
    }

    /// The index of a group in decisions.
    public func group(named name: String) -> Int? { self.groups.firstIndex(of: name) }

    /// The index of a route in decisions.
    public func route(named name: String) -> Int? { self.routes.firstIndex { $0.name == name } }

    private static func ranked(_ routes: [Route]) -> [Route] {
        let keys = routes.map(RouteRank.init)
        return routes.indices.sorted { keys[$0] != keys[$1] ? keys[$0] < keys[$1] : $0 < $1 }.map { routes[$0] }
    }
}

/// What a table needs to know besides routes.
public struct RoutingSettings: Hashable, Sendable {
    /// The query parameter that names a version. Default: api_version.
    public var versionParameter = "api_version"
    /// The parameter of the media type in `Accept` that names a version. Default: version.
    public var versionMediaParameter = "version"
    /// Tenants are the names below this domain: `acme` of `acme.example.com`. Nil: hosts name none.
    public var tenantDomain: String?
    /// Tenants are named by this header. Nil: headers name none.
    public var tenantHeader: String?

    public init() {}
}

/// What the table says to one request.
public struct RouteDecision: Hashable, Sendable {
    public enum Outcome: Hashable, Sendable {
        /// To a group, by its index in ``RoutingTable/groups``.
        case forward(group: Int)
        /// To ``RoutingTable/location(_:_:_:isSecure:)``.
        case redirect(status: Int)
        case refuse(RouteRefusal)
    }

    public var outcome: Outcome
    /// In ``RoutingTable/routes``; -1 when no route fits.
    public var route = -1
    /// Whether the service sees another target than the client sent, see ``RoutingTable/target(_:_:_:)``.
    public var isRewritten = false
    public var needsToken = false
    /// The version that was asked for, by path, parameter or header; zero for none.
    public var version = 0
    /// Whether another `Accept` could have led elsewhere: the answer needs `Vary: Accept`.
    public var variesByAccept = false
    /// The tenant's name in the bytes of the head; empty for none.
    public var tenant = WireRange.empty

    /// The group, when the request is forwarded.
    public var group: Int? {
        guard case .forward(let group) = self.outcome else { return nil }
        return group
    }
}

/// The place of a route among others; less is asked first.
private struct RouteRank: Comparable {
    private var key: [Int]

    init(_ route: Route) {
        let match = route.match
        let whole = match.hosts.contains { !$0.hasPrefix("*.") }
        let wildcard = match.hosts.filter { $0.hasPrefix("*.") }.map(\.utf8.count).max() ?? 0
        let kind =
            switch match.path {
            case .exact: 0
            case .pattern: 1
            case .prefix: 2
            }
        let literal = match.path.segments.reduce(0) { sum, segment in
            if case .literal(let text) = segment { sum + text.utf8.count + 1 } else { sum }
        }
        self.key = [-route.priority, whole ? 0 : 1, -wildcard, kind, -literal, -match.conditionCount]
    }

    static func < (left: RouteRank, right: RouteRank) -> Bool { left.key.lexicographicallyPrecedes(right.key) }
}

extension Route {
    /// Every group that it may lead to.
    public var groups: [String] {
        var names: [String] = []
        if case .forward(let split) = self.action {
            names += split.targets.map(\.group) + split.overrides.map(\.group)
        }
        return names + (self.policy.mirror.map { [$0.group] } ?? [])
    }
}
