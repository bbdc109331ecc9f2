public import Essentials
public import LoadBalancing

/// What the gateway is told: a value, read from YAML, checked as a whole.
public struct GatewayConfiguration: Hashable, Sendable {
    /// By name.
    public var services: [ServiceConfiguration] = []
    public var releases: [ReleaseConfiguration] = []
    /// All routes, those of resources included; nil: the shop's.
    public var routes: [Route]?
    public var settings = RoutingSettings()
    /// What clients are shown; the first also to those that ask for no name. Empty: they speak in the clear.
    public var certificates: [CertificateFiles] = []

    public init() {}

    /// The compiled table.
    public var table: RoutingTable { self.table(keeping: []) }

    /// The compiled table, which also has the groups that it had before.
    func table(keeping groups: [String]) -> RoutingTable {
        RoutingTable(
            self.routes ?? RoutingTable.shop.routes, self.settings, groups: self.services.map(\.name), keeping: groups)
    }
}

/// Where a certificate and its key lie, in PEM.
public struct CertificateFiles: Hashable, Sendable {
    /// With the certificates between it and the root behind it.
    public var certificate: String
    public var key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// A group of hosts.
public struct ServiceConfiguration: Hashable, Sendable {
    /// Where its hosts come from.
    public enum Source: Hashable, Sendable {
        case list([BalancedHost])
        /// `name:port`, whose addresses are the hosts.
        case dns(String)
        /// A file with one host a line.
        case file(String)
    }

    public var name: String
    public var source: Source
    public var balancing = LoadBalancer.Configuration()
    /// What algorithms by key choose by.
    public var key = Split.Key.client
    public var healthPath = "/health/ready"
    /// Nil: hosts are not asked.
    public var health: ActiveCheck.Configuration?
    /// Requests under way; nil: as many as it answers without a queue.
    public var connections: Int?
    /// When it is called no more because too much fails. Nil: never.
    public var breaker: BreakerPolicy? = BreakerPolicy()

    public init(_ name: String, _ source: Source) {
        self.name = name
        self.source = source
    }
}

/// When a service is called no more, and when it is tried again.
public struct BreakerPolicy: Hashable, Sendable {
    /// Percent of the calls of the window that fail. In 1...100. Default: 50.
    public var failures = 50
    /// Calls of the window that it takes to say so. At least 1. Default: 20.
    public var volume = 20
    /// More than zero. Default: 10 s.
    public var window = Duration.seconds(10)
    /// After how long one call tries whether it works again. More than zero. Default: 2 s.
    public var recovery = Duration.seconds(2)

    public init() {}
}

/// Two services, of which one replaces the other.
public struct ReleaseConfiguration: Hashable, Sendable {
    public var name: String
    public var blue: String
    public var green: String
    /// Of clients. In 0...100. Default: 0.
    public var greenPercent = 0
    public var header = "X-Release"
    public var key = Split.Key.client
    /// Percentages of a shift, rising. Default: 10, 50, 100.
    public var steps = [10, 50, 100]
    /// How long each step is watched at least. Default: 30 s.
    public var hold = Duration.seconds(30)
    /// Requests that each host of the new version gets before any traffic, for its caches and connections.
    public var warmUp = WarmUp()
    /// What must be answered as expected before any traffic. Default: nothing.
    public var smokeTests: [SmokeTest] = []

    public struct WarmUp: Hashable, Sendable {
        /// Of each path and host. At least 0. Default: 10.
        public var requests = 10
        /// Default: the path of health checks.
        public var paths: [String] = []

        public init() {}
    }

    public struct SmokeTest: Hashable, Sendable {
        public var path: String
        /// Default: 200.
        public var status: Int

        public init(_ path: String, status: Int = 200) {
            self.path = path
            self.status = status
        }
    }

    public init(_ name: String, blue: String, green: String) {
        self.name = name
        self.blue = blue
        self.green = green
    }

    /// Green reaches those first whose keys come first, so that a shift moves nobody twice.
    public var split: Split {
        Split(
            [.init(self.green, weight: self.greenPercent), .init(self.blue, weight: 100 - self.greenPercent)],
            by: self.key, named: self.name,
            overrides: [
                .init(header: self.header, value: "green", group: self.green),
                .init(header: self.header, value: "blue", group: self.blue),
            ])
    }
}

extension GatewayConfiguration {
    /// Reads the section `gateway` of a YAML file.
    /// - Parameters:
    ///   - known: services that need not be in the file.
    ///   - foreign: keys of the section that somebody else reads and checks.
    /// - Throws: ``ConfigurationRefused`` with every problem, each with line, place and what would be accepted.
    public init(
        yaml: String, known: Set<String> = [], foreign: Set<String> = []
    ) throws(ConfigurationRefused) {
        let root = try ConfigurationNode(yaml: yaml)
        self.init()
        guard root.value != .nothing, let section = root["gateway"]?.without(foreign) else {
            guard case .map = root.value else {
                if root.value == .nothing { return }
                throw ConfigurationRefused(problems: [
                    ConfigurationProblem(line: root.line, place: "the file", message: "must hold keys and values")
                ])
            }
            return
        }
        var problems = GatewayShape.document.problems(section, at: "gateway")
        var reader = GatewayReader(section, known: known)
        self = reader.read()
        problems += reader.problems
        if !problems.isEmpty {
            throw ConfigurationRefused(problems: problems.sorted { ($0.line, $0.place) < ($1.line, $1.place) })
        }
    }

    /// What a configuration may be, as JSON Schema (draft 2020-12).
    public static var schema: JSONValue {
        [
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Mainstay's configuration",
            "type": "object",
            "properties": ["gateway": GatewayShape.document.schema],
        ]
    }
}
