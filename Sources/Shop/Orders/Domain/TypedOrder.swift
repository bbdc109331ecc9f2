import Essentials
import ShopContracts

/// An order whose state the compiler knows: a method exists only where the state allows it.
///
/// `OrderIn<InDraft>` has `placeOrder` and no `shipOrder`; a test makes sure that the wrong call does not compile. What
/// depends on more than the state (the return window, the stock) still throws.
///
/// ```swift
/// let pending = try draft.placeOrder(at: now)      // OrderIn<InPending>
/// pending.order.shipOrder("…")                      // throws when it runs
/// pending.shipOrder("…")                            // does not compile
/// ```
struct OrderIn<State: TypedOrderState>: Hashable, Sendable {
    let order: Order
    /// The facts that led here from where the chain of calls began; append them to the order's stream.
    let events: [OrderEvent]

    private init(order: Order, events: [OrderEvent]) {
        self.order = order
        self.events = events
    }

    /// - Returns: nil when the order is in another state.
    init?(_ order: Order) {
        guard order.body?.status == State.state else { return nil }
        self.init(order: order, events: [])
    }

    private func following(_ facts: [OrderEvent]) -> (Order, [OrderEvent]) {
        var next = self.order
        for fact in facts { next.evolve(fact) }
        return (next, self.events + facts)
    }

    fileprivate func staying(_ facts: [OrderEvent]) -> OrderIn {
        let (order, events) = self.following(facts)
        return OrderIn(order: order, events: events)
    }

    fileprivate func moved<Next>(_ facts: [OrderEvent]) -> OrderIn<Next> {
        let (order, events) = self.following(facts)
        return OrderIn<Next>(order: order, events: events)
    }
}

/// A state as a type.
protocol TypedOrderState: Hashable, Sendable {
    static var state: OrderState { get }
}

enum InDraft: TypedOrderState { static let state = OrderState.draft }
enum InPending: TypedOrderState { static let state = OrderState.pending }
enum InPaymentProcessing: TypedOrderState { static let state = OrderState.paymentProcessing }
enum InPaymentFailed: TypedOrderState { static let state = OrderState.paymentFailed }
enum InConfirmed: TypedOrderState { static let state = OrderState.confirmed }
enum InShipped: TypedOrderState { static let state = OrderState.shipped }
enum InTransit: TypedOrderState { static let state = OrderState.inTransit }
enum InDelivered: TypedOrderState { static let state = OrderState.delivered }
enum InLost: TypedOrderState { static let state = OrderState.lost }
enum InReturnRequested: TypedOrderState { static let state = OrderState.returnRequested }
enum InReturned: TypedOrderState { static let state = OrderState.returned }
enum InRefunded: TypedOrderState { static let state = OrderState.refunded }
enum InCancelled: TypedOrderState { static let state = OrderState.cancelled }
enum InArchived: TypedOrderState { static let state = OrderState.archived }

extension OrderIn where State == InDraft {
    /// [*] → DRAFT.
    static func createOrder(_ new: NewOrder) throws(OrderRejection) -> OrderIn<InDraft> {
        OrderIn(order: Order(), events: []).staying(try Order().createOrder(new))
    }

    func addLine(_ line: OrderLine) throws(OrderRejection) -> OrderIn<InDraft> {
        self.staying(try self.order.addLine(line))
    }

    func removeLine(_ id: OrderLineID) throws(OrderRejection) -> OrderIn<InDraft> {
        self.staying(try self.order.removeLine(id))
    }

    func placeOrder(at moment: Timestamp) throws(OrderRejection) -> OrderIn<InPending> {
        self.moved(try self.order.placeOrder(at: moment))
    }

    func cancelOrder(_ reason: String) throws(OrderRejection) -> OrderIn<InCancelled> {
        self.moved(try self.order.cancelOrder(reason))
    }
}

