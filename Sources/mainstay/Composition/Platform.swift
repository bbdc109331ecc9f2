import Chassis
import ChassisHTTP
import Essentials
import EventSourcing
import Foundation
import Gateway
import GatewayCore
import HTTPTypes
import Identity
import LoadBalancing
import Logging
import ServiceLifecycle
import ShopContracts
import StorageSQLite
import Synchronization
import UnixSignals
import Users

/// Puts the platform together: the one place where engines, sockets and services meet.
final class Platform: Sendable {
    let settings: Settings
    let directory: DataDirectory
    let addresses = ServiceDirectory()
    let transport: HTTPTransport
    let logger: Logger
    let serviceKey: SigningKey
    let usersKey: SigningKey
    /// People's tokens that have been called back. The users service fills it in its own process, everybody else follows the
    /// log of that service.
    let revocations = RevocationList()
    /// What everything in this process tells about itself.
    let telemetry: PlatformTelemetry
    let time = TimeSource.system
    let wallClock = WallClock.system
    let ids = IDSource.system
    let chance = Chance.system

    init(_ settings: Settings, directory: DataDirectory) throws {
        self.settings = settings
        self.directory = directory
        self.serviceKey = try directory.key("service-key", chance: .system)
        self.usersKey = try directory.key("users-key", chance: .system)
        self.transport = HTTPTransport(directory: self.addresses, time: .system)
        let telemetry = PlatformTelemetry(settings, keys: [self.serviceKey, self.usersKey])
        self.telemetry = telemetry
        var logger = Logger(label: "mainstay", factory: { telemetry.logHandler(label: $0, service: "mainstay") })
        logger.logLevel = Logger.Level(rawValue: settings.logLevel) ?? .notice
        self.logger = logger
    }

    /// Builds a platform for as long as `body` runs and closes its connections afterwards, whatever happens.
    static func scoped(
        _ settings: Settings, directory: DataDirectory, body: (Platform) async throws -> Void,
    ) async throws {
        let platform = try Platform(settings, directory: directory)
        do {
            try await body(platform)
        } catch {
            try await platform.transport.shutDown()
            throw error
        }
        try await platform.transport.shutDown()
    }

    /// The keys that people's tokens are checked with, fetched from the users service and kept.
    private var userKeys: CachedKeySource {
        let transport = self.transport
        let time = self.time
        return CachedKeySource(time: time) {
            let deadline = Deadline(at: time.now + .seconds(5))
            let answer = try await transport.call(
                .users, ServiceRequest(.get, "/.well-known/jwks.json"), deadline: deadline)
            return try JWKSet(parsing: answer.body)
        }
    }

    /// What a service is given. Opens its database.
    func environment(for blueprint: ServiceBlueprint, database: String? = nil) throws -> ServiceEnvironment {
        let path = database ?? self.directory.database(of: blueprint.name.rawValue)
        let store: SQLiteStore
        do {
            var configuration = SQLiteStore.Configuration()
            configuration.readers = self.settings.databaseConnections
            store = try SQLiteStore(
                path: path, service: blueprint.name.rawValue,
                migrations: SQLiteStore.kitMigrations + blueprint.migrations, configuration: configuration)
        } catch let error as EventStoreError {
            throw CommandFailure.environment("\(blueprint.name): \(error.message)")
        }
        let name = blueprint.name.rawValue
        var logger = Logger(label: name, factory: { self.telemetry.logHandler(label: $0, service: name) })
        logger.logLevel = self.logger.logLevel
        var environment = ServiceEnvironment(
            name: blueprint.name, store: store.transactor.map { $0 }, transport: self.transport,
            authenticator: TokenAuthenticator(
                service: blueprint.name, serviceKeys: try JWKSet([self.serviceKey.publicKey]), userKeys: self.userKeys,
                wallClock: self.wallClock, isRevoked: { self.revocations.isRevoked($0) }),
            credentials: try self.credentials(of: blueprint.name), time: self.time, wallClock: self.wallClock,
            ids: self.ids, chance: self.chance, logger: logger, version: Version.current, pools: self.settings.pools)
        environment.use(self.telemetry.service(blueprint.name))
        return environment
    }

    /// Keeps ``revocations`` up to date in a process without the users service.
    func followRevocations(as service: ServiceName) throws -> BackgroundWork {
        RevocationFollower(
            RemoteFeed(
                .users, transport: self.transport, credentials: try self.credentials(of: service), time: self.time),
            into: self.revocations, time: self.time, logger: self.logger, read: { try TokensRevoked.revocation(in: $0) }
        ).work
    }

    func credentials(of service: ServiceName) throws -> SignedServiceCredentials {
        try SignedServiceCredentials(service: service, key: self.serviceKey, ids: self.ids, wallClock: self.wallClock)
    }

