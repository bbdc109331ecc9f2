import Catalog
import Chassis
import Essentials
import EventSourcing
import Gateway
import HTTPTypes
import Identity
import Inventory
import Logging
import Notifications
import Orders
import Payments
import Sagas
import Shipping
import ShopContracts
import Simulation
import StorageSQLite
import StorageSQLiteTesting
import Transfers
import Users

/// Makes the programs that run on the machines of a simulated shop.
struct ShopPrograms: Sendable {
    let simulation: Simulator
    let stage: Stage
    let network: ShopNetwork
    let mix: Mix
    let outside: Outside
    let disks: [ServiceName: SimulatedDisk]
    let watches: [ServiceName: CommitWatch]
    let serviceKey: SigningKey
    let usersKey: SigningKey
    /// Told of each service as soon as it serves.
    let started: @Sendable (ServiceName, Service, ServiceStore) -> Void

    /// What runs on the machine of a service, from power on to its death.
    func runService(_ name: ServiceName, _ process: SimulatedProcess) async throws {
        let revocations = RevocationList()
        let environment = try self.environment(name, process, revocations)
        let (service, seed) = try self.service(environment, process, revocations)
        try await self.watches[name]?.recover(environment.store)
        try await service.prepare()
        try await seed()
        self.stage.serve(name.rawValue, on: process, over: self.network, service.handler)
        self.started(name, service, environment.store)
        self.simulation.trace("\(name) serves")
        // The service that calls tokens back knows of it first; the others follow its log.
        let following = name == .users ? [] : [try self.follower(name, process, revocations).work]
        try await self.work(service.background + following, of: name, process)
    }

    /// Background work as the platform runs it.
    private func work(_ works: [BackgroundWork], of name: ServiceName, _ process: SimulatedProcess) async throws {
        let supervisor = WorkSupervisor(time: process.time, chance: process.chance) { failure in
            self.simulation.trace("the work '\(failure.work)' of \(name) failed: \(failure.error)")
        }
        await supervisor.run(works)
        // A service without any work listens all the same.
        while true { try await process.time.sleep(for: .seconds(3_600)) }
    }

    /// A second engine on the transfers, on a machine of its own over the same database.
    func runSecondEngine(_ process: SimulatedProcess) async throws {
        let environment = try self.environment(.transfers, process)
        var configuration = TransfersService.Configuration()
        configuration.engineName = "transfers-2"
        let transfers = try TransfersService(environment, configuration: configuration)
        try await self.work(
            [BackgroundWork("sagas") { try await transfers.engine.run() }], of: "transfers-2", process)
    }

    func runGateway(_ process: SimulatedProcess) async throws {
        let transport = NodeTransport(network: self.network, process: process, simulation: self.simulation)
        let revocations = RevocationList()
        let follower = try self.follower("gateway", process, revocations)
        let gateway = GatewayService(
            GatewayEnvironment(
                transport: transport, userKeys: self.userKeys(process), revocations: revocations, time: process.time,
                wallClock: process.wallClock, ids: process.ids, chance: process.chance, logger: Self.silent,
                version: "simulated"),
            problems: ProblemType.common + ProblemType.shop)
        self.stage.serve("gateway", on: process, over: self.network, gateway.handler)
        try await self.work(gateway.background + [follower.work], of: "gateway", process)
    }

    // MARK: What a service is given

    private static let silent = Logger(label: "simulated", factory: { _ in SwiftLogNoOpLogHandler() })

    private func follower(
        _ name: ServiceName, _ process: SimulatedProcess, _ revocations: RevocationList,
    ) throws -> RevocationFollower {
        let transport = NodeTransport(network: self.network, process: process, simulation: self.simulation)
        return RevocationFollower(
            RemoteFeed(
                .users, transport: transport, credentials: try self.credentials(name, process), time: process.time),
            into: revocations, time: process.time, logger: Self.silent, read: { try TokensRevoked.revocation(in: $0) })
    }

