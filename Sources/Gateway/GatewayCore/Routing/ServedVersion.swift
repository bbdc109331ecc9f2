public import Essentials
import HTTPWire

/// A version of a resource, as it is offered.
public struct ServedVersion: Hashable, Sendable {
    public var resource: String
    /// At least 1.
    public var number: Int
    /// From when on it should no longer be used. Nil: it is current.
    public var deprecated: Timestamp?
    /// When it stops to be offered. Nil: not known.
    public var sunset: Timestamp?
    /// A page about what to do, for `Link`.
    public var information: String?

    public init(
        _ resource: String, _ number: Int, deprecated: Timestamp? = nil, sunset: Timestamp? = nil,
        information: String? = nil
    ) {
        self.resource = resource
        self.number = number
        self.deprecated = deprecated
        self.sunset = sunset
        self.information = information
    }

    /// The fields that tell clients (RFC 9745, RFC 8594, RFC 8288).
    public var fields: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        if let deprecated = self.deprecated { fields.append(("Deprecation", "@\(deprecated.seconds)")) }
        if let sunset = self.sunset { fields.append(("Sunset", HTTPDate.text(secondsSince1970: sunset.seconds))) }
        if let information = self.information, self.deprecated != nil {
            fields.append(("Link", "<\(information)>; rel=\"deprecation\"; type=\"text/html\""))
        }
        return fields
    }
}

extension RoutingTable {
    /// The fields that the answer gets for what was decided: the life of its version, and what it varies by.
    public func answerFields(_ decision: RouteDecision) -> [(name: String, value: String)] {
        let served = decision.route < 0 ? nil : self.routes[decision.route].serves
        return (served?.fields ?? []) + (decision.variesByAccept ? [("Vary", "Accept")] : [])
    }
}

/// A resource that is offered in several versions, chosen in any of three ways: by path (`/v2/orders`), by parameter
/// (`/orders?api_version=2`) or by media type (`Accept: application/vnd.api+json;version=2`).
///
/// Services see the path form alone. A version that is deprecated without a sunset gets one: its support window.
public struct VersionedResource: Hashable, Sendable {
    public struct Version: Hashable, Sendable {
        public var number: Int
        public var action: RouteAction
        public var deprecated: Timestamp?
        public var sunset: Timestamp?
        public var information: String?

        public init(
            _ number: Int, _ action: RouteAction, deprecated: Timestamp? = nil, sunset: Timestamp? = nil,
            information: String? = nil
        ) {
            self.number = number
            self.action = action
            self.deprecated = deprecated
            self.sunset = sunset
            self.information = information
        }
    }

    public var name: String
    /// Without version: `/orders`.
    public var path: String
    public var versions: [Version]
    /// The version of requests that name none. Nil: they are refused.
    public var standard: Int?
    /// How long a deprecated version is still offered. Default: 12 months of 30 days.
    public var supportWindow = Duration.seconds(12 * 30 * 86_400)
    public var hosts: [String] = []
    public var policy = RoutePolicy()

    public init(_ name: String, path: String, _ versions: [Version], standard: Int? = nil) {
        self.name = name
        self.path = path
        self.versions = versions
        self.standard = standard
    }

    /// Two routes for each version, and one that refuses what is left.
    public var routes: [Route] {
        var routes: [Route] = []
        for version in self.versions {
            let path = "/v\(version.number)\(self.path)"
            let condition = VersionCondition(version.number, isDefault: version.number == self.standard)
            var byPath = Route(
                "\(self.name)-v\(version.number)", RouteMatch(.prefix(path), hosts: self.hosts), version.action,
                policy: self.policy)
            byPath.serves = self.served(version)
            var byName = Route(
                "\(self.name)-v\(version.number)-negotiated",
                RouteMatch(.prefix(self.path), hosts: self.hosts, version: condition), version.action,
                rewrite: .prefix(path), policy: self.policy)
            byName.serves = byPath.serves
            routes += [byPath, byName]
        }
        routes.append(
            Route(
                "\(self.name)-no-version", RouteMatch(.prefix(self.path), hosts: self.hosts),
                .refuse(.unknownVersion)))
        return routes
    }

    private func served(_ version: Version) -> ServedVersion {
        ServedVersion(
            self.name, version.number, deprecated: version.deprecated,
            sunset: version.sunset ?? version.deprecated.map { $0 + self.supportWindow },
            information: version.information)
    }
}