extension OrderIn where State == InPending {
    func reserveStock(_ hold: OrderID) throws(OrderRejection) -> OrderIn<InPending> {
        self.staying(try self.order.reserveStock(hold))
    }

    func authorizePayment(_ payment: PaymentID) throws(OrderRejection) -> OrderIn<InPaymentProcessing> {
        self.moved(try self.order.authorizePayment(payment))
    }

    func cancelOrder(_ reason: String) throws(OrderRejection) -> OrderIn<InCancelled> {
        self.moved(try self.order.cancelOrder(reason))
    }
}

extension OrderIn where State == InPaymentProcessing {
    func paymentConfirmed(captured: Money) throws(OrderRejection) -> OrderIn<InConfirmed> {
        self.moved(try self.order.paymentConfirmed(captured: captured))
    }

    func paymentDeclined(_ reason: String) throws(OrderRejection) -> OrderIn<InPaymentFailed> {
        self.moved(try self.order.paymentDeclined(reason))
    }
}

extension OrderIn where State == InPaymentFailed {
    func retryPayment(with method: PaymentMethod) throws(OrderRejection) -> OrderIn<InPending> {
        self.moved(try self.order.retryPayment(with: method))
    }

    func cancelOrder(_ reason: String) throws(OrderRejection) -> OrderIn<InCancelled> {
        self.moved(try self.order.cancelOrder(reason))
    }
}

extension OrderIn where State == InConfirmed {
    func shipOrder(_ trackingNumber: String) throws(OrderRejection) -> OrderIn<InShipped> {
        self.moved(try self.order.shipOrder(trackingNumber))
    }

    /// The cancellation names the refund that it needs.
    func cancelOrder(_ reason: String) throws(OrderRejection) -> OrderIn<InCancelled> {
        self.moved(try self.order.cancelOrder(reason))
    }
}

extension OrderIn where State == InShipped {
    func updateTracking() throws(OrderRejection) -> OrderIn<InTransit> {
        self.moved(try self.order.updateTracking())
    }

    func confirmDelivery(at moment: Timestamp) throws(OrderRejection) -> OrderIn<InDelivered> {
        self.moved(try self.order.confirmDelivery(at: moment))
    }
}

extension OrderIn where State == InTransit {
    func confirmDelivery(at moment: Timestamp) throws(OrderRejection) -> OrderIn<InDelivered> {
        self.moved(try self.order.confirmDelivery(at: moment))
    }

    func reportLost() throws(OrderRejection) -> OrderIn<InLost> { self.moved(try self.order.reportLost()) }
}

extension OrderIn where State == InDelivered {
    func requestReturn(at moment: Timestamp) throws(OrderRejection) -> OrderIn<InReturnRequested> {
        self.moved(try self.order.requestReturn(at: moment))
    }

    func archiveOrder(at moment: Timestamp) throws(OrderRejection) -> OrderIn<InArchived> {
        self.moved(try self.order.archiveOrder(at: moment))
    }
}

extension OrderIn where State == InReturnRequested {
    func processReturn() throws(OrderRejection) -> OrderIn<InReturned> { self.moved(try self.order.processReturn()) }
}

extension OrderIn where State == InLost {
    func issueRefund() throws(OrderRejection) -> OrderIn<InRefunded> { self.moved(try self.order.issueRefund()) }
}

extension OrderIn where State == InReturned {
    func issueRefund() throws(OrderRejection) -> OrderIn<InRefunded> { self.moved(try self.order.issueRefund()) }
}

extension OrderIn where State == InRefunded {
    func archiveOrder(at moment: Timestamp) throws(OrderRejection) -> OrderIn<InArchived> {
        self.moved(try self.order.archiveOrder(at: moment))
    }
}

extension OrderIn where State == InCancelled {
    func archiveOrder(at moment: Timestamp) throws(OrderRejection) -> OrderIn<InArchived> {
        self.moved(try self.order.archiveOrder(at: moment))
    }
}
