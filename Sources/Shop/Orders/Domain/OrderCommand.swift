import Essentials
import ShopContracts

/// What an order can be told.
enum OrderCommand: Hashable, Sendable {
    case createOrder(NewOrder)
    /// ``createOrder(_:)`` and ``placeOrder(at:)`` in one.
    case createAndPlace(NewOrder)
    case addLine(OrderLine)
    case changeLine(OrderLineID, quantity: Int)
    case removeLine(OrderLineID)
    case placeOrder(at: Timestamp)
    /// Inventory holds the stock under this id.
    case reserveStock(hold: OrderID)
    case authorizePayment(PaymentID)
    case paymentConfirmed(captured: Money)
    case paymentDeclined(reason: String)
    case retryPayment(PaymentMethod)
    case shipOrder(trackingNumber: String)
    case updateTracking
    case confirmDelivery(at: Timestamp)
    case reportLost
    case requestReturn(at: Timestamp)
    case processReturn
    case issueRefund
    /// Notes on a CANCELLED order that the money is back.
    case recordRefund
    case cancelOrder(reason: String)
    case archiveOrder(at: Timestamp)
}

/// What an order begins with.
struct NewOrder: Hashable, Sendable {
    var orderId: OrderID
    var customerId: CustomerID
    var currency: Currency
    var lines: [OrderLine]
    var shippingAddress: ShippingAddress?
    var paymentMethod: PaymentMethod
    var at: Timestamp
}
