public import Chassis
public import Essentials
public import EventSourcing
public import Telemetry

/// The console: where operators see all services and steer them. It keeps traces, logs and rates in a database of its own,
/// and asks the services over their internal routes for everything else.
public struct ConsoleService: Sendable {
    /// What can be set.
    public struct Configuration: Sendable {
        /// Where finished spans and log records come from.
        public var buffer: TelemetryBuffer
        /// All metrics of the services of this process, as they stand.
        public var metrics: @Sendable () -> [MetricFamily] = { [] }
        /// The services that are watched, in the order in which they are shown.
        public var services: [ServiceName]
        /// Those of them that run sagas.
        public var sagaServices: [ServiceName] = []
        /// Those of them that keep ledgers.
        public var ledgerServices: [ServiceName] = []
        /// Those of them that consume events.
        public var consumerServices: [ServiceName] = []
        /// How long traces, logs and rates are kept. Default: 3 days.
        public var retention = Duration.seconds(3 * 86_400)
        /// How many bytes of spans are kept; the oldest go first. Default: 512 MiB.
        public var quota = ByteCount.mebibytes(512)
        /// The share of requests that services are to answer without an error of their own. Default: 0.999.
        public var objective = 0.999
        /// Whether the cookie is sent over TLS only. Default: false.
        public var hasSecureCookies = false

        public init(services: [ServiceName], buffer: TelemetryBuffer = TelemetryBuffer()) {
            self.services = services
            self.buffer = buffer
        }
    }

    public static let migrations: [Migration] = [TelemetrySchema.migration]

    public let service: Service
    let store: ServiceStore
    let collector: Collector
    let watch: ServiceWatch

    public init(_ environment: ServiceEnvironment, configuration: Configuration) throws {
        var cookie = PageCookie("mainstay_console")
        cookie.isSecure = configuration.hasSecureCookies
        cookie.lifetime = 43_200
        let operators = Operators(environment, cookie: cookie)
        let names = configuration.services
        let pages = ConsolePages(
            environment: environment, operators: operators, services: Services(environment, names: names))
        let alerts = AlertWatch(target: configuration.objective, time: environment.time)
        let watch = ServiceWatch(environment, services: names)
        let collector = Collector(environment, configuration, alerts)
        let health = HealthRegistry(time: environment.time)
        health.addCheck("database", critical: true) {
            _ = try await environment.store.read { try $0.query("SELECT 1") }
        }
        let ingest = Ingest(
            buffer: configuration.buffer, decoder: OTLPDecoder(), takeMetrics: { try await collector.take($0) })
        self.store = environment.store
        self.collector = collector
        self.watch = watch
        self.service = Service(
            environment,
            routes: ConsoleAsset.all.map(\.route) + SignIn(pages: pages).routes
                + Overview(pages: pages, watch: watch, alerts: alerts).routes
                + Traces(pages: pages, names: names.map(\.rawValue)).routes + TraceView(pages: pages).routes
                + Sagas(pages: pages, services: configuration.sagaServices).routes
                + ServicePages(pages: pages, watch: watch).routes + Events(pages: pages, services: names).routes
                + LedgerPage(pages: pages, services: configuration.ledgerServices).routes
                + Queues(pages: pages, services: configuration.consumerServices).routes
                + ObjectivesPage(pages: pages, watch: alerts).routes + AuditPage(pages: pages).routes + ingest.routes,
            health: health,
            background: collector.works + [
                watch.work, BackgroundWork("forgotten sessions") { try await operators.prune() },
            ])
    }
}