    private func environment(
        _ name: ServiceName, _ process: SimulatedProcess, _ revocations: RevocationList = RevocationList(),
    ) throws -> ServiceEnvironment {
        guard let disk = self.disks[name], let watch = self.watches[name] else {
            preconditionFailure("\(name) is no service of the shop")
        }
        let delay = Latency.exponential(mean: self.mix.diskDelay, maximum: .milliseconds(200))
        let store = try SQLiteStore(
            path: "\(name).sqlite", service: name.rawValue,
            migrations: SQLiteStore.kitMigrations + Self.migrations(name), configuration: .init(on: disk),
            ids: process.ids, writeExecutor: process.blockingExecutor("write", latency: delay),
            readExecutor: process.blockingExecutor("read", latency: delay), time: process.time)
        return ServiceEnvironment(
            name: name, store: watch.watching(store.transactor.map { $0 }, process),
            transport: NodeTransport(network: self.network, process: process, simulation: self.simulation),
            authenticator: TokenAuthenticator(
                service: name, serviceKeys: try JWKSet([self.serviceKey.publicKey]), userKeys: self.userKeys(process),
                wallClock: process.wallClock, isRevoked: { revocations.isRevoked($0) }),
            credentials: try self.credentials(name, process), time: process.time, wallClock: process.wallClock,
            ids: process.ids, chance: process.chance, logger: Self.silent, version: "simulated")
    }

    private func userKeys(_ process: SimulatedProcess) -> CachedKeySource {
        let transport = NodeTransport(network: self.network, process: process, simulation: self.simulation)
        return CachedKeySource(time: process.time) {
            let answer = try await transport.call(
                .users, ServiceRequest(.get, "/.well-known/jwks.json"),
                deadline: Deadline(at: process.time.now + .seconds(5)))
            return try JWKSet(parsing: answer.body)
        }
    }

    private func credentials(_ name: ServiceName, _ process: SimulatedProcess) throws -> SignedServiceCredentials {
        try SignedServiceCredentials(
            service: name, key: self.serviceKey, ids: process.ids, wallClock: process.wallClock)
    }

    static func migrations(_ name: ServiceName) -> [Migration] {
        switch name {
        case .users: UsersService.migrations
        case .catalog: CatalogService.migrations
        case .inventory: InventoryService.migrations
        case .payments: PaymentsService.migrations
        case .shipping: ShippingService.migrations
        case .orders: OrdersService.migrations
        case .transfers: TransfersService.migrations
        case .notifications: NotificationsService.migrations
        default: preconditionFailure("\(name) is no service of the shop")
        }
    }

    /// A service, and what it does with an empty database.
    private typealias Built = (service: Service, seed: @Sendable () async throws -> Void)

    private func service(
        _ environment: ServiceEnvironment, _ process: SimulatedProcess, _ revocations: RevocationList,
    ) throws -> Built {
        environment.name == .users
            ? try self.users(environment, process, revocations) : (try self.plain(environment, process), {})
    }

    private func plain(_ environment: ServiceEnvironment, _ process: SimulatedProcess) throws -> Service {
        switch environment.name {
        case .catalog: return try CatalogService(environment).service
        case .inventory: return try InventoryService(environment).service
        case .payments:
            let provider = OutsideProvider(self.outside, process: process)
            return try PaymentsService(environment, provider: provider).service
        case .shipping:
            var configuration = ShippingService.Configuration()
            configuration.demoCarrier = self.mix.hasCarrier
            return try ShippingService(environment, configuration: configuration).service
        case .orders:
            var configuration = OrdersService.Configuration()
            configuration.patience = self.mix.patience
            configuration.holdDuration = self.mix.holdDuration
            configuration.checkout = self.mix.isPaymentFirst ? .paymentFirst : .stockFirst
            return try OrdersService(environment, configuration: configuration).service
        case .transfers: return try TransfersService(environment).service
        case .notifications:
            var configuration = NotificationsService.Configuration()
            configuration.sender = OutsideMailbox(outside: self.outside, process: process)
            return try NotificationsService(environment, configuration: configuration).service
        default: preconditionFailure("\(environment.name) is no service of the shop")
        }
    }

    /// The hashes are as cheap as argon2id lets them be: it is not their strength that is simulated.
    private func users(
        _ environment: ServiceEnvironment, _ process: SimulatedProcess, _ revocations: RevocationList,
    ) throws -> Built {
        var hashing = PasswordHasher.Configuration()
        hashing.parameters = Argon2Parameters(memory: .kibibytes(8), passes: 1)
        let hasher = PasswordHasher(
            configuration: hashing, chance: process.chance,
            makeExecutor: { process.blockingExecutor("password-\($0)") }, time: process.time)
        let users = try UsersService(
            environment,
            configuration: UsersService.Configuration(
                signingKey: self.usersKey, hasher: hasher, revocations: revocations))
        return (
            users.service,
            {
                _ = try await users.seedAdministrator(
                    email: Operator.email, password: Redacted(Operator.password), name: "Operator")
            }
        )
    }
}
