public import Chassis
import Essentials
public import EventSourcing
public import Messaging
public import Sagas
import ShopContracts

/// Orders: what customers want, where it stands, and the sagas that carry it out.
public struct OrdersService: Sendable {
    /// What can be set.
    public struct Configuration: Sendable {
        /// In which order stock and money are asked for. Checkouts that began in the other order end in it. Default: stock
        /// first.
        public var checkout = CheckoutSequence.stockFirst
        /// How long inventory holds stock for an unfinished checkout. 1 second to 1 day. Default: 15 minutes.
        public var holdDuration = Duration.seconds(900)
        /// How long a participant that does not answer keeps a checkout from being called off. Shorter than
        /// ``holdDuration``. Default: 10 minutes.
        public var patience = Duration.seconds(600)
        /// How long a customer whose payment failed may take to pay again. Default: 24 hours.
        public var paymentWindow = Duration.seconds(86_400)
        /// How the saga engine works.
        public var sagas = SagaEngine<any ServiceUnit>.Configuration()
        /// How the consumer of shipping's facts works.
        public var consumers = ConsumerGroup<any ServiceUnit>.Configuration()

        public init() {}
    }

    public static let migrations: [Migration] = [
        IdempotencyStore.migration, OrderSummaries.migration, CustomerCounters.migration,
        OrderSummaries.timeMigration,
    ]

    public let service: Service
    /// The engine that runs this service's sagas.
    public let sagas: SagaEngine<any ServiceUnit>
    /// The consumers of this service.
    public let consumers: ConsumerGroup<any ServiceUnit>
    let features: OrderFeatures
    let paymentWindow: PaymentWindow

    public init(_ environment: ServiceEnvironment, configuration: Configuration = Configuration()) throws {
        let features = Self.features(environment, configuration)
        let consumers = Self.consumers(features, configuration)
        let window = PaymentWindow(features: features, length: configuration.paymentWindow)
        self.features = features
        self.sagas = features.engine
        self.consumers = consumers
        self.paymentWindow = window

        let health = HealthRegistry(time: environment.time)
        health.addCheck("database", critical: true) {
            _ = try await environment.store.read { try $0.query("SELECT 1") }
        }
        self.service = Service(
            environment, routes: Self.routes(features, consumers), health: health,
            background: [
                BackgroundWork("sagas") { try await features.engine.run() },
                BackgroundWork("consumers") { try await consumers.run() },
                BackgroundWork("payment window") { try await window.run() },
            ],
            readModels: features.orders.projector)
    }

    private static func routes(_ features: OrderFeatures, _ consumers: ConsumerGroup<any ServiceUnit>) -> [Route] {
        let create = CreateOrder(features: features)
        return [create.version1, create.version2] + ReadOrders(features: features).routes
            + Reports(features: features).routes
            + ChangeOrder(features: features).routes + DraftOrders(features: features).routes
            + SagaRoutes(features.engine).routes + DeadLetterRoutes(consumers).routes
    }

    private static func features(_ environment: ServiceEnvironment, _ configuration: Configuration) -> OrderFeatures {
        let orders = OrderDesk(environment)
        let inventory = Participant(.inventory, in: environment)
        let payments = Participant(.payments, in: environment)
        let shipping = Participant(.shipping, in: environment)
        let checkout = CheckoutSaga(
            orders: orders, inventory: inventory, payments: payments, shipping: shipping,
            holdDuration: configuration.holdDuration, patience: configuration.patience)
        let refund = RefundSaga(orders: orders, inventory: inventory, payments: payments).definition
        let definitions: [any SagaRules<any ServiceUnit>] =
            CheckoutSequence.allCases.map { checkout.definition($0) } + [refund]
        let engine = SagaEngine<any ServiceUnit>(
            in: environment, definitions: definitions, configuration: configuration.sagas)
        return OrderFeatures(
            environment: environment, orders: orders, engine: engine,
            checkout: checkout.definition(configuration.checkout), refund: refund,
            catalog: ServiceClient(.catalog, in: environment), shipping: shipping.client)
    }

    private static func consumers(
        _ features: OrderFeatures, _ configuration: Configuration,
    ) -> ConsumerGroup<any ServiceUnit> {
        let environment = features.environment
        return ConsumerGroup(
            [
                Subscription(
                    ShipmentConsumer(features: features).consumer, to: [.remote(.shipping, in: environment)])
            ], in: environment, configuration: configuration.consumers)
    }
}
