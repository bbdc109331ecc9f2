import Essentials
import ShopContracts

extension Order {
    /// DRAFT → PENDING.
    func placeOrder(at moment: Timestamp) throws(OrderRejection) -> [OrderEvent] {
        let body = try self.requiring(.placeOrder)
        guard !body.lines.isEmpty else { throw .noLines }
        let total = try Self.calculateTotal(body.lines, in: body.currency)
        guard total.minor > 0 else { throw .nothingToPay(body.currency) }
        let items = body.lines.map {
            OrderPlaced.Item(
                productId: $0.productId, name: $0.name, quantity: $0.quantity, unitPrice: $0.unitPrice)
        }
        return [
            .placed(
                OrderPlaced(
                    orderId: body.orderId, customerId: body.customerId, items: items,
                    totalAmount: total, timestamp: moment))
        ]
    }

    /// Notes that inventory holds the stock, before the payment begins or while it is under way; the state stays. Refused
    /// wherever CONFIRMED could not follow.
    func reserveStock(_ hold: OrderID) throws(OrderRejection) -> [OrderEvent] {
        let body = try self.existing()
        guard body.status == .pending || body.status == .paymentProcessing else {
            throw .notAllowed(.authorizePayment, in: body.status)
        }
        return [.stockReserved(OrderStockReserved(orderId: body.orderId, holdId: hold))]
    }

    /// PENDING → PAYMENT_PROCESSING.
    func authorizePayment(_ payment: PaymentID) throws(OrderRejection) -> [OrderEvent] {
        let body = try self.requiring(.authorizePayment)
        return [
            .paymentRequested(
                OrderPaymentRequested(orderId: body.orderId, customerId: body.customerId, paymentId: payment))
        ]
    }

    /// PAYMENT_PROCESSING → CONFIRMED, with the stock reserved and the whole amount captured.
    func paymentConfirmed(captured: Money) throws(OrderRejection) -> [OrderEvent] {
        let body = try self.requiring(.paymentConfirmed)
        guard body.holdId != nil else { throw .stockNotReserved }
        let total = body.totalAmount
        guard captured == total, let payment = body.paymentId else {
            throw .wrongAmount(captured: captured, total: total)
        }
        return [
            .confirmed(
                OrderConfirmed(
                    orderId: body.orderId, customerId: body.customerId, paymentId: payment, amount: captured))
        ]
    }

    /// PAYMENT_PROCESSING → PAYMENT_FAILED.
    func paymentDeclined(_ reason: String) throws(OrderRejection) -> [OrderEvent] {
        let body = try self.requiring(.paymentDeclined)
        return [
            .paymentFailed(
                OrderPaymentFailed(orderId: body.orderId, customerId: body.customerId, reason: reason))
        ]
    }

    /// PAYMENT_FAILED → PENDING.
    func retryPayment(with method: PaymentMethod) throws(OrderRejection) -> [OrderEvent] {
        let body = try self.requiring(.retryPayment)
        return [
            .paymentRetried(
                OrderPaymentRetried(orderId: body.orderId, attempt: body.attempt + 1, paymentMethod: method))
        ]
    }

    /// CONFIRMED → SHIPPED.
    func shipOrder(_ trackingNumber: String) throws(OrderRejection) -> [OrderEvent] {
        let body = try self.requiring(.shipOrder)
        return [
            .shipped(
                OrderShipped(
                    orderId: body.orderId, customerId: body.customerId, trackingNumber: trackingNumber))
        ]
    }

    /// SHIPPED → IN_TRANSIT.
    func updateTracking() throws(OrderRejection) -> [OrderEvent] {
        [.inTransit(OrderInTransit(orderId: try self.requiring(.updateTracking).orderId))]
    }

    /// SHIPPED or IN_TRANSIT → DELIVERED.
    func confirmDelivery(at moment: Timestamp) throws(OrderRejection) -> [OrderEvent] {
        let body = try self.requiring(.confirmDelivery)
        return [.delivered(OrderDelivered(orderId: body.orderId, customerId: body.customerId, at: moment))]
    }

    /// IN_TRANSIT → LOST.
    func reportLost() throws(OrderRejection) -> [OrderEvent] {
        let body = try self.requiring(.reportLost)
        return [.lost(OrderLost(orderId: body.orderId, customerId: body.customerId))]
    }

    /// DELIVERED → RETURN_REQUESTED, up to and including day 30.
    func requestReturn(at moment: Timestamp) throws(OrderRejection) -> [OrderEvent] {
        let body = try self.requiring(.requestReturn)
        let day = Self.day(of: moment, in: body)
        guard day <= Self.returnWindowDays else { throw .returnWindowClosed(day: day) }
        return [.returnRequested(OrderReturnRequested(orderId: body.orderId, customerId: body.customerId))]
    }

    /// RETURN_REQUESTED → RETURNED.
    func processReturn() throws(OrderRejection) -> [OrderEvent] {
        [.returned(OrderReturned(orderId: try self.requiring(.processReturn).orderId))]
    }

    /// LOST or RETURNED → REFUNDED.
    func issueRefund() throws(OrderRejection) -> [OrderEvent] {
        let body = try self.requiring(.issueRefund)
        return [
            .refunded(
                OrderRefunded(
                    orderId: body.orderId, customerId: body.customerId, amount: body.captured ?? body.totalAmount))
        ]
    }

    /// Notes on a CANCELLED order that the money is back; the state stays.
    func recordRefund() throws(OrderRejection) -> [OrderEvent] {
        let body = try self.existing()
        guard body.status == .cancelled else { throw .notAllowed(.issueRefund, in: body.status) }
        guard let captured = body.captured else { return [] }
        return [
            .refundRecorded(
                OrderRefundRecorded(orderId: body.orderId, customerId: body.customerId, amount: captured))
        ]
    }

    /// DRAFT, PENDING, PAYMENT_FAILED or CONFIRMED → CANCELLED; the last with the refund that it needs.
    func cancelOrder(_ reason: String) throws(OrderRejection) -> [OrderEvent] {
        let body = try self.requiring(.cancelOrder)
        return [
            .cancelled(
                OrderCancelled(
                    orderId: body.orderId, customerId: body.customerId, reason: reason, refund: body.captured))
        ]
    }

    /// DELIVERED (after the return window), REFUNDED or CANCELLED → ARCHIVED.
    func archiveOrder(at moment: Timestamp) throws(OrderRejection) -> [OrderEvent] {
        let body = try self.requiring(.archiveOrder)
        if body.status == .delivered {
            let day = Self.day(of: moment, in: body)
            guard day > Self.returnWindowDays else { throw .returnWindowOpen(day: day) }
        }
        return [.archived(OrderArchived(orderId: body.orderId))]
    }

    /// Whole days since the delivery.
    private static func day(of moment: Timestamp, in body: Body) -> Int {
        guard let delivered = body.deliveredAt else { return 0 }
        return Int((moment.microseconds - delivered.microseconds) / 86_400_000_000)
    }
}
