import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts

/// What the checkout asks for: authorise, inquire, capture, void, refund.
enum PaymentCallRoutes {
    private static let payment = Parameter.path("paymentId", .uuid, "The payment.")

    static func routes(_ desk: PaymentDesk) -> [Route] {
        [
            Self.authorize(desk), Self.inquire(desk),
            Self.settle(
                "/internal/payments/{paymentId}/capture", "capturePayment", "Takes what is authorised",
                problems: [.notFound, .paymentVoided, .paymentDeclined, .conflict]
            ) { id, metadata in
                let payment = try await desk.capture(id, metadata: metadata)
                try Self.check(payment, afterCaptureOf: id)
                return payment
            },
            Self.settle(
                "/internal/payments/{paymentId}/void", "voidPayment",
                "Makes sure that the card is not charged, also if the payment comes later", problems: [.conflict]
            ) { id, metadata in
                let payment = try await desk.void(id, metadata: metadata)
                guard payment.status != .captured else {
                    throw Problem(.conflict, "payment \(id) is captured: it can be refunded, not voided")
                }
                return payment
            },
            Self.settle(
                "/internal/payments/{paymentId}/refund", "refundPayment",
                "Makes sure that the customer has the money back: refunds what is captured, voids what is not",
                problems: [.conflict]
            ) { try await desk.refund($0, metadata: $1) },
        ]
    }

    private static func authorize(_ desk: PaymentDesk) -> Route {
        Route(
            .post, "/internal/payments", "authorizePayment", tag: "Internal", "Authorises a payment",
            access: .services, parameters: [.idempotencyKey], body: .model(AuthorizePayment.self),
            answers: [.json(.created, PaymentState.self, "AUTHORIZED, UNKNOWN, or what has become of it since")],
            problems: [.paymentDeclined, .paymentVoided, .conflict]
        ) { request in
            let body = try request.decode(AuthorizePayment.self)
            let wish = PaymentRequested(
                paymentId: body.paymentId, customerId: body.customerId, amount: try body.amount.positive(at: "amount"),
                method: body.method, orderId: body.orderId, accountId: nil)
            let payment = try await desk.authorize(wish, metadata: request.commandMetadata())
            switch payment.status {
            case .declined(let reason): throw Problem.declined(reason)
            case .voided: throw Problem(.paymentVoided, "payment \(body.paymentId) has been voided")
            case .none, .requested, .unknown, .authorized, .captured, .refunded: break
            }
            return try .json(.created, payment.state(of: body.paymentId))
        }
    }

    private static func inquire(_ desk: PaymentDesk) -> Route {
        Route(
            .get, "/internal/payments/{paymentId}", "inquirePayment", tag: "Internal",
            "Tells where a payment stands; asks the provider when that is unknown", access: .services,
            parameters: [Self.payment], answers: [.json(.ok, PaymentState.self, "Where it stands")],
            problems: [.notFound]
        ) { request in
            let id = try request.id("paymentId", as: PaymentID.self)
            let payment = try await desk.inquire(id, metadata: request.metadata.withoutCommand)
            guard payment.status != .none else { throw Problem(.notFound, "there is no payment \(id)") }
            return try .json(.ok, payment.state(of: id))
        }
    }

    private static func settle(
        _ path: PathPattern, _ operation: String, _ summary: String, problems: [ProblemType],
        _ body: @escaping @Sendable (PaymentID, EventMetadata) async throws -> Payment,
    ) -> Route {
        Route(
            .post, path, operation, tag: "Internal", summary, access: .services,
            parameters: [Self.payment, .idempotencyKey],
            answers: [.json(.ok, PaymentState.self, "Where it stands now")], problems: problems
        ) { request in
            let id = try request.id("paymentId", as: PaymentID.self)
            let payment = try await body(id, request.commandMetadata())
            return try .json(.ok, payment.state(of: id))
        }
    }

    private static func check(_ payment: Payment, afterCaptureOf id: PaymentID) throws {
        switch payment.status {
        case .captured, .refunded: return
        case .none: throw Problem(.notFound, "there is no payment \(id)")
        case .declined(let reason): throw Problem.declined(reason)
        case .voided: throw Problem(.paymentVoided, "payment \(id) has been voided")
        case .requested, .unknown, .authorized:
            throw Problem(
                .unavailable, "the provider has not told the outcome of payment \(id) yet", retryAfter: .seconds(1))
        }
    }
}

extension Problem {
    static func declined(_ reason: String) -> Problem {
        Problem(.paymentDeclined, "the payment was declined: \(reason)", details: ["reason": .string(reason)])
    }
}

extension Payment {
    /// The payment as other services see it. One that was voided before it came has no order and no amount.
    func state(of id: PaymentID) -> PaymentState {
        var reason: String?
        if case .declined(let text) = self.status { reason = text }
        return PaymentState(
            paymentId: id, orderId: self.request?.orderId ?? OrderID(UniqueID(high: 0, low: 0)),
            status: self.publicStatus, amount: MoneyAmount(self.request?.amount ?? .zero(.eur)), reason: reason)
    }

    var publicStatus: PaymentState.Status {
        switch self.status {
        case .none, .requested, .unknown: .unknown
        case .authorized: .authorized
        case .declined: .declined
        case .captured: .captured
        case .voided: .voided
        case .refunded: .refunded
        }
    }
}

extension Parameter {
    static let idempotencyKey = Parameter.header(
        "Idempotency-Key", .uuid, required: true, "Names the request: sent again with it, it is not carried out again.")
}

extension RoutedRequest {
    /// The key of a mutating request.
    func key() throws -> UniqueID {
        guard let key = self.header(.idempotencyKey).flatMap({ UniqueID($0) }) else {
            throw Problem(.validationFailed, "header/Idempotency-Key: a UUID is expected")
        }
        return key
    }

    /// Metadata whose causation is the key of the request.
    func commandMetadata() throws -> EventMetadata { self.metadata.caused(by: try self.key()) }
}

extension EventMetadata {
    /// Metadata of a request that repeats nothing.
    var withoutCommand: EventMetadata {
        var copy = self
        copy.causationID = nil
        return copy
    }
}
