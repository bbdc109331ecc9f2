import Chassis
import ChassisTesting
import Essentials
import EventSourcing
import FoundationEssentials
import HTTPTypes
import ShopContracts
import Synchronization

/// Catalogue, inventory and payments as small values behind the contracts of `ShopContracts/Calls`: they do a thing once
/// per id, undo it once, and keep tombstones.
final class StandInShop: Sendable {
    struct Hold: Hashable, Sendable {
        var lines: [StockLine]
        var status: StockHold.Status
    }

    struct State: Sendable {
        var offers: [ProductID: Quote.Line] = [:]
        /// On the shelf.
        var stock: [ProductID: Int] = [:]
        var holds: [OrderID: Hold] = [:]
        var payments: [PaymentID: PaymentState] = [:]
        /// How often a payment was asked for at the provider.
        var charges: [PaymentID: Int] = [:]
        /// Inquiries until an unknown payment is known.
        var unknownFor = 2
    }

    private let state = Mutex(State())
    private let ids: IDSource

    init(_ platform: TestPlatform) {
        self.ids = platform.ids
        platform.transport.register(.catalog) { self.catalog($0) }
        platform.transport.register(.inventory) { self.inventory($0) }
        platform.transport.register(.payments) { self.payments($0) }
    }

    /// Adds a product.
    func product(_ minor: Int64 = 1_250, _ currency: Currency = .eur, stock: Int = 100) -> ProductID {
        let id: ProductID = self.ids.next()
        self.state.withLock { state in
            state.offers[id] = Quote.Line(
                productId: id, sku: "SKU-\(state.offers.count)", name: "Product",
                unitPrice: MoneyAmount(Money(minor: minor, currency)))
            state.stock[id] = stock
        }
        return id
    }

    var snapshot: State { self.state.withLock { $0 } }
    func stock(_ id: ProductID) -> Int { self.state.withLock { $0.stock[id] ?? 0 } }
    var payments: [PaymentState] {
        self.state.withLock { state in state.payments.keys.sorted().compactMap { state.payments[$0] } }
    }

    // MARK: - Answers

    private func catalog(_ request: ServiceRequest) -> ServiceResponse {
        guard let body = try? JSONDecoder().decode(QuoteRequest.self, from: Data(request.body)) else {
            return Problem(.malformedBody, "no quote request").response()
        }
        return self.state.withLock { state in
            let unknown = body.products.filter { state.offers[$0] == nil }
            guard unknown.isEmpty else {
                return Problem(.unknownProduct, "\(unknown) are not sold").response()
            }
            return Self.answer(.ok, Quote(lines: body.products.compactMap { state.offers[$0] }))
        }
    }

    private func inventory(_ request: ServiceRequest) -> ServiceResponse {
        let parts = (request.head.path ?? "").split(separator: "/")
        return self.state.withLock { state in
            if parts.count == 2 {
                guard let body = try? JSONDecoder().decode(HoldStock.self, from: Data(request.body)) else {
                    return Problem(.malformedBody, "no hold").response()
                }
                return Self.hold(body, &state)
            }
            guard let id = OrderID(parts[2]) else { return Problem(.notFound, "no hold").response() }
            return Self.settle(id, String(parts[3]), &state)
        }
    }

    private static func hold(_ body: HoldStock, _ state: inout State) -> ServiceResponse {
        if let known = state.holds[body.orderId] {
            guard known.status != .released else { return Problem(.holdReleased, "released").response() }
            return self.answer(.created, body.orderId, known)
        }
        for line in body.lines where state.stock[line.productId, default: 0] < line.quantity {
            return Problem(.outOfStock, "\(line.productId) is sold out").response()
        }
        for line in body.lines { state.stock[line.productId, default: 0] -= line.quantity }
        let hold = Hold(lines: body.lines, status: .held)
        state.holds[body.orderId] = hold
        return self.answer(.created, body.orderId, hold)
    }

