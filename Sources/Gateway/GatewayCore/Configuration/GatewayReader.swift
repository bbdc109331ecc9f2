import Essentials
import LoadBalancing

/// Makes values of what has the right shape, and checks what a shape cannot say: names that must exist, differ or agree.
struct GatewayReader {
    private let root: ConfigurationNode
    private let known: Set<String>
    private(set) var problems: [ConfigurationProblem] = []
    private var releases: [ReleaseConfiguration] = []

    init(_ root: ConfigurationNode, known: Set<String>) {
        self.root = root
        self.known = known.union(root["services"]?.members.map(\.name) ?? [])
    }

    mutating func read() -> GatewayConfiguration {
        var configuration = GatewayConfiguration()
        configuration.settings = self.settings()
        configuration.certificates = (self.root["tls"]?["certificates"]?.items ?? []).compactMap { node in
            guard let certificate = node["certificate"]?.text, let key = node["key"]?.text else { return nil }
            return CertificateFiles(certificate: certificate, key: key)
        }
        configuration.services = (self.root["services"]?.members ?? []).map { self.service($0) }
        self.releases = (self.root["releases"]?.members ?? []).compactMap { self.release($0) }
        configuration.releases = self.releases
        let defaults = self.policy(self.root["defaults"], "gateway.defaults", RoutePolicy())
        if self.root["routes"] != nil || self.root["resources"] != nil {
            var routes: [Route] = []
            for (index, node) in (self.root["routes"]?.items ?? []).enumerated() {
                if let route = self.route(node, "gateway.routes[\(index)]", defaults) { routes.append(route) }
            }
            for member in self.root["resources"]?.members ?? [] {
                routes += self.resource(member, defaults)?.routes ?? []
            }
            self.requireDifferentNames(routes)
            configuration.routes = routes
        }
        return configuration
    }

    private func settings() -> RoutingSettings {
        var settings = RoutingSettings()
        settings.versionParameter = self.root["versioning"]?["parameter"]?.text ?? settings.versionParameter
        settings.versionMediaParameter =
            self.root["versioning"]?["media-parameter"]?.text ?? settings.versionMediaParameter
        settings.tenantDomain = self.root["tenancy"]?["domain"]?.text
        settings.tenantHeader = self.root["tenancy"]?["header"]?.text
        return settings
    }

    mutating func refuse(_ node: ConfigurationNode?, _ place: String, _ message: String) {
        self.problems.append(ConfigurationProblem(line: node?.line ?? self.root.line, place: place, message: message))
    }

    /// The name of a service, if there is one.
    mutating func serviceName(_ node: ConfigurationNode?, _ place: String) -> String? {
        guard let node, let name = node.text else { return nil }
        guard !self.known.contains(name) else { return name }
        let nearest = Spelling.nearest(to: name, among: self.known.sorted())
        let hint =
            nearest.map { "did you mean \($0)?" }
            ?? (self.known.isEmpty ? "none is defined" : "accepted: \(self.known.sorted().joined(separator: ", "))")
        self.refuse(node, place, "no service is called '\(name)'; \(hint)")
        return nil
    }

    func release(named name: String) -> ReleaseConfiguration? { self.releases.first { $0.name == name } }

    var releaseNames: [String] { self.releases.map(\.name) }

    func key(_ node: ConfigurationNode?) -> Split.Key {
        if node?.text == "none" { return .none }
        if let name = node?["header"]?.text { return .header(name) }
        if let name = node?["cookie"]?.text { return .cookie(name) }
        if let name = node?["query"]?.text { return .query(name) }
        return .client
    }

    private mutating func requireDifferentNames(_ routes: [Route]) {
        var seen: [String: Int] = [:]
        for route in routes { seen[route.name, default: 0] += 1 }
        for (name, count) in seen.sorted(by: { $0.key < $1.key }) where count > 1 {
            let nodes = (self.root["routes"]?.items ?? []).filter { $0["name"]?.text == name }
            self.refuse(nodes.last, "gateway.routes", "\(count) routes are called '\(name)'; names must differ")
        }
    }

    // MARK: Services and releases

    private mutating func service(_ member: ConfigurationNode.Member) -> ServiceConfiguration {
        let (node, place) = (member.value, "gateway.services.\(member.name)")
        var service = ServiceConfiguration(member.name, self.source(node, place))
        self.readBalancing(node, place, into: &service)
        if let health = node["health"] {
            var check = ActiveCheck.Configuration()
            check.interval = Self.duration(health["interval"]) ?? check.interval
            check.timeout = Self.duration(health["timeout"]) ?? check.timeout
            check.failuresToFail = Self.integer(health["failures"]) ?? check.failuresToFail
            check.successesToPass = Self.integer(health["successes"]) ?? check.successesToPass
            service.health = check
            service.healthPath = health["path"]?.text ?? service.healthPath
            if !service.healthPath.hasPrefix("/") {
                self.refuse(health["path"], "\(place).health.path", "a path begins with '/'")
            }
        }
        service.connections = Self.integer(node["connections"])
        service.breaker = Self.breaker(node["breaker"])
        return service
    }

