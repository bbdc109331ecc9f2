import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Sagas
import ShopContracts

/// What a checkout knows.
struct Checkout: Codable, Hashable, Sendable {
    var orderId: OrderID
    var customerId: CustomerID
    var lines: [StockLine]
    var amount: Money
    var paymentMethod: PaymentMethod
    var address: ShippingAddress
    /// Under which id inventory holds the stock: each try has its own, because a released hold stays released.
    var holdId: OrderID
    /// Each try has its own, because a declined payment stays declined.
    var paymentId: PaymentID
    /// What the payment service says it has captured.
    var captured: Money?

    /// The checkout of a placed order's current try.
    init(_ body: Order.Body) {
        self.orderId = body.orderId
        self.customerId = body.customerId
        self.lines = StockLine.combining(body.lines)
        self.amount = body.totalAmount
        self.paymentMethod = body.paymentMethod
        self.address = body.shippingAddress ?? .collection
        let id = Self.id(of: body.orderId, attempt: body.attempt)
        self.holdId = OrderID(id)
        self.paymentId = PaymentID(StepContext.key(saga: id, step: "payment", direction: .action))
    }

    /// The saga's id: that of the order at the first try.
    static func id(of order: OrderID, attempt: Int) -> UniqueID {
        attempt == 1
            ? order.rawValue
            : StepContext.key(saga: order.rawValue, step: "checkout \(attempt)", direction: .action)
    }
}

/// In which order a checkout asks for stock and money.
public enum CheckoutSequence: String, Hashable, Sendable, CaseIterable {
    /// Reserve stock → authorise → commit stock and capture → confirm → book: nobody's card is asked for what is not there.
    case stockFirst = "stock-first"
    /// Authorise → reserve stock → commit stock and capture → confirm → book: no stock is held for a card that is declined.
    case paymentFirst = "payment-first"
}

/// Carries a placed order to its shipment, in one of two orders: ``CheckoutSequence``.
///
/// Money moves last: stock is committed before the payment is captured, so that what can still be refused is refused
/// before anybody is charged. Each step can be repeated or inquired; compensations run over everything that was begun.
///
/// A declined payment leaves the order in PAYMENT_FAILED with its stock released: the customer tries again, which is a
/// new checkout with a payment of its own, or cancels; ``PaymentWindow`` cancels for those who do neither. Every other
/// failure ends in CANCELLED.
struct CheckoutSaga: Sendable {
    static let name = "checkout"
    static let authorize = "authorize payment"

    let orders: OrderDesk
    let inventory: Participant
    let payments: Participant
    let shipping: Participant
    /// How long inventory holds the stock for an unfinished checkout.
    let holdDuration: Duration
    /// How long a participant that does not answer keeps a checkout from turning round. Shorter than the hold.
    let patience: Duration

    typealias Step = SagaStep<Checkout, any ServiceUnit>

    /// Definitions of different sequences differ in their hash: a checkout ends in the order in which it began, whatever is
    /// configured by then.
    func definition(_ sequence: CheckoutSequence) -> SagaDefinition<Checkout, any ServiceUnit> {
        let beginning: [Step] =
            switch sequence {
            case .stockFirst: [self.reserveStock, self.beginPayment(withStock: true), self.authorizePayment]
            case .paymentFirst:
                [self.beginPayment(withStock: false), self.authorizePayment, self.reserveStock, self.noteStock]
            }
        return SagaDefinition(
            Self.name,
            steps: [self.acceptOrder] + beginning + [
                self.commitStock, self.capturePayment, self.confirmOrder, self.bookShipment,
            ])
    }

    private var patient: StepPolicy { StepPolicy(maximumAttempts: nil, giveUpAfter: self.patience) }

    /// Begins only while the order waits for it; its compensation closes the order when everything else is undone.
    private var acceptOrder: Step {
        .transactional("accept order") { state, unit, _ in
            _ = try self.orders.requiring(.authorizePayment, on: state.orderId, in: unit)
        } compensate: { state, unit, context in
            let body = try self.orders.load(state.orderId, in: unit)
            switch body.status {
            case .paymentFailed where context.failure.isDecline: break
            case .pending, .paymentFailed:
                try self.orders.execute(
                    .cancelOrder(reason: context.failure.reason), on: state.orderId, context, in: unit)
            case .cancelled: try self.orders.execute(.recordRefund, on: state.orderId, context, in: unit)
            case .draft, .paymentProcessing, .confirmed, .shipped, .inTransit, .delivered, .lost, .returnRequested,
                .returned, .refunded, .archived:
                break
            }
        }
    }

