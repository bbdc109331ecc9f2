public import Chassis
public import Essentials
public import GatewayCore
import HTTPTypes
public import Identity
public import Logging
public import Resilience

/// What the gateway is given.
public struct GatewayEnvironment: Sendable {
    public var transport: any ServiceTransport
    /// The published keys that people's tokens are checked with.
    public var userKeys: any KeySource
    /// People's tokens that have been called back.
    public var revocations: RevocationList
    public var time: TimeSource
    public var wallClock: WallClock
    public var ids: IDSource
    public var chance: Chance
    public var logger: Logger
    public var version: String
    /// Where hosts are found that the configuration does not list. Nil: nowhere.
    public var hosts: (any HostSource)?
    /// Records the requests that the gateway's loops receive. Nil: they are not recorded. Default: nil.
    public var tracing: EdgeTracing?

    public init(
        transport: any ServiceTransport, userKeys: any KeySource, revocations: RevocationList, time: TimeSource,
        wallClock: WallClock, ids: IDSource, chance: Chance, logger: Logger, version: String,
    ) {
        self.transport = transport
        self.userKeys = userKeys
        self.revocations = revocations
        self.time = time
        self.wallClock = wallClock
        self.ids = ids
        self.chance = chance
        self.logger = logger
        self.version = version
    }
}

/// The front door: everything public comes through here and is routed, checked and forwarded.
///
/// Decisions are values of `GatewayCore`; this type carries them out.
public struct GatewayService: Sendable {
    /// Settings of the gateway.
    public struct Configuration: Sendable {
        /// How long a request may take. Default: 15 seconds.
        public var deadline = Duration.seconds(15)
        /// How often each service's health is asked for that has no hosts of its own. Default: 10 seconds.
        public var healthInterval = Duration.seconds(10)
        /// When a health check that hangs counts as failed. Default: 5 seconds.
        public var healthTimeout = Duration.seconds(5)
        /// How many requests each client address may send, at an even rate after a burst of as many; an IPv6 client is its
        /// network of 64 bits. Pages of the gateway's own are not counted. Nil: any number. Default: nil.
        public var clientRate: Rate?
        /// How many failed log-ins one client address may make in the window. Default: 100 in 15 minutes.
        public var failedLogins = Rate(100, per: .seconds(900))

        /// How many requests each service is sent at one time. Default: 64 to 1,024, as many as it answers without a
        /// queue; 256 wait, for a second at most.
        public var serviceLimit = Self.defaultLimit
        /// How many reports and exports each service is sent at one time. Default: 10, and 5 wait.
        public var background = Bulkhead.Configuration(maximumConcurrency: 10, queueLimit: 5)
        /// Who is dropped when a service's requests queue. Default: when they wait for more than 20 ms.
        public var shedding = Shedding.Configuration()

        public init() {}

        private static var defaultLimit: AdaptiveLimit.Configuration {
            var limit = AdaptiveLimit.Configuration()
            limit.initialLimit = 256
            limit.minimumLimit = 64
            limit.maximumLimit = 1_024
            limit.queueLimit = 256
            limit.maximumWait = .seconds(1)
            return limit
        }
    }

    /// Answers every request, whole.
    public let handler: ServiceHandler
    /// The same parts, for a server that forwards bytes.
    let parts: GatewayParts
    /// Health checks, discovery and releases.
    public let background: [BackgroundWork]
    /// What became of mirrored requests, by route.
    public var mirrorCounts: [String: MirrorCounts] { self.parts.forwarder.mirrors.counts }
    /// The configuration in force.
    public let plan: GatewayPlan
    /// Changes it while requests come.
    public let control: GatewayControl
    /// Every pipeline that requests pass, for operators.
    public var pipelines: PipelineRegistry { self.control.guards.registry }

    public init(
        _ environment: GatewayEnvironment, routes: RoutingTable = .shop, problems: [ProblemType],
        configuration: Configuration = Configuration(),
    ) {
        self.init(environment, plan: GatewayPlan(routes), problems: problems, configuration: configuration)
    }

    public init(
        _ environment: GatewayEnvironment, plan: GatewayPlan, problems: [ProblemType],
        configuration: Configuration = Configuration(),
    ) {
        let control = GatewayControl(environment, plan, configuration)
        let (upstreams, board) = (control.upstreams, control.board)
        let core = GatewayParts(
            environment: environment,
            forwarder: Forwarder(environment: environment, control: control, configuration: configuration),
            local: LocalPages(environment: environment, plan: plan, upstreams: upstreams, problems: problems),
            control: control, metrics: EdgeMetrics { upstreams.services.map(\.rawValue) })
        self.parts = core
        self.plan = plan
        self.control = control
        self.handler = { request in try await core.answer(request, id: environment.ids.next()) }
        let patrol = HostPatrol(environment, board)
        var background = [
            BackgroundWork("health of services") { try await upstreams.watch() },
            BackgroundWork("health of hosts") { try await patrol.run() },
            BackgroundWork("mirrored requests") { await core.forwarder.mirrors.run() },
            BackgroundWork("releases") { try await control.releases.run() },
        ]
        if let source = environment.hosts {
            let discovery = HostDiscovery(
                source: source, board: board, time: environment.time, logger: environment.logger)
            background.append(BackgroundWork("discovery of hosts") { try await discovery.run() })
        }
        self.background = background
    }
}

/// What carries a gateway's decisions out.
struct GatewayParts: Sendable {
    let environment: GatewayEnvironment
    let forwarder: Forwarder
    let local: LocalPages
    let control: GatewayControl
    let metrics: EdgeMetrics

    var upstreams: Upstreams { self.control.upstreams }
    var board: HostBoard { self.control.board }

    func answer(_ request: ServiceRequest, id: UniqueID) async throws -> ServiceResponse {
        let answer = try await self.local.answer(request)
        let response = if let answer { answer } else { try await self.forwarder.forward(request, id: id) }
        return request.head.method == .head ? response.withoutBody : response
    }
}
