import Essentials
import EventSourcing
import ShopContracts

/// Stock has been set aside for an order.
struct StockReserved: EventPayload {
    static let eventType = "StockReserved"
    var orderId: OrderID
    var lines: [StockLine]
    /// When it is given back unless the order goes on.
    var until: Timestamp
}

/// The reserved stock of an order is sold.
struct StockCommitted: EventPayload {
    static let eventType = "StockCommitted"
    var orderId: OrderID
    var lines: [StockLine]
}

/// The reserved stock of an order is back on the shelf. No lines when nothing had been reserved yet.
struct StockReleased: EventPayload {
    static let eventType = "StockReleased"
    var orderId: OrderID
    var lines: [StockLine]
    /// `released` or `expired`.
    var reason: String
}

/// The sold stock of an order has come back.
struct StockReturned: EventPayload {
    static let eventType = "StockReturned"
    var orderId: OrderID
    var lines: [StockLine]
}

/// New stock has come.
struct StockReceived: EventPayload {
    static let eventType = "StockReceived"
    var receiptId: UniqueID
    var productId: ProductID
    var quantity: Int
}

/// Everything that inventory writes down.
enum StockEvent: EventSum {
    case reserved(StockReserved)
    case committed(StockCommitted)
    case released(StockReleased)
    case returned(StockReturned)
    case received(StockReceived)

    var payload: any EventPayload {
        switch self {
        case .reserved(let fact): fact
        case .committed(let fact): fact
        case .released(let fact): fact
        case .returned(let fact): fact
        case .received(let fact): fact
        }
    }

    static let catalog = EventCatalog<StockEvent>([
        .fact(StockReserved.self, StockEvent.reserved),
        .fact(StockCommitted.self, StockEvent.committed),
        .fact(StockReleased.self, StockEvent.released),
        .fact(StockReturned.self, StockEvent.returned),
        .fact(StockReceived.self, StockEvent.received),
    ])
}