    private mutating func source(_ node: ConfigurationNode, _ place: String) -> ServiceConfiguration.Source {
        let given = ["hosts", "dns", "file"].filter { node[$0] != nil }
        if given.count != 1 {
            let found = given.isEmpty ? "none is given" : "\(given.joined(separator: " and ")) are given"
            self.refuse(node, place, "one of hosts, dns and file is needed; \(found)")
        }
        if let name = node["dns"]?.text {
            self.requireAddress(node["dns"], name, "\(place).dns")
            return .dns(name)
        }
        if let file = node["file"]?.text { return .file(file) }
        var hosts: [BalancedHost] = []
        for (index, item) in (node["hosts"]?.items ?? []).enumerated() {
            let inner = "\(place).hosts[\(index)]"
            guard let name = item.text ?? item["address"]?.text else { continue }
            self.requireAddress(item, name, inner)
            if hosts.contains(where: { $0.name == name }) { self.refuse(item, inner, "'\(name)' is there twice") }
            let weight = Self.integer(item["weight"]).flatMap { (1...1_000).contains($0) ? $0 : nil }
            hosts.append(BalancedHost(name, weight: weight ?? 1))
        }
        return .list(hosts)
    }

    private mutating func requireAddress(_ node: ConfigurationNode?, _ text: String, _ place: String) {
        guard HostList.isAddress(text) else {
            self.refuse(
                node, place, "'\(text)' is no address; accepted: host:port, such as 10.0.0.7:8080 or [::1]:8080")
            return
        }
    }

    private mutating func readBalancing(
        _ node: ConfigurationNode, _ place: String, into service: inout ServiceConfiguration
    ) {
        let balancing = node["balancing"]
        if let name = balancing?["algorithm"]?.text,
            let algorithm = GatewayShape.algorithms.first(where: { $0.name == name })?.algorithm
        {
            service.balancing.algorithm = algorithm
        }
        service.key = self.key(balancing?["key"])
        service.balancing.slowStart.window = Self.duration(balancing?["slow-start"]) ?? .zero
        service.balancing.panicThreshold =
            Self.integer(balancing?["panic-threshold"]) ?? service.balancing.panicThreshold
        service.balancing.loadBound =
            balancing?["load-bound"]?.text.flatMap(Double.init) ?? service.balancing.loadBound
        guard let outliers = node["outliers"] else { return }
        if outliers.text == "false" {
            service.balancing.outliers = nil
            return
        }
        var configuration = OutlierEjection.Configuration()
        configuration.consecutiveFailures = Self.integer(outliers["failures"]) ?? configuration.consecutiveFailures
        configuration.interval = Self.duration(outliers["interval"]) ?? configuration.interval
        configuration.baseEjectionTime = Self.duration(outliers["ejection"]) ?? configuration.baseEjectionTime
        configuration.maximumEjectionTime =
            Self.duration(outliers["maximum-ejection"])
            ?? max(configuration.maximumEjectionTime, configuration.baseEjectionTime)
        configuration.maximumEjectionPercent =
            Self.integer(outliers["maximum-percent"]) ?? configuration.maximumEjectionPercent
        if configuration.maximumEjectionTime < configuration.baseEjectionTime {
            self.refuse(outliers, "\(place).outliers.maximum-ejection", "must not be shorter than ejection")
        }
        service.balancing.outliers = configuration
    }

    private mutating func release(_ member: ConfigurationNode.Member) -> ReleaseConfiguration? {
        let (node, place) = (member.value, "gateway.releases.\(member.name)")
        let blue = self.serviceName(node["blue"], "\(place).blue")
        let green = self.serviceName(node["green"], "\(place).green")
        var release = ReleaseConfiguration(member.name, blue: blue ?? "?", green: green ?? "?")
        if let blue, blue == green { self.refuse(node["green"], "\(place).green", "blue and green must differ") }
        release.greenPercent = Self.integer(node["green-percent"]).map { min(100, max(0, $0)) } ?? 0
        release.header = node["header"]?.text ?? release.header
        release.key = self.key(node["key"])
        release.hold = Self.duration(node["hold"]) ?? release.hold
        if let steps = node["steps"] {
            release.steps = steps.items.compactMap { Self.integer($0) }
            let isRising = zip(release.steps, release.steps.dropFirst()).allSatisfy { $0 < $1 }
            if !isRising || release.steps.last != 100 {
                self.refuse(steps, "\(place).steps", "must rise and end with 100, such as [10, 50, 100]")
            }
        }
        release.warmUp.requests = Self.integer(node["warm-up"]?["requests"]) ?? release.warmUp.requests
        release.warmUp.paths = Self.texts(node["warm-up"]?["paths"])
        release.smokeTests = (node["smoke-tests"]?.items ?? []).compactMap { item in
            (item.text ?? item["path"]?.text).map { .init($0, status: Self.integer(item["status"]) ?? 200) }
        }
        for path in release.warmUp.paths + release.smokeTests.map(\.path) where !path.hasPrefix("/") {
            self.refuse(node, place, "'\(path)' is no path: a path begins with '/'")
        }
        return release
    }

    private static func breaker(_ node: ConfigurationNode?) -> BreakerPolicy? {
        if node?.text == "false" { return nil }
        var policy = BreakerPolicy()
        policy.failures = self.integer(node?["failures"]) ?? policy.failures
        policy.volume = self.integer(node?["volume"]) ?? policy.volume
        policy.window = self.duration(node?["window"]) ?? policy.window
        policy.recovery = self.duration(node?["recovery"]) ?? policy.recovery
        return policy
    }

    // MARK: Values

    static func integer(_ node: ConfigurationNode?) -> Int? { node?.text.flatMap { Int($0) } }
    static func boolean(_ node: ConfigurationNode?) -> Bool? { node?.text.flatMap { Bool($0) } }
    static func duration(_ node: ConfigurationNode?) -> Duration? { node?.text.flatMap(DurationText.duration) }
    static func texts(_ node: ConfigurationNode?) -> [String] { node?.items.compactMap(\.text) ?? [] }
}
