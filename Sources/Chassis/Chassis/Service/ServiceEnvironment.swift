public import Essentials
public import EventSourcing
public import Logging
public import Resilience

/// What a service is given: everything it may touch.
public struct ServiceEnvironment: Sendable {
    public var name: ServiceName
    public var store: ServiceStore
    public var transport: any ServiceTransport
    public var authenticator: any Authenticator
    public var credentials: any ServiceCredentials
    public var time: TimeSource
    public var wallClock: WallClock
    public var ids: IDSource
    public var chance: Chance
    public var logger: Logger
    /// The version of the program, for health and documents.
    public var version: String
    /// The pools that operations run in, and those of the connections that they read the store with.
    public let compartments: Compartments
    /// What the service tells about itself. Metrics alone until ``use(_:)`` says otherwise.
    public internal(set) var telemetry: ServiceTelemetry
    /// Every pipeline of the service, for operators: ``ServiceClient`` and the pools enter theirs.
    public let pipelines = PipelineRegistry()

    public init(
        name: ServiceName, store: ServiceStore, transport: any ServiceTransport, authenticator: any Authenticator,
        credentials: any ServiceCredentials, time: TimeSource, wallClock: WallClock, ids: IDSource, chance: Chance,
        logger: Logger, version: String, pools: Compartments.Configuration = Compartments.Configuration(),
    ) {
        let compartments = Self.compartments(named: name, pools, time, PipelineLog(logger, time: time))
        self.name = name
        self.store = store.admittingReads { try await compartments.withConnection(.current, $0) }
        self.compartments = compartments
        self.transport = transport
        self.authenticator = authenticator
        self.credentials = credentials
        self.time = time
        self.wallClock = wallClock
        self.ids = ids
        self.chance = chance
        self.logger = logger
        self.version = version
        self.telemetry = ServiceTelemetry(service: name, version: version, wallClock: wallClock)
        for pool in compartments.pipelines { self.pipelines.register(pool) }
    }

    private static func compartments(
        named name: ServiceName, _ pools: Compartments.Configuration, _ time: TimeSource, _ log: PipelineLog,
    ) -> Compartments {
        do {
            return try Compartments(named: name.rawValue, pools, time: time, observer: log)
        } catch {
            preconditionFailure("settings of pools are checked where they are read, but: \(error)")
        }
    }
}

/// A service: a value with a handler and some work in the background. Sockets belong to whoever hosts it.
public struct Service: Sendable {
    public let name: ServiceName
    public let routes: RouteTable
    public let health: HealthRegistry
    public let background: [BackgroundWork]
    /// Runs once before the first request: read models catch up here.
    public let prepare: @Sendable () async throws -> Void
    /// What reads of the service are answered from; each can be built again from the log.
    public let readModels: Projector<any ServiceUnit>
    /// Runs once when the service is about to stop, before its last requests: ends long polls at once.
    public let quiesce: @Sendable () -> Void
    /// Answers every request, also unknown ones and those that fail.
    public let handler: ServiceHandler

    /// - Parameters:
    ///   - routes: the service's own; health, metrics, document and feed are added.
    ///   - health: the service's checks.
    ///   - readModels: kept up by the service's writes; caught up before the first request.
    ///   - prepare: runs once after that.
    public init(
        _ environment: ServiceEnvironment, routes: [Route], health: HealthRegistry,
        background: [BackgroundWork] = [], readModels: Projector<any ServiceUnit> = Projector([], log: { $0 }),
        prepare: @escaping @Sendable () async throws -> Void = {},
    ) {
        let metrics = RequestMetrics(environment.telemetry.metrics)
        let compartments = environment.compartments
        let common = CommonRoutes(environment: environment, health: health, metrics: metrics, api: routes)
        let table = RouteTable(
            routes + common.routes + ReadModelRoutes(readModels: readModels, store: environment.store).routes
                + PipelineRoutes(registry: environment.pipelines).routes)
        self.name = environment.name
        self.routes = table
        self.health = health
        self.background = background
        self.readModels = readModels
        self.prepare = {
            try await readModels.catchUp(using: environment.store)
            try await prepare()
        }
        self.quiesce = { environment.store.commits.close() }
        let surroundings = ServiceRouter.Environment(
            authenticator: environment.authenticator, time: environment.time, ids: environment.ids,
            logger: environment.logger, telemetry: environment.telemetry)
        let router = ServiceRouter(
            environment: surroundings, table: table, metrics: metrics, compartments: compartments)
        self.handler = { try await router.respond(to: $0) }
    }
}
