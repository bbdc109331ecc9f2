import Essentials
import EventSourcing
import ShopContracts

/// An order: the consistency boundary around its lines, its total and its state.
///
/// Each method decides and returns the facts that follow; only ``evolve(_:)`` changes the order. A method that the state
/// does not allow throws ``OrderRejection`` and nothing follows.
struct Order: Aggregate, Hashable {
    static let category = "order"
    /// A delivered order can be returned up to and including this day after the delivery, and archived behind it.
    static let returnWindowDays = 30

    /// What an order has from its first fact on.
    struct Body: Hashable, Sendable {
        var orderId: OrderID
        var customerId: CustomerID
        var status: OrderState
        var currency: Currency
        var lines: [OrderLine]
        var shippingAddress: ShippingAddress?
        var paymentMethod: PaymentMethod
        var createdAt: Timestamp
        /// How often the payment has been tried, from 1.
        var attempt = 1
        /// Under which id inventory holds the stock; nil when it does not.
        var holdId: OrderID?
        /// The payment of the current try.
        var paymentId: PaymentID?
        /// What was captured, and has not been given back.
        var captured: Money?
        var deliveredAt: Timestamp?
        /// The state before ARCHIVED.
        var archivedFrom: OrderState?

        /// The sum of the lines' totals.
        var totalAmount: Money {
            Money(minor: self.lines.reduce(0) { $0 + $1.unitPrice.minor * Int64($1.quantity) }, self.currency)
        }
    }

    /// Nil before the first fact.
    private(set) var body: Body?

    init() {}

    /// - Throws: ``OrderRejection/doesNotExist``.
    func existing() throws(OrderRejection) -> Body {
        guard let body else { throw .doesNotExist }
        return body
    }

    /// The order, if the method is allowed in its state.
    func requiring(_ method: OrderMethod) throws(OrderRejection) -> Body {
        let body = try self.existing()
        guard method.origins.contains(body.status) else { throw .notAllowed(method, in: body.status) }
        return body
    }

    func decide(_ command: OrderCommand) throws -> [OrderEvent] {
        switch command {
        case .createOrder(let draft): try self.createOrder(draft)
        case .addLine(let line): try self.addLine(line)
        case .changeLine(let id, let quantity): try self.changeLine(id, to: quantity)
        case .removeLine(let id): try self.removeLine(id)
        case .placeOrder(let moment): try self.placeOrder(at: moment)
        case .createAndPlace(let draft): try self.createAndPlace(draft)
        case .reserveStock(let hold): try self.reserveStock(hold)
        case .authorizePayment(let payment): try self.authorizePayment(payment)
        case .paymentConfirmed(let captured): try self.paymentConfirmed(captured: captured)
        case .paymentDeclined(let reason): try self.paymentDeclined(reason)
        case .retryPayment(let method): try self.retryPayment(with: method)
        case .shipOrder(let trackingNumber): try self.shipOrder(trackingNumber)
        case .updateTracking: try self.updateTracking()
        case .confirmDelivery(let moment): try self.confirmDelivery(at: moment)
        case .reportLost: try self.reportLost()
        case .requestReturn(let moment): try self.requestReturn(at: moment)
        case .processReturn: try self.processReturn()
        case .issueRefund: try self.issueRefund()
        case .recordRefund: try self.recordRefund()
        case .cancelOrder(let reason): try self.cancelOrder(reason)
        case .archiveOrder(let moment): try self.archiveOrder(at: moment)
        }
    }

    mutating func evolve(_ event: OrderEvent) {
        switch event {
        case .drafted(let fact):
            self.body = Body(
                orderId: fact.orderId, customerId: fact.customerId, status: .draft, currency: fact.currency,
                lines: fact.lines, shippingAddress: fact.shippingAddress, paymentMethod: fact.paymentMethod,
                createdAt: fact.at)
        case .lineAdded, .lineChanged, .lineRemoved: self.body?.lines.apply(event)
        case .stockReserved(let fact): self.body?.holdId = fact.holdId
        case .paymentRequested(let fact): self.body?.paymentId = fact.paymentId
        case .confirmed(let fact): self.body?.captured = fact.amount
        case .paymentFailed: self.body?.holdId = nil
        case .paymentRetried(let fact):
            self.body?.attempt = fact.attempt
            self.body?.paymentMethod = fact.paymentMethod
        case .delivered(let fact): self.body?.deliveredAt = fact.at
        case .refunded, .refundRecorded: self.body?.captured = nil
        case .archived:
            let last = self.body?.status
            self.body?.archivedFrom = last
        case .placed, .shipped, .inTransit, .lost, .returnRequested, .returned, .cancelled: break
        }
        if let method = event.method { self.body?.status = method.target }
    }
}

extension [OrderLine] {
    /// What a fact does to the lines.
    mutating func apply(_ event: OrderEvent) {
        switch event {
        case .lineAdded(let fact): self.append(fact.line)
        case .lineChanged(let fact):
            guard let index = self.firstIndex(where: { $0.lineId == fact.lineId }),
                let changed = try? self[index].changed(to: fact.quantity)
            else { return }
            self[index] = changed
        case .lineRemoved(let fact): self.removeAll { $0.lineId == fact.lineId }
        case .drafted, .placed, .stockReserved, .paymentRequested, .confirmed, .paymentFailed, .paymentRetried,
            .shipped, .inTransit, .delivered, .lost, .returnRequested, .returned, .refunded, .refundRecorded,
            .cancelled, .archived:
            break
        }
    }
}
