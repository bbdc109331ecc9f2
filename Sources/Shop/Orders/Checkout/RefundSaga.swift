import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Sagas
import ShopContracts

/// What a refund knows.
struct RefundCase: Codable, Hashable, Sendable {
    var orderId: OrderID
    var paymentId: PaymentID
    /// What goes back on the shelf; nil when there is nothing to put there.
    var holdId: OrderID?

    /// - Returns: nil for an order of which nothing was captured.
    init?(_ body: Order.Body) {
        guard let paymentId = body.paymentId, body.captured != nil else { return nil }
        self.orderId = body.orderId
        self.paymentId = paymentId
        self.holdId = body.status == .lost ? nil : body.holdId
    }

    /// The saga's id: an order is refunded once.
    static func id(of order: OrderID) -> UniqueID {
        StepContext.key(saga: order.rawValue, step: "refund", direction: .action)
    }
}

/// Gives the money back and puts the goods on the shelf, after a cancellation, a return or a loss. There is no way back:
/// each step is tried until it succeeds.
struct RefundSaga: Sendable {
    let orders: OrderDesk
    let inventory: Participant
    let payments: Participant

    var definition: SagaDefinition<RefundCase, any ServiceUnit> {
        SagaDefinition(
            "refund",
            steps: [
                .idempotent("refund payment", policy: .forever) { state, context in
                    _ = try await self.payments.insist(
                        .post, "/internal/payments/\(state.paymentId)/refund", context, as: PaymentState.self)
                    return state
                },
                .idempotent("return stock", policy: .forever) { state, context in
                    guard let hold = state.holdId else { return state }
                    _ = try await self.inventory.insist(
                        .post, "/internal/holds/\(hold)/return", context, as: StockHold.self)
                    return state
                },
                .transactional("record refund", policy: .forever) { state, unit, context in
                    let body = try self.orders.load(state.orderId, in: unit)
                    let command: OrderCommand = body.status == .cancelled ? .recordRefund : .issueRefund
                    try self.orders.execute(command, on: state.orderId, context, in: unit)
                },
            ])
    }
}
