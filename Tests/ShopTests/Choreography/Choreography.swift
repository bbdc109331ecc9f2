import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import Messaging
import ShopContracts
import Synchronization

@testable import Orders

/// The checkout once more without anybody in charge: each service reacts to facts in the logs of others.
///
/// OrderPlaced → StockReserved → PaymentCaptured → OrderConfirmed → ShippingScheduled; PaymentDeclined → OrderCancelled →
/// StockReleased. Aliases of the brief: OrderCreated, InventoryReserved, PaymentCompleted, ShippingArranged.
final class Choreography: Sendable {
    struct StockReserved: EventPayload {
        static let eventType = "StockReserved"
        var orderId: OrderID
        var customerId: CustomerID
        var amount: Money
    }

    struct StockReleased: EventPayload {
        static let eventType = "StockReleased"
        var orderId: OrderID
    }

    struct PaymentCaptured: EventPayload {
        static let eventType = "PaymentCaptured"
        var orderId: OrderID
        var amount: Money
    }

    struct PaymentDeclined: EventPayload {
        static let eventType = "PaymentDeclined"
        var orderId: OrderID
    }

    struct ShippingScheduled: EventPayload {
        static let eventType = "ShippingScheduled"
        var orderId: OrderID
    }

    struct EmailSent: EventPayload {
        static let eventType = "EmailSent"
        var orderId: OrderID
    }

    static let services: [ServiceName] = [.orders, .inventory, .payments, .shipping, .notifications, "analytics"]

    let platform: TestPlatform
    let stores: [ServiceName: ServiceEnvironment]
    let desk: OrderDesk
    /// Customers whose payments are declined.
    let poor = Mutex<Set<CustomerID>>([])
    /// Services whose handlers fail for now.
    let blocked = Mutex<Set<ServiceName>>([])
    /// How often each page is delivered again.
    let redeliveries: Int

    init(redeliveries: Int = 0) throws {
        self.redeliveries = redeliveries
        self.platform = try TestPlatform()
        var stores: [ServiceName: ServiceEnvironment] = [:]
        for name in Self.services {
            stores[name] = try self.platform.environment(
                name, migrations: name == .orders ? OrdersService.migrations : [])
        }
        self.stores = stores
        self.desk = OrderDesk(stores[.orders]!)
    }

    /// Places an order; knows nothing of who listens.
    func place(_ amount: Int64 = 1_000, by customer: CustomerID) async throws -> OrderID {
        let ids = self.platform.ids
        let order: OrderID = ids.next()
        let line = try OrderLine(
            lineId: ids.next(), productId: ids.next(), name: "Pen", quantity: 1, unitPrice: Money(minor: amount, .eur))
        let new = NewOrder(
            orderId: order, customerId: customer, currency: .eur, lines: [line], shippingAddress: nil,
            paymentMethod: .ok, at: self.platform.wallClock.now)
        let command = ids.next()
        _ = try await self.stores[.orders]!.store.write { unit in
            try self.desk.execute(
                .createAndPlace(new), on: order,
                metadata: EventMetadata(correlationID: command, causationID: command), in: unit)
        }
        return order
    }

    /// Lets every service react until nothing new happens.
    func settle() async throws {
        let groups = Self.services.map { self.group(of: $0) }
        for _ in 0..<20 {
            var handled = 0
            // One that is blocked keeps nobody else from reacting.
            for group in groups { handled += (try? await group.catchUp()) ?? 0 }
            if handled == 0 { return }
            // What came in the wrong order is parked and tried again.
            self.platform.wallClock.advance(by: .seconds(40))
        }
    }

    func log(_ service: ServiceName) async throws -> [RecordedEvent] {
        try await self.stores[service]!.store.read { try $0.readAll(after: .start, limit: 1_000) }
    }

    // MARK: - Reactions

    private typealias Reaction = (source: ServiceName, consumer: Consumer<any ServiceUnit>)

    private func group(of service: ServiceName) -> ConsumerGroup<any ServiceUnit> {
        let environment = self.stores[service]!
        let subscriptions = self.reactions(of: service).map { reaction in
            let source = self.stores[reaction.source]!
            let feed = LocalFeed(source.store, log: { $0 }, time: self.platform.time)
            return Subscription(
                reaction.consumer,
                to: [NamedFeed(reaction.source.rawValue, StutteringFeed(feed, repeats: self.redeliveries))])
        }
        return ConsumerGroup(
            subscriptions, transactor: environment.store, inbox: { $0 }, wallClock: environment.wallClock,
            time: environment.time)
    }

