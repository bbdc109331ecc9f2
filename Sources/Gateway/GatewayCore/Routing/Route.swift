/// One rule of the gateway: which requests it is for, and what becomes of them.
public struct Route: Hashable, Sendable {
    /// What logs, metrics and explanations call it. Unique in a table.
    public var name: String
    public var match: RouteMatch
    public var action: RouteAction
    /// The path that the service sees.
    public var rewrite: Rewrite
    /// How the request is treated on the way.
    public var policy: RoutePolicy
    /// A route of higher priority is asked first, whatever it matches. Default: 0.
    public var priority: Int
    /// The version of a resource that it leads to.
    public var serves: ServedVersion?

    public init(
        _ name: String, _ match: RouteMatch, _ action: RouteAction, rewrite: Rewrite = .none,
        policy: RoutePolicy = RoutePolicy(), priority: Int = 0
    ) {
        self.name = name
        self.match = match
        self.action = action
        self.rewrite = rewrite
        self.policy = policy
        self.priority = priority
    }
}

/// Which requests a route is for: those that meet all of it.
public struct RouteMatch: Hashable, Sendable {
    /// `shop.example.com`, or `*.example.com` for every name below it; without port. Empty: any.
    public var hosts: [String]
    public var path: PathPattern
    /// In capitals; `GET` covers `HEAD`. Empty: any.
    public var methods: [String]
    public var headers: [ValueCondition]
    /// Names and values as they are once escapes are read.
    public var query: [ValueCondition]
    /// The version of a resource that the request asks for.
    public var version: VersionCondition?
    /// Empty: any, none included.
    public var tenants: [String]

    public init(
        _ path: PathPattern, hosts: [String] = [], methods: [String] = [], headers: [ValueCondition] = [],
        query: [ValueCondition] = [], version: VersionCondition? = nil, tenants: [String] = []
    ) {
        self.hosts = hosts
        self.path = path
        self.methods = methods
        self.headers = headers
        self.query = query
        self.version = version
        self.tenants = tenants
    }

    /// How many conditions there are besides host and path.
    var conditionCount: Int {
        (self.methods.isEmpty ? 0 : 1) + self.headers.count + self.query.count + (self.version == nil ? 0 : 1)
            + (self.tenants.isEmpty ? 0 : 1)
    }
}

/// The paths of a route. Compared byte by byte; a path that could be read in two ways never gets so far.
public enum PathPattern: Hashable, Sendable {
    /// This path and no other.
    case exact(String)
    /// This path and everything below it; `/` for all.
    case prefix(String)
    /// Segment by segment: `/v1/orders/{id}/lines`; a last `{rest...}` takes all that is left, at least one segment.
    case pattern(String)

    public var text: String {
        switch self {
        case .exact(let text), .prefix(let text), .pattern(let text): text
        }
    }

    /// What is wrong with it; nil when it can be used.
    public var problem: String? {
        guard self.text.hasPrefix("/") else { return "a path begins with '/'" }
        let segments = self.segments
        for (index, segment) in segments.enumerated() {
            if case .literal(let text) = segment {
                if text.isEmpty || text == "." || text == ".." {
                    return "'\(self.text)' has an empty or dotted segment"
                }
                if text.utf8.contains(where: { !PathCheck.isPlainByte($0) }) {
                    return "'\(text)' has bytes that a path cannot have, or escapes"
                }
            } else if case .rest = segment, index < segments.count - 1 {
                return "{name...} must be the last segment"
            }
        }
        let names = segments.compactMap(\.name)
        if Set(names).count < names.count { return "two segments of '\(self.text)' have one name" }
        return names.contains("") ? "a segment of '\(self.text)' has no name" : nil
    }

    enum Segment: Hashable {
        case literal(String), one(String), rest(String)

        var name: String? {
            switch self {
            case .literal: nil
            case .one(let name), .rest(let name): name
            }
        }
    }

    /// The parts between the slashes; names only in a ``pattern(_:)``.
    var segments: [Segment] {
        guard self.text != "/" else { return [] }
        let parts = self.text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard case .pattern = self else { return parts.map { .literal(String($0)) } }
        return parts.map { part in
            guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(String(part)) }
            let name = part.dropFirst().dropLast()
            return name.hasSuffix("...") ? .rest(String(name.dropLast(3))) : .one(String(name))
        }
    }
}

/// A condition on a header field or a query parameter.
public struct ValueCondition: Hashable, Sendable {
    public enum Test: Hashable, Sendable {
        case present
        case absent
        case equals(String)
        case prefix(String)
    }

    /// Of a header field in any case, of a parameter as it is.
    public var name: String
    public var test: Test

    public init(_ name: String, _ test: Test) {
        self.name = name
        self.test = test
    }

    func description(_ kind: String) -> String {
        switch self.test {
        case .present: "\(kind) \(self.name) is there"
        case .absent: "\(kind) \(self.name) is not there"
        case .equals(let value): "\(kind) \(self.name) is '\(value)'"
        case .prefix(let value): "\(kind) \(self.name) begins with '\(value)'"
        }
    }
}

/// The version of a resource, asked for by a query parameter or, without one, by a parameter of the media type in `Accept`.
public struct VersionCondition: Hashable, Sendable {
    /// At least 1.
    public var number: Int
    /// Whether it is also meant when the request names none.
    public var isDefault: Bool

    public init(_ number: Int, isDefault: Bool = false) {
        self.number = number
        self.isDefault = isDefault
    }
}

/// What becomes of a request.
public enum RouteAction: Hashable, Sendable {
    /// To a group of hosts, such as a service.
    case forward(Split)
    case redirect(Redirect)
    case refuse(RouteRefusal)

    public static func forward(to group: String) -> RouteAction { .forward(Split([Split.Target(group, weight: 1)])) }
}

/// Why the table itself refuses a request.
public enum RouteRefusal: String, Hashable, Sendable, CaseIterable {
    /// The path can be read in two ways.
    case ambiguousPath = "ambiguous-path"
    /// No route leads there.
    case noRoute = "no-route"
    /// A route leads there, with another method.
    case methodNotAllowed = "method-not-allowed"
    /// The resource has no such version.
    case unknownVersion = "unknown-version"
    /// Host and header name different tenants, or something that cannot be one.
    case tenantMismatch = "tenant-mismatch"
    /// The route is closed.
    case closed = "route-closed"

    public var status: Int {
        switch self {
        case .ambiguousPath, .unknownVersion, .tenantMismatch: 400
        case .noRoute: 404
        case .methodNotAllowed: 405
        case .closed: 503
        }
    }
}

/// The path that the service sees.
public enum Rewrite: Hashable, Sendable {
    /// As it came.
    case none
    /// The matched prefix, or the whole of an exact path, is replaced.
    case prefix(String)
    /// The whole path, with the names of the route's pattern: `/orders/{id}`.
    case path(String)
}

/// An answer that sends the client elsewhere.
public struct Redirect: Hashable, Sendable {
    /// 301, 302, 303, 307 or 308. Default: 308.
    public var status: Int
    /// `https` or `http`; nil for a location without scheme and host, or, with a host, `https`.
    public var scheme: String?
    /// Nil: that of the request, where a scheme is set.
    public var host: String?
    public var path: Rewrite
    /// Default: true.
    public var keepsQuery: Bool

    public init(
        status: Int = 308, scheme: String? = nil, host: String? = nil, path: Rewrite = .none, keepsQuery: Bool = true
    ) {
        self.status = status
        self.scheme = scheme
        self.host = host
        self.path = path
        self.keepsQuery = keepsQuery
    }
}
