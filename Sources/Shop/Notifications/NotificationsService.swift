public import Chassis
import Essentials
public import EventSourcing
public import Messaging
import ShopContracts

/// Notifications: tells people what happened, on the channels that they chose.
public struct NotificationsService: Sendable {
    /// What can be set.
    public struct Configuration: Sendable {
        /// Hands messages out. Default: nil, which writes files to ``directory``, or logs without one.
        public var sender: (any NotificationSender)?
        /// Where messages are written, one file each. Default: nil.
        public var directory: String?
        /// How the consumers of other services' facts work.
        public var consumers = ConsumerGroup<any ServiceUnit>.Configuration()
        /// How the outboxes work.
        public var outbox = EffectWorker<any ServiceUnit>.Configuration()

        public init() {}
    }

    public static let migrations: [Migration] = [NotificationRows.migration]

    public let service: Service
    /// The consumers of this service.
    public let consumers: ConsumerGroup<any ServiceUnit>
    let workers: [EffectWorker<any ServiceUnit>]

    public init(_ environment: ServiceEnvironment, configuration: Configuration = Configuration()) throws {
        let files = configuration.directory.map { FileSender(directory: $0) as any NotificationSender }
        let sender = configuration.sender ?? files ?? LogSender(environment.logger)
        let outbox = Outbox(environment, sender: sender)
        let consumers = ConsumerGroup(
            outbox.subscriptions, in: environment, configuration: configuration.consumers)
        let workers = Channel.allCases.map { outbox.worker($0, configuration.outbox) }
        self.consumers = consumers
        self.workers = workers

        let health = HealthRegistry(time: environment.time)
        health.addCheck("database", critical: true) {
            _ = try await environment.store.read { try $0.query("SELECT 1") }
        }
        var background = [
            BackgroundWork("consumers") { try await consumers.run() },
            BackgroundWork("tidy") { try await outbox.tidy() },
        ]
        for (channel, worker) in zip(Channel.allCases, workers) {
            background.append(BackgroundWork("outbox \(channel.rawValue)") { try await worker.run() })
        }
        self.service = Service(
            environment,
            routes: NotificationRoutes(outbox: outbox).routes + DeadLetterRoutes(consumers).routes, health: health,
            background: background,
            readModels: outbox.projector)
    }
}
