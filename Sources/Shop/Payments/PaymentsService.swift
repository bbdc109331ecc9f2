public import Chassis
import Essentials
public import EventSourcing

/// Money: card payments through a provider, customers' accounts, and the legs of transfers between them.
public struct PaymentsService: Sendable {
    public struct Configuration: Hashable, Sendable {
        /// How the built-in provider behaves.
        public var provider = SimulatedProvider.Configuration()
        /// How often to look for payments whose outcome is unknown. Default: 1 second.
        public var reconcileInterval: Duration = .seconds(1)
        /// The longest wait between two inquiries about one payment; waits double up to it. Default: 60 seconds.
        public var maximumInquiryDelay: Duration = .seconds(60)

        public init() {}
    }

    public static let migrations: [Migration] = [
        IdempotencyStore.migration, PaymentsView.migration, SimulatedProvider.migration,
    ]

    public let service: Service
    private let reconciler: Reconciler

    /// - Parameter provider: who charges cards; nil takes the ``SimulatedProvider`` with its book in the same database.
    public init(
        _ environment: ServiceEnvironment, configuration: Configuration = Configuration(),
        provider: (any PaymentProvider)? = nil,
    ) throws {
        let provider =
            provider
            ?? SimulatedProvider(
                environment.store, configuration: configuration.provider, wallClock: environment.wallClock,
                time: environment.time)
        let projector = Projector<any ServiceUnit>([PaymentsView()], log: { $0 })
        let desk = PaymentDesk(environment, provider: provider, projector: projector)
        let accounts = Accounts(environment: environment, projector: projector)
        let reconciler = Reconciler(
            desk: desk, interval: configuration.reconcileInterval, maximumDelay: configuration.maximumInquiryDelay)
        self.reconciler = reconciler
        let health = HealthRegistry(time: environment.time)
        health.addCheck("database", critical: true) {
            _ = try await environment.store.read { try $0.query("SELECT 1") }
        }
        health.addCheck("provider") { try desk.requireProvider() }
        self.service = Service(
            environment,
            routes: PaymentCallRoutes.routes(desk) + PostingRoutes.routes(accounts)
                + PaymentRoutes.routes(environment) + AccountRoutes.routes(accounts) + DepositRoutes(desk: desk).routes
                + [.trialBalance(of: environment.store), PaymentReconciliation.route(environment.store)],
            health: health, background: [BackgroundWork("payment reconciler") { try await reconciler.run() }],
            readModels: projector)
    }

    /// Inquires every payment of unknown outcome at once; the service does so by itself while it runs.
    /// - Returns: how many there were.
    @discardableResult
    public func reconcile() async throws -> Int { try await self.reconciler.reconcile() }
}
