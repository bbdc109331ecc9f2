public import Chassis
import Essentials
public import EventSourcing
public import Sagas

/// Transfers between customers' accounts: a saga over the accounts that payments keeps. It holds no balance itself.
public struct TransfersService: Sendable {
    public struct Configuration: Hashable, Sendable {
        /// The name of the saga engine; no two living processes over one database may share it. Default: `transfers`.
        public var engineName = "transfers"

        public init() {}
    }

    public static let migrations: [Migration] = [IdempotencyStore.migration, TransfersView.migration]

    public let service: Service
    /// Carries the transfers out; runs in the service's background.
    public let engine: SagaEngine<any ServiceUnit>

    public init(_ environment: ServiceEnvironment, configuration: Configuration = Configuration()) throws {
        let projector = Projector<any ServiceUnit>([TransfersView()], log: { $0 })
        let desk = TransferDesk(environment, engineName: configuration.engineName, projector: projector)
        let engine = desk.engine
        self.engine = engine
        let health = HealthRegistry(time: environment.time)
        health.addCheck("database", critical: true) {
            _ = try await environment.store.read { try $0.query("SELECT 1") }
        }
        self.service = Service(
            environment, routes: TransferRoutes(desk: desk).routes + SagaRoutes(engine).routes, health: health,
            background: [BackgroundWork("sagas") { try await engine.run() }],
            readModels: projector)
    }
}
