import HTTPWire

extension RoutingTable {
    /// Explains a decision. It is made by the same code, so it is the decision.
    public func explain(_ request: RequestText, peer: UInt64 = 0, draw: UInt64 = 0) -> RouteExplanation {
        let decision = self.decide(request, peer: peer, draw: draw)
        var steps: [RouteExplanation.Step] = []
        if decision.outcome != .refuse(.ambiguousPath), decision.outcome != .refuse(.tenantMismatch) {
            steps = self.routes.indices.map { rank in
                RouteExplanation.Step(
                    route: self.routes[rank].name, failures: self.failures(rank, request),
                    isChosen: rank == decision.route)
            }
        }
        return RouteExplanation(decision: decision, summary: self.summary(decision, request), steps: steps)
    }

    /// What of a route the request does not meet.
    private func failures(_ rank: Int, _ request: RequestText) -> [String] {
        let match = self.routes[rank].match
        let route = self.compiled[rank]
        let bytes = request.bytes.span.bytes
        let path = request.head.path.isEmpty ? "/" : bytes.extracting(request.head.path.bounds).text
        let pathBytes = Array(path.utf8)
        var facts = RequestFacts(request.head, bytes)
        _ = self.readTenant(request.head, bytes, &facts)
        var failures: [String] = []
        if !route.hosts.isEmpty, !self.fitsHost(route, bytes, facts) {
            let host = bytes.extracting(facts.host.bounds).text
            failures.append("the host is '\(host)', not \(Self.list(match.hosts))")
        }
        if !self.fitsPath(route, pathBytes.span.bytes) {
            failures.append("the path is not \(Self.describe(match.path))")
        }
        if !self.fitsMethod(route, request.head, bytes) {
            let method = bytes.extracting(request.head.methodName.bounds).text
            failures.append("the method is \(method), not \(Self.list(match.methods))")
        }
        if let version = match.version, !self.fitsVersion(route, request.head, bytes, &facts) {
            failures.append(Self.describe(facts.version, wanted: version))
        }
        if !route.tenants.isEmpty, !self.fitsTenant(route, bytes, facts) {
            let tenant = bytes.extracting(facts.tenant.bounds).text
            failures.append(
                "the tenant is \(tenant.isEmpty ? "not named" : "'\(tenant)'"), not \(Self.list(match.tenants))")
        }
        for (index, condition) in zip(route.headers.bounds, match.headers)
        where !self.fitsHeader(self.parts.conditions[index], request.head, bytes) {
            failures.append("not met: " + condition.description("header"))
        }
        for (index, condition) in zip(route.query.bounds, match.query)
        where !self.fitsQuery(self.parts.conditions[index], request.head, bytes) {
            failures.append("not met: " + condition.description("parameter"))
        }
        return failures
    }

    private static func describe(_ version: Int?, wanted: VersionCondition) -> String {
        switch version {
        case nil, 0: "no version is asked for, and \(wanted.number) is not the default"
        case let version? where version < 0: "the version asked for is not a number"
        case let version?: "version \(version) is asked for, not \(wanted.number)"
        }
    }

    private func summary(_ decision: RouteDecision, _ request: RequestText) -> String {
        let name = decision.route < 0 ? "" : self.routes[decision.route].name
        switch decision.outcome {
        case .forward(let group):
            return "route \(name) forwards to \(self.groups[group]) as \(self.target(decision, request))"
        case .redirect(let status):
            return "route \(name) redirects (\(status)) to \(self.location(decision, request, isSecure: false))"
        case .refuse(let refusal):
            let by = name.isEmpty ? "" : "route \(name): "
            return by + Self.describe(refusal) + " (\(refusal.status) \(refusal.rawValue))"
        }
    }

    private static func describe(_ refusal: RouteRefusal) -> String {
        switch refusal {
        case .ambiguousPath: "the path could be read in two ways and leads nowhere"
        case .noRoute: "no route leads there"
        case .methodNotAllowed: "a route leads there, but with other methods"
        case .unknownVersion: "the resource has no such version, or none was named and there is no default"
        case .tenantMismatch: "host and header name different tenants, or something that cannot be one"
        case .closed: "the route is closed"
        }
    }

    private static func describe(_ path: PathPattern) -> String {
        switch path {
        case .exact(let text): text
        case .prefix(let text): "\(text) or below"
        case .pattern(let text): "of the form \(text)"
        }
    }

    private static func list(_ words: [String]) -> String {
        words.count < 2
            ? words.joined() : words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
    }
}
