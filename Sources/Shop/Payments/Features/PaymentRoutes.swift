import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts

/// A payment as its customer sees it.
struct PaymentView: APIModel, Hashable {
    var paymentId: PaymentID
    /// The order that it pays; missing for a deposit.
    var orderId: OrderID?
    /// The account that it fills; missing for an order.
    var accountId: AccountID?
    var amount: MoneyAmount
    var status: PaymentState.Status
    /// Why it was declined, or why its outcome is unknown.
    var reason: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp

    static let schemaName = "Payment"
    static let schema = Schema.object([
        .init("paymentId", .uuid), .init("orderId", .uuid, required: false),
        .init("accountId", .uuid, required: false), .init("amount", .model(MoneyAmount.self)),
        .init("status", .oneOf(PaymentState.Status.allCases.map(\.rawValue))),
        .init("reason", .text(1...400), required: false), .init("createdAt", .timestamp),
        .init("updatedAt", .timestamp),
    ])

    init(_ row: PaymentRow) {
        self.paymentId = row.paymentID
        self.orderId = row.orderID
        self.accountId = row.accountID
        self.amount = MoneyAmount(row.amount)
        self.status = row.status
        self.reason = row.reason
        self.createdAt = row.requestedAt
        self.updatedAt = row.updatedAt
    }
}

/// What customers see of their payments.
enum PaymentRoutes {
    static func routes(_ environment: ServiceEnvironment) -> [Route] {
        [Self.list(environment), Self.read(environment)]
    }

    private static func list(_ environment: ServiceEnvironment) -> Route {
        Route(
            .get, "/v1/payments", "listPayments", tag: "Payments", "Lists the caller's payments, the newest first",
            parameters: PageRequest.parameters,
            answers: [.json(.ok, Page<PaymentView>.self, "A page of payments")]
        ) { request in
            let page = try PageRequest(request, keyParts: 2)
            let customer = CustomerID(try request.caller().subject)
            let after = try page.after.map { parts in
                guard let microseconds = Int64(parts[0]), let id = PaymentID(parts[1]) else {
                    throw Problem(.validationFailed, "query/cursor: a cursor that an earlier page gave is expected")
                }
                return (Timestamp(microseconds: microseconds), id)
            }
            let rows = try await environment.store.read {
                try PaymentsView.payments(of: customer, after: after, limit: page.limit + 1, in: $0)
            }
            return try .json(
                .ok,
                page.page(of: rows, key: { ["\($0.requestedAt.microseconds)", "\($0.paymentID)"] }) { PaymentView($0) })
        }
    }

    private static func read(_ environment: ServiceEnvironment) -> Route {
        Route(
            .get, "/v1/payments/{paymentId}", "readPayment", tag: "Payments", "Tells where a payment stands",
            parameters: [.path("paymentId", .uuid, "The payment.")],
            answers: [.json(.ok, PaymentView.self, "The payment")], problems: [.notFound]
        ) { request in
            let id = try request.id("paymentId", as: PaymentID.self)
            let row = try await environment.store.read { try PaymentsView.payment(id, in: $0) }
            guard let row, row.customerID.rawValue == (try request.caller().subject) else {
                throw Problem(.notFound, "you have no payment \(id)")
            }
            return try .json(.ok, PaymentView(row))
        }
    }
}