    private func reactions(of service: ServiceName) -> [Reaction] {
        switch service {
        case .orders: self.orderReactions
        case .inventory:
            [
                self.on(.orders, "OrderPlaced", of: service, as: OrderPlaced.self) { fact in
                    StockReserved(orderId: fact.orderId, customerId: fact.customerId, amount: fact.totalAmount)
                },
                self.on(.orders, "OrderCancelled", of: service, as: OrderCancelled.self) { fact in
                    StockReleased(orderId: fact.orderId)
                },
            ]
        case .payments: [self.charge]
        case .shipping:
            [
                self.on(.orders, "OrderConfirmed", of: service, as: OrderConfirmed.self) { fact in
                    ShippingScheduled(orderId: fact.orderId)
                }
            ]
        case .notifications:
            [
                self.on(.orders, "OrderPlaced", of: service, as: OrderPlaced.self) { fact in
                    EmailSent(orderId: fact.orderId)
                }
            ]
        default:
            [
                self.on(.orders, "OrderPlaced", of: service, as: OrderPlaced.self) { fact in
                    PaymentCaptured(orderId: fact.orderId, amount: fact.totalAmount)
                }
            ]
        }
    }

    /// A reaction that appends one fact, caused by the one it reacts to.
    private func on<Fact: EventPayload, Result: EventPayload>(
        _ source: ServiceName, _ type: String, of service: ServiceName, as _: Fact.Type,
        _ react: @escaping @Sendable (Fact) -> Result,
    ) -> Reaction {
        (
            source,
            Consumer("\(service) on \(type)", types: [type]) { event, unit in
                if self.blocked.withLock({ $0.contains(service) }) { throw EventStoreError(.unavailable, "blocked") }
                let fact = try EventCoding.decode(Fact.self, from: event.event.data)
                try self.append(react(fact), causedBy: event, to: service, in: unit)
            }
        )
    }

    private var charge: Reaction {
        (
            .inventory,
            Consumer("payments on StockReserved", types: [StockReserved.eventType]) { event, unit in
                let fact = try EventCoding.decode(StockReserved.self, from: event.event.data)
                if self.poor.withLock({ $0.contains(fact.customerId) }) {
                    try self.append(PaymentDeclined(orderId: fact.orderId), causedBy: event, to: .payments, in: unit)
                } else {
                    let captured = PaymentCaptured(orderId: fact.orderId, amount: fact.amount)
                    try self.append(captured, causedBy: event, to: .payments, in: unit)
                }
            }
        )
    }

    private var orderReactions: [Reaction] {
        [
            self.order(.inventory, StockReserved.self) { fact in
                (
                    fact.orderId,
                    [.reserveStock(hold: fact.orderId), .authorizePayment(PaymentID(fact.orderId.rawValue))]
                )
            },
            self.order(.payments, PaymentCaptured.self) { fact in
                (fact.orderId, [.paymentConfirmed(captured: fact.amount)])
            },
            self.order(.payments, PaymentDeclined.self) { fact in
                (fact.orderId, [.paymentDeclined(reason: "declined"), .cancelOrder(reason: "payment declined")])
            },
        ]
    }

    private func order<Fact: EventPayload>(
        _ source: ServiceName, _ type: Fact.Type,
        _ react: @escaping @Sendable (Fact) -> (OrderID, [OrderCommand]),
    ) -> Reaction {
        (
            source,
            Consumer("orders on \(Fact.eventType)", types: [Fact.eventType]) { event, unit in
                let (order, commands) = react(try EventCoding.decode(Fact.self, from: event.event.data))
                for (index, command) in commands.enumerated() {
                    // The first command's id is the event's, so that the chain of causes can be followed.
                    let id = index == 0 ? event.id : UniqueID(high: event.id.high, low: event.id.low ^ UInt64(index))
                    try self.desk.execute(command, on: order, metadata: event.metadata.caused(by: id), in: unit)
                }
            }
        )
    }

    private func append(
        _ fact: some EventPayload, causedBy event: RecordedEvent, to service: ServiceName, in unit: any ServiceUnit,
    ) throws {
        let new = NewEvent(
            id: self.platform.ids.next(), type: type(of: fact).eventType, schemaVersion: 1,
            timestamp: self.platform.wallClock.now, metadata: event.metadata.caused(by: event.id),
            data: try EventCoding.encode(fact))
        try unit.append(
            [new], to: StreamID(category: "choreography", aggregateID: self.platform.ids.next()), expecting: .any)
    }
}

/// A feed that gives what it has given already some more times.
final class StutteringFeed: EventFeed {
    private let feed: any EventFeed
    private let left: Mutex<Int>

    init(_ feed: some EventFeed, repeats: Int) {
        self.feed = feed
        self.left = Mutex(repeats)
    }

    func page(after cursor: Cursor?, limit: Int, wait: Duration) async throws -> FeedPage {
        let goesBack = self.left.withLock { left in
            guard left > 0, cursor != nil else { return false }
            left -= 1
            return true
        }
        return try await self.feed.page(after: goesBack ? nil : cursor, limit: limit, wait: .zero)
    }
}
