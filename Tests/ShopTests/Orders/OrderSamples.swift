import Essentials
import EssentialsTesting
import ShopContracts

@testable import Orders

/// Orders in every state, made by the methods themselves.
enum OrderSamples {
    static let start = Timestamp(rfc3339: "2026-01-01T00:00:00Z")!
    static let ids = IDSource.seeded(7)
    static let orderID: OrderID = ids.next()
    static let customerID: CustomerID = ids.next()
    static let productID: ProductID = ids.next()
    static let paymentID: PaymentID = ids.next()

    static func line(_ minor: Int64 = 1_250, _ quantity: Int = 2, _ currency: Currency = .eur) throws -> OrderLine {
        try OrderLine(
            lineId: self.ids.next(), productId: self.productID, name: "Pen", quantity: quantity,
            unitPrice: Money(minor: minor, currency))
    }

    static func new(_ lines: [OrderLine]? = nil) throws -> NewOrder {
        NewOrder(
            orderId: self.orderID, customerId: self.customerID, currency: .eur, lines: try lines ?? [self.line()],
            shippingAddress: nil, paymentMethod: .ok, at: self.start)
    }

    /// The command that carries out a method, with arguments that suit ``order(in:)``.
    static func command(_ method: OrderMethod, day: Int64 = 0) -> OrderCommand {
        let moment = self.start + .seconds(86_400 * day)
        return switch method {
        case .placeOrder: .placeOrder(at: moment)
        case .cancelOrder: .cancelOrder(reason: "changed my mind")
        case .authorizePayment: .authorizePayment(self.paymentID)
        case .paymentConfirmed: .paymentConfirmed(captured: Money(minor: 2_500, .eur))
        case .paymentDeclined: .paymentDeclined(reason: "no money")
        case .retryPayment: .retryPayment(.ok)
        case .shipOrder: .shipOrder(trackingNumber: "MS1")
        case .updateTracking: .updateTracking
        case .confirmDelivery: .confirmDelivery(at: moment)
        case .reportLost: .reportLost
        case .requestReturn: .requestReturn(at: moment)
        case .processReturn: .processReturn
        case .issueRefund: .issueRefund
        case .archiveOrder: .archiveOrder(at: moment)
        }
    }

    /// The methods that lead from creation to a state; reserving stock goes with authorising.
    static func path(to state: OrderState) -> [OrderMethod] {
        switch state {
        case .draft: []
        case .pending: [.placeOrder]
        case .paymentProcessing: self.path(to: .pending) + [.authorizePayment]
        case .paymentFailed: self.path(to: .paymentProcessing) + [.paymentDeclined]
        case .confirmed: self.path(to: .paymentProcessing) + [.paymentConfirmed]
        case .shipped: self.path(to: .confirmed) + [.shipOrder]
        case .inTransit: self.path(to: .shipped) + [.updateTracking]
        case .delivered: self.path(to: .inTransit) + [.confirmDelivery]
        case .lost: self.path(to: .inTransit) + [.reportLost]
        case .returnRequested: self.path(to: .delivered) + [.requestReturn]
        case .returned: self.path(to: .returnRequested) + [.processReturn]
        case .refunded: self.path(to: .returned) + [.issueRefund]
        case .cancelled: self.path(to: .pending) + [.cancelOrder]
        case .archived: self.path(to: .cancelled) + [.archiveOrder]
        }
    }

    static func commands(to state: OrderState) throws -> [OrderCommand] {
        try [.createOrder(self.new())]
            + self.path(to: state).flatMap { method -> [OrderCommand] in
                method == .authorizePayment
                    ? [.reserveStock(hold: self.orderID), self.command(method)] : [self.command(method)]
            }
    }

    static func order(in state: OrderState) throws -> Order {
        var order = Order()
        for command in try self.commands(to: state) {
            for event in try order.decide(command) { order.evolve(event) }
        }
        return order
    }
}
