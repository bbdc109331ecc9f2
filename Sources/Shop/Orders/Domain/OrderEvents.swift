import Essentials
import EventSourcing
import ShopContracts

/// The facts of an order's life. ``OrderPlaced`` and ``OrderCancelled`` are shared with other services.
enum OrderEvent: EventSum {
    case drafted(OrderDrafted)
    case lineAdded(OrderLineAdded)
    case lineChanged(OrderLineChanged)
    case lineRemoved(OrderLineRemoved)
    case placed(OrderPlaced)
    case stockReserved(OrderStockReserved)
    case paymentRequested(OrderPaymentRequested)
    case confirmed(OrderConfirmed)
    case paymentFailed(OrderPaymentFailed)
    case paymentRetried(OrderPaymentRetried)
    case shipped(OrderShipped)
    case inTransit(OrderInTransit)
    case delivered(OrderDelivered)
    case lost(OrderLost)
    case returnRequested(OrderReturnRequested)
    case returned(OrderReturned)
    case refunded(OrderRefunded)
    case refundRecorded(OrderRefundRecorded)
    case cancelled(OrderCancelled)
    case archived(OrderArchived)

    var payload: any EventPayload {
        switch self {
        case .drafted(let fact): fact
        case .lineAdded(let fact): fact
        case .lineChanged(let fact): fact
        case .lineRemoved(let fact): fact
        case .placed(let fact): fact
        case .stockReserved(let fact): fact
        case .paymentRequested(let fact): fact
        case .confirmed(let fact): fact
        case .paymentFailed(let fact): fact
        case .paymentRetried(let fact): fact
        case .shipped(let fact): fact
        case .inTransit(let fact): fact
        case .delivered(let fact): fact
        case .lost(let fact): fact
        case .returnRequested(let fact): fact
        case .returned(let fact): fact
        case .refunded(let fact): fact
        case .refundRecorded(let fact): fact
        case .cancelled(let fact): fact
        case .archived(let fact): fact
        }
    }

    /// The method that the fact carries out; nil for one that leaves the state as it is.
    var method: OrderMethod? {
        switch self {
        case .drafted, .lineAdded, .lineChanged, .lineRemoved, .stockReserved, .refundRecorded: nil
        case .placed: .placeOrder
        case .paymentRequested: .authorizePayment
        case .confirmed: .paymentConfirmed
        case .paymentFailed: .paymentDeclined
        case .paymentRetried: .retryPayment
        case .shipped: .shipOrder
        case .inTransit: .updateTracking
        case .delivered: .confirmDelivery
        case .lost: .reportLost
        case .returnRequested: .requestReturn
        case .returned: .processReturn
        case .refunded: .issueRefund
        case .cancelled: .cancelOrder
        case .archived: .archiveOrder
        }
    }

    static let catalog = EventCatalog<OrderEvent>([
        .fact(OrderDrafted.self, OrderEvent.drafted),
        .fact(OrderLineAdded.self, OrderEvent.lineAdded),
        .fact(OrderLineChanged.self, OrderEvent.lineChanged),
        .fact(OrderLineRemoved.self, OrderEvent.lineRemoved),
        .fact(OrderPlaced.self, OrderEvent.placed),
        .fact(OrderStockReserved.self, OrderEvent.stockReserved),
        .fact(OrderPaymentRequested.self, OrderEvent.paymentRequested),
        .fact(OrderConfirmed.self, OrderEvent.confirmed),
        .fact(OrderPaymentFailed.self, OrderEvent.paymentFailed),
        .fact(OrderPaymentRetried.self, OrderEvent.paymentRetried),
        .fact(OrderShipped.self, OrderEvent.shipped),
        .fact(OrderInTransit.self, OrderEvent.inTransit),
        .fact(OrderDelivered.self, OrderEvent.delivered),
        .fact(OrderLost.self, OrderEvent.lost),
        .fact(OrderReturnRequested.self, OrderEvent.returnRequested),
        .fact(OrderReturned.self, OrderEvent.returned),
        .fact(OrderRefunded.self, OrderEvent.refunded),
        .fact(OrderRefundRecorded.self, OrderEvent.refundRecorded),
        .fact(OrderCancelled.self, OrderEvent.cancelled),
        .fact(OrderArchived.self, OrderEvent.archived),
    ])
}

/// An order was begun, with its first lines.
struct OrderDrafted: EventPayload {
    static let eventType = "OrderDrafted"
    var orderId: OrderID
    var customerId: CustomerID
    /// The one currency of all its lines.
    var currency: Currency
    var lines: [OrderLine]
    var shippingAddress: ShippingAddress?
    var paymentMethod: PaymentMethod
    var at: Timestamp
}

struct OrderLineAdded: EventPayload {
    static let eventType = "OrderLineAdded"
    var orderId: OrderID
    var line: OrderLine
}

struct OrderLineChanged: EventPayload {
    static let eventType = "OrderLineChanged"
    var orderId: OrderID
    var lineId: OrderLineID
    var quantity: Int
}

struct OrderLineRemoved: EventPayload {
    static let eventType = "OrderLineRemoved"
    var orderId: OrderID
    var lineId: OrderLineID
}

/// The first of the two facts that confirm an order: inventory holds its stock.
struct OrderStockReserved: EventPayload {
    static let eventType = "OrderStockReserved"
    var orderId: OrderID
    /// Under which id inventory holds it.
    var holdId: OrderID
}

/// The payment service is asked for the money.
struct OrderPaymentRequested: EventPayload {
    static let eventType = "OrderPaymentRequested"
    var orderId: OrderID
    var customerId: CustomerID
    var paymentId: PaymentID
}

/// Stock is reserved and the payment captured.
struct OrderConfirmed: EventPayload {
    static let eventType = "OrderConfirmed"
    var orderId: OrderID
    var customerId: CustomerID
    var paymentId: PaymentID
    var amount: Money
}

struct OrderPaymentRetried: EventPayload {
    static let eventType = "OrderPaymentRetried"
    var orderId: OrderID
    /// Which try this is, from 2.
    var attempt: Int
    var paymentMethod: PaymentMethod
}

struct OrderShipped: EventPayload {
    static let eventType = "OrderShipped"
    var orderId: OrderID
    var customerId: CustomerID
    var trackingNumber: String
}

struct OrderInTransit: EventPayload {
    static let eventType = "OrderInTransit"
    var orderId: OrderID
}

struct OrderDelivered: EventPayload {
    static let eventType = "OrderDelivered"
    var orderId: OrderID
    var customerId: CustomerID
    /// Day 0 of the return window.
    var at: Timestamp
}

struct OrderLost: EventPayload {
    static let eventType = "OrderLost"
    var orderId: OrderID
    var customerId: CustomerID
}

struct OrderReturnRequested: EventPayload {
    static let eventType = "OrderReturnRequested"
    var orderId: OrderID
    var customerId: CustomerID
}

struct OrderReturned: EventPayload {
    static let eventType = "OrderReturned"
    var orderId: OrderID
}

struct OrderArchived: EventPayload {
    static let eventType = "OrderArchived"
    var orderId: OrderID
}