    func gateway() throws -> GatewayService {
        var configuration = GatewayService.Configuration()
        configuration.deadline = self.settings.gatewayDeadline
        configuration.clientRate = self.settings.clientRate
        configuration.healthInterval = self.settings.healthInterval
        configuration.healthTimeout = self.settings.healthTimeout
        var environment = GatewayEnvironment(
            transport: self.transport, userKeys: self.userKeys, revocations: self.revocations,
            time: self.time, wallClock: self.wallClock, ids: self.ids, chance: self.chance, logger: self.logger,
            version: Version.current)
        environment.hosts = SystemHosts()
        environment.tracing = self.telemetry.edge
        return GatewayService(
            environment, plan: GatewayPlan(self.settings.gateway),
            problems: ProblemType.common + ProblemType.shop + ProblemType.edge,
            configuration: configuration)
    }

    /// What operators steer the gateway by: on loopback, whatever the gateway listens on.
    func admin(_ gateway: GatewayService, ready: Readiness) throws -> HTTPHost {
        let name = GatewayAdmin.service
        let authenticator = TokenAuthenticator(
            service: name, serviceKeys: try JWKSet([self.serviceKey.publicKey]), userKeys: self.userKeys,
            wallClock: self.wallClock, isRevoked: { self.revocations.isRevoked($0) })
        let admin = GatewayAdmin(gateway, authenticator: authenticator)
        return self.host(name, admin.handler, port: self.settings.gatewayAdminPort, ready: ready)
    }

    /// A host for a handler that registers its address and reports when it listens.
    func host(
        _ name: ServiceName, _ handler: @escaping ServiceHandler, host: String = "127.0.0.1", port: Int,
        ready: Readiness,
    ) -> HTTPHost {
        var configuration = HTTPHost.Configuration(port: port)
        configuration.host = host
        return HTTPHost(configuration, handler: handler, logger: self.logger) { port in
            self.addresses.register(name, at: "\(HostAndPort(host: host, port: port))")
            ready.arrived(name, port: port)
        }
    }

    /// A host for background work that begins when so many listen.
    func background(
        _ works: [BackgroundWork], after listeners: Int, of ready: Readiness, quiesce: [@Sendable () -> Void] = [],
    ) -> BackgroundHost {
        BackgroundHost(
            works: works, supervisor: WorkSupervisor(logger: self.logger, time: self.time, chance: self.chance),
            ready: ready, listeners: listeners, quiesce: quiesce)
    }

    /// Runs services until a signal asks to stop: the last one first, each finishing what it has accepted.
    func run(_ services: [any ServiceLifecycle.Service]) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Self.quiet)
        configuration.maximumGracefulShutdownDuration = self.settings.drain
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            throw Self.failure(error)
        }
    }

    private static var quiet: Logger {
        var logger = Logger(label: "lifecycle", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .critical
        return logger
    }

    private static func failure(_ error: any Error) -> any Error {
        switch error {
        case is CommandFailure: error
        case let error as HTTPHost.PortInUse: CommandFailure.environment(error.description)
        default: CommandFailure.environment("a part of the platform failed: \(error)")
        }
    }
}

/// Runs background work from when everybody listens until the platform stops.
struct BackgroundHost: ServiceLifecycle.Service {
    let works: [BackgroundWork]
    let supervisor: WorkSupervisor
    let ready: Readiness
    /// How many must listen first.
    let listeners: Int
    /// Run when the work has ended.
    var quiesce: [@Sendable () -> Void] = []

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await self.ready.wait(for: self.listeners)
            await self.supervisor.run(self.works)
        }
        for quiesce in self.quiesce { quiesce() }
    }
}

/// Counts those who have begun to listen.
final class Readiness: Sendable {
    private struct Waiter {
        var id: UInt64
        var count: Int
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var ports: [ServiceName: Int] = [:]
        var nextID: UInt64 = 0
        var waiters: [Waiter] = []
    }

    private let state = Mutex(State())

    var ports: [ServiceName: Int] { self.state.withLock(\.ports) }

    func arrived(_ name: ServiceName, port: Int) {
        let woken = self.state.withLock { state in
            state.ports[name] = port
            let count = state.ports.count
            let woken = state.waiters.filter { $0.count <= count }
            state.waiters.removeAll { $0.count <= count }
            return woken
        }
        for waiter in woken { waiter.continuation.resume() }
    }

    /// Returns when `count` listen, or when the task is cancelled.
    func wait(for count: Int) async {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = self.state.withLock { state in
                    if state.ports.count >= count || Task.isCancelled { return true }
                    state.waiters.append(Waiter(id: id, count: count, continuation: continuation))
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiter = self.state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume()
        }
    }
}