    private var reserveStock: Step {
        .idempotent("reserve stock", policy: self.patient) { state, context in
            let seconds = Int(self.holdDuration.milliseconds / 1_000)
            let hold = HoldStock(orderId: state.holdId, lines: state.lines, seconds: seconds)
            try await self.inventory.call(.post, "/internal/holds", body: hold, context, as: StockHold.self)
            return state
        } compensate: { state, context in
            try await self.giveBackStock(state, context)
            return state
        }
    }

    /// - Parameter isReserved: whether the stock is held by now.
    private func beginPayment(withStock isReserved: Bool) -> Step {
        .transactional("begin payment") { state, unit, context in
            if isReserved {
                try self.orders.execute(.reserveStock(hold: state.holdId), on: state.orderId, context, in: unit)
            }
            try self.orders.execute(.authorizePayment(state.paymentId), on: state.orderId, context, in: unit)
        } compensate: { state, unit, context in
            guard try self.orders.load(state.orderId, in: unit).status == .paymentProcessing else { return }
            try self.orders.execute(
                .paymentDeclined(reason: context.failure.reason), on: state.orderId, context, in: unit)
        }
    }

    /// Where the stock is reserved behind the payment's beginning.
    private var noteStock: Step {
        .transactional("note stock") { state, unit, context in
            try self.orders.execute(.reserveStock(hold: state.holdId), on: state.orderId, context, in: unit)
        }
    }

    private var authorizePayment: Step {
        .inquirable(Self.authorize, policy: self.patient) { state, context in
            let request = AuthorizePayment(
                paymentId: state.paymentId, orderId: state.orderId, customerId: state.customerId,
                amount: MoneyAmount(state.amount), method: state.paymentMethod)
            let payment = try await self.payments.call(
                .post, "/internal/payments", body: request, context, as: PaymentState.self)
            switch try Self.verdict(on: payment, state) {
            case .happened(let next): return next
            case .didNotHappen, .unknown: throw PaymentOutcomeUnknown()
            }
        } inquire: { state, context in
            do {
                let payment = try await self.payments.call(
                    .get, "/internal/payments/\(state.paymentId)", context, as: PaymentState.self)
                return try Self.verdict(on: payment, state)
            } catch let rejection as SagaRejection where rejection.code == ProblemType.notFound.code {
                // The request never arrived. If it still does, it carries the same payment id as the repetition.
                return .didNotHappen
            }
        } compensate: { state, context in
            try await self.undoPayment(state, context)
            return state
        }
    }

    private var commitStock: Step {
        .idempotent("commit stock", policy: .forever) { state, context in
            try await self.inventory.call(
                .post, "/internal/holds/\(state.holdId)/commit", context, as: StockHold.self)
            return state
        } compensate: { state, context in
            try await self.giveBackStock(state, context)
            return state
        }
    }

    private var capturePayment: Step {
        .idempotent("capture payment", policy: .forever) { state, context in
            #if PlantedFaults
                if PlantedFault.confirmBeforeCapture.isPlanted {
                    var next = state
                    next.captured = state.amount
                    return next
                }
            #endif
            let payment = try await self.payments.call(
                .post, "/internal/payments/\(state.paymentId)/capture", context, as: PaymentState.self)
            var next = state
            next.captured = try payment.amount.money(at: "amount")
            return next
        } compensate: { state, context in
            try await self.undoPayment(state, context)
            return state
        }
    }

    /// The one guard of CONFIRMED is in the order: stock reserved and the whole amount captured.
    private var confirmOrder: Step {
        .transactional("confirm order") { state, unit, context in
            let captured = state.captured ?? .zero(state.amount.currency)
            try self.orders.execute(.paymentConfirmed(captured: captured), on: state.orderId, context, in: unit)
        } compensate: { state, unit, context in
            guard try self.orders.load(state.orderId, in: unit).status == .confirmed else { return }
            try self.orders.execute(
                .cancelOrder(reason: context.failure.reason), on: state.orderId, context, in: unit)
        }
    }

    private var bookShipment: Step {
        .idempotent("book shipment", policy: .forever) { state, context in
            let booking = BookShipment(
                orderId: state.orderId, customerId: state.customerId, address: state.address, lines: state.lines)
            try await self.shipping.call(.post, "/internal/shipments", body: booking, context, as: ShipmentState.self)
            return state
        } compensate: { state, context in
            try await self.shipping.call(
                .post, "/internal/shipments/\(state.orderId)/cancel", context, as: ShipmentState.self)
            return state
        }
    }
}

