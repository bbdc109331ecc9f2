public import Chassis
public import Essentials

/// How a customer pays. The built-in provider decides by it.
public enum PaymentMethod: String, Codable, Hashable, Sendable, CaseIterable {
    /// Approves at once.
    case ok = "pm_ok"
    /// Declines.
    case declined = "pm_declined"
    /// Approves after some seconds.
    case slow = "pm_slow"
    /// Approves, but the answer is lost.
    case lost = "pm_lost"
    /// Answers that the outcome is not known yet; it must be inquired.
    case unknown = "pm_unknown"
}

/// `POST /internal/payments`, `Idempotency-Key`: authorises a payment. Answers 201 with a ``PaymentState`` that is
/// AUTHORIZED or UNKNOWN; 422 `payment-declined` with the provider's reason; 409 `payment-voided` when the void came
/// first. An UNKNOWN payment is inquired with `GET /internal/payments/{paymentId}`, which asks the provider, and never
/// authorised again.
///
/// `POST /internal/payments/{paymentId}/capture`, `…/void` (also before the payment has come), `…/refund` answer 200
/// with the ``PaymentState`` and may be repeated.
public struct AuthorizePayment: APIModel {
    public var paymentId: PaymentID
    public var orderId: OrderID
    public var customerId: CustomerID
    public var amount: MoneyAmount
    public var method: PaymentMethod

    public init(
        paymentId: PaymentID, orderId: OrderID, customerId: CustomerID, amount: MoneyAmount, method: PaymentMethod,
    ) {
        self.paymentId = paymentId
        self.orderId = orderId
        self.customerId = customerId
        self.amount = amount
        self.method = method
    }

    public static let schema = Schema.object([
        .init("paymentId", .uuid), .init("orderId", .uuid), .init("customerId", .uuid),
        .init("amount", .model(MoneyAmount.self)), .init("method", .oneOf(PaymentMethod.allCases.map(\.rawValue))),
    ])
}

/// Where a payment stands.
public struct PaymentState: APIModel, Hashable {
    public enum Status: String, Codable, Hashable, Sendable, CaseIterable {
        case unknown = "UNKNOWN"
        case authorized = "AUTHORIZED"
        case declined = "DECLINED"
        case captured = "CAPTURED"
        case voided = "VOIDED"
        case refunded = "REFUNDED"
    }

    public var paymentId: PaymentID
    public var orderId: OrderID
    public var status: Status
    public var amount: MoneyAmount
    /// Why it was declined.
    public var reason: String?

    public init(paymentId: PaymentID, orderId: OrderID, status: Status, amount: MoneyAmount, reason: String? = nil) {
        self.paymentId = paymentId
        self.orderId = orderId
        self.status = status
        self.amount = amount
        self.reason = reason
    }

    public static let schema = Schema.object([
        .init("paymentId", .uuid), .init("orderId", .uuid),
        .init("status", .oneOf(Status.allCases.map(\.rawValue))), .init("amount", .model(MoneyAmount.self)),
        .init("reason", .text(1...400), required: false),
    ])
}

/// `POST /internal/postings`, `Idempotency-Key`: one leg of a transfer between customers' accounts, pending until it is
/// posted or voided. A debit puts the money into the transfers' clearing account, a credit takes it from there. Answers
/// 201 with a ``PostingState``; 422 `insufficient-funds`; 404 for an unknown account; 409 `posting-voided` when the void
/// came first.
///
/// `POST /internal/postings/{postingId}/post` and `…/void` answer 200 with the ``PostingState`` and may be repeated.
public struct CreatePosting: APIModel {
    public enum Direction: String, Codable, Hashable, Sendable, CaseIterable {
        case debit = "DEBIT"
        case credit = "CREDIT"
    }

    public var postingId: UniqueID
    public var transferId: TransferID
    public var accountId: AccountID
    public var direction: Direction
    public var amount: MoneyAmount

    public init(
        postingId: UniqueID, transferId: TransferID, accountId: AccountID, direction: Direction, amount: MoneyAmount,
    ) {
        self.postingId = postingId
        self.transferId = transferId
        self.accountId = accountId
        self.direction = direction
        self.amount = amount
    }

    public static let schema = Schema.object([
        .init("postingId", .uuid), .init("transferId", .uuid), .init("accountId", .uuid),
        .init("direction", .oneOf(Direction.allCases.map(\.rawValue))), .init("amount", .model(MoneyAmount.self)),
    ])
}

/// Where a posting stands.
public struct PostingState: APIModel, Hashable {
    public enum Status: String, Codable, Hashable, Sendable, CaseIterable {
        case pending = "PENDING"
        case posted = "POSTED"
        case voided = "VOIDED"
    }

    public var postingId: UniqueID
    public var status: Status

    public init(postingId: UniqueID, status: Status) {
        self.postingId = postingId
        self.status = status
    }

    public static let schema = Schema.object([
        .init("postingId", .uuid), .init("status", .oneOf(Status.allCases.map(\.rawValue))),
    ])
}

/// `GET /internal/accounts/{accountId}`: whose account it is, in which currency.
public struct AccountSummary: APIModel, Hashable {
    public var accountId: AccountID
    public var ownerId: UserID
    public var currency: String

    public init(accountId: AccountID, ownerId: UserID, currency: String) {
        self.accountId = accountId
        self.ownerId = ownerId
        self.currency = currency
    }

    public static let schema = Schema.object([
        .init("accountId", .uuid), .init("ownerId", .uuid), .init("currency", .string(.currency)),
    ])
}