    private static func settle(_ id: OrderID, _ verb: String, _ state: inout State) -> ServiceResponse {
        var hold = state.holds[id] ?? Hold(lines: [], status: .released)
        let before = hold.status
        switch (verb, before) {
        case ("commit", .held): hold.status = .committed
        case ("commit", .released): return Problem(.holdReleased, "released").response()
        case ("release", .held): hold.status = .released
        case ("release", .committed): return Problem(.conflict, "sold").response()
        case ("return", .committed): hold.status = .returned
        case ("return", .held): hold.status = .released
        default: break
        }
        let isBack = [.released, .returned].contains(hold.status) && ![.released, .returned].contains(before)
        if isBack { for line in hold.lines { state.stock[line.productId, default: 0] += line.quantity } }
        state.holds[id] = hold
        return self.answer(.ok, id, hold)
    }

    private func payments(_ request: ServiceRequest) -> ServiceResponse {
        let parts = (request.head.path ?? "").split(separator: "/")
        return self.state.withLock { state in
            if parts.count == 2 {
                guard let body = try? JSONDecoder().decode(AuthorizePayment.self, from: Data(request.body)) else {
                    return Problem(.malformedBody, "no payment").response()
                }
                return Self.authorize(body, &state)
            }
            guard let id = PaymentID(parts[2]) else { return Problem(.notFound, "no payment").response() }
            guard parts.count > 3 else { return Self.inquire(id, &state) }
            return Self.settle(id, String(parts[3]), &state)
        }
    }

    private static func authorize(_ body: AuthorizePayment, _ state: inout State) -> ServiceResponse {
        if let known = state.payments[body.paymentId] {
            guard known.status != .voided else { return Problem(.paymentVoided, "voided").response() }
            return self.payment(.created, known)
        }
        state.charges[body.paymentId, default: 0] += 1
        let status: PaymentState.Status =
            switch body.method {
            case .ok, .slow, .lost: .authorized
            case .declined: .declined
            case .unknown: .unknown
            }
        let payment = PaymentState(
            paymentId: body.paymentId, orderId: body.orderId, status: status, amount: body.amount,
            reason: status == .declined ? "insufficient funds" : nil)
        state.payments[body.paymentId] = payment
        return self.payment(.created, payment)
    }

    private static func inquire(_ id: PaymentID, _ state: inout State) -> ServiceResponse {
        guard let known = state.payments[id] else { return Problem(.notFound, "no payment").response() }
        if known.status == .unknown {
            if state.unknownFor == 0 { state.payments[id]?.status = .authorized } else { state.unknownFor -= 1 }
        }
        return self.answer(.ok, state.payments[id] ?? known)
    }

    private static func settle(_ id: PaymentID, _ verb: String, _ state: inout State) -> ServiceResponse {
        let unknown = PaymentState(
            paymentId: id, orderId: OrderID(id.rawValue), status: .voided, amount: MoneyAmount(.zero(.eur)))
        var payment = state.payments[id] ?? unknown
        switch (verb, payment.status) {
        case ("capture", .authorized): payment.status = .captured
        case ("capture", .voided): return Problem(.paymentVoided, "voided").response()
        case ("void", .authorized), ("void", .unknown): payment.status = .voided
        case ("void", .captured): return Problem(.conflict, "captured").response()
        case ("refund", .captured): payment.status = .refunded
        case ("refund", .authorized), ("refund", .voided), ("refund", .declined):
            return Problem(.conflict, "nothing was captured").response()
        default: break
        }
        state.payments[id] = payment
        return self.answer(.ok, payment)
    }

    private static func payment(_ status: HTTPResponse.Status, _ payment: PaymentState) -> ServiceResponse {
        payment.status == .declined
            ? Problem(.paymentDeclined, payment.reason ?? "declined").response() : self.answer(status, payment)
    }

    private static func answer(_ status: HTTPResponse.Status, _ id: OrderID, _ hold: Hold) -> ServiceResponse {
        self.answer(status, StockHold(orderId: id, status: hold.status, lines: hold.lines))
    }

    private static func answer(_ status: HTTPResponse.Status, _ value: some Encodable) -> ServiceResponse {
        (try? .json(status, value)) ?? Problem(.internalError, "not encodable").response()
    }
}