extension CheckoutSaga {
    /// What a payment's state says about the authorisation.
    /// - Throws: `SagaRejection` for a declined or voided payment.
    private static func verdict(on payment: PaymentState, _ state: Checkout) throws -> StepInquiry<Checkout> {
        switch payment.status {
        case .authorized, .captured: return .happened(state)
        case .unknown: return .unknown
        case .declined:
            throw SagaRejection(
                code: ProblemType.paymentDeclined.code, message: payment.reason ?? "the payment was declined")
        case .voided, .refunded:
            throw SagaRejection(code: ProblemType.paymentVoided.code, message: "the payment has been taken back")
        }
    }

    /// Releases the hold, or takes it back on the shelf when it has been committed.
    private func giveBackStock(_ state: Checkout, _ context: StepContext) async throws {
        do {
            let hold = try await self.inventory.call(
                .post, "/internal/holds/\(state.holdId)/release", context, as: StockHold.self)
            guard hold.status == .committed else { return }
        } catch let rejection as SagaRejection {
            guard rejection.isConflict else { throw rejection }
        }
        #if PlantedFaults
            if PlantedFault.goodsNeverReturned.isPlanted { return }
        #endif
        _ = try await self.inventory.call(
            .post, "/internal/holds/\(state.holdId)/return", context.other("return"), as: StockHold.self)
    }

    /// Voids the authorisation, or pays back what has been captured.
    private func undoPayment(_ state: Checkout, _ context: StepContext) async throws {
        do {
            let payment = try await self.payments.call(
                .post, "/internal/payments/\(state.paymentId)/void", context, as: PaymentState.self)
            guard payment.status == .captured else { return }
        } catch let rejection as SagaRejection {
            guard rejection.isConflict else { throw rejection }
        }
        #if PlantedFaults
            if PlantedFault.neverRefundInCompensation.isPlanted { return }
        #endif
        _ = try await self.payments.call(
            .post, "/internal/payments/\(state.paymentId)/refund", context.other("refund"), as: PaymentState.self)
    }
}

/// The payment service does not know yet what became of an authorisation. It is asked again, never told again.
struct PaymentOutcomeUnknown: Error, CustomStringConvertible {
    var description: String { "the provider has not said yet whether the payment is authorised" }
}

extension SagaRejection {
    /// Whether the state of the thing does not allow what was asked.
    var isConflict: Bool {
        self.code == ProblemType.conflict.code || self.code == ProblemType.holdReleased.code
            || self.code == ProblemType.paymentVoided.code || self.code == ProblemType.transitionNotAllowed.code
    }
}

extension StepContext {
    /// The context of a second call of the same step, with a key of its own.
    func other(_ purpose: String) -> StepContext {
        var copy = self
        copy.key = self.derivedID(purpose)
        return copy
    }
}

extension SagaFailure? {
    /// Whether the payment provider said no.
    var isDecline: Bool { self?.rejection?.code == ProblemType.paymentDeclined.code }

    /// The reason of a cancellation, for people.
    var reason: String {
        guard let self else { return "called off" }
        switch self.rejection?.code {
        case ProblemType.outOfStock.code: return "out of stock"
        case ProblemType.paymentDeclined.code: return "payment declined: \(self.message)"
        case ProblemType.shipmentCancelled.code: return "shipment cancelled"
        default: return "\(self.step ?? "the checkout") failed: \(self.message)"
        }
    }
}

extension StockLine {
    /// One line a product, as far as a line may hold so many.
    static func combining(_ lines: [OrderLine]) -> [StockLine] {
        var combined: [StockLine] = []
        for line in lines {
            let index = combined.firstIndex {
                $0.productId == line.productId && $0.quantity + line.quantity <= OrderLine.quantities.upperBound
            }
            if let index {
                combined[index].quantity += line.quantity
            } else {
                combined.append(StockLine(productId: line.productId, quantity: line.quantity))
            }
        }
        return combined
    }
}

extension ShippingAddress {
    /// For orders without an address: the customer fetches the parcel.
    static let collection = ShippingAddress(
        name: "Collection", street: "Collection counter", city: "Warehouse", postalCode: "0", country: "ZZ")
}
