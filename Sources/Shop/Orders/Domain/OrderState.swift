/// Where an order stands. Fourteen states; ``OrderMethod`` leads from one to the next.
enum OrderState: String, Codable, Hashable, Sendable, CaseIterable {
    /// Created, not submitted, freely editable. Next: PENDING, CANCELLED.
    case draft = "DRAFT"
    /// Placed, waits for its payment to begin. Next: PAYMENT_PROCESSING, CANCELLED.
    case pending = "PENDING"
    /// The payment is being authorised and captured. Next: CONFIRMED, PAYMENT_FAILED.
    case paymentProcessing = "PAYMENT_PROCESSING"
    /// Declined: the customer tries again or cancels. Next: PENDING, CANCELLED.
    case paymentFailed = "PAYMENT_FAILED"
    /// Stock is reserved and the payment captured. Next: SHIPPED, CANCELLED (with a refund).
    case confirmed = "CONFIRMED"
    /// The parcel has left. Next: IN_TRANSIT, DELIVERED.
    case shipped = "SHIPPED"
    /// The carrier has it. Next: DELIVERED, LOST.
    case inTransit = "IN_TRANSIT"
    /// Complete; it can be returned for 30 days and archived after them. Next: RETURN_REQUESTED, ARCHIVED.
    case delivered = "DELIVERED"
    /// The carrier has lost it. Next: REFUNDED.
    case lost = "LOST"
    /// The customer sends it back. Next: RETURNED.
    case returnRequested = "RETURN_REQUESTED"
    /// It has come back. Next: REFUNDED.
    case returned = "RETURNED"
    /// The money has been given back. Next: ARCHIVED.
    case refunded = "REFUNDED"
    /// Called off. Next: ARCHIVED.
    case cancelled = "CANCELLED"
    /// Put away. Final.
    case archived = "ARCHIVED"
}

/// The methods by which an order moves; creation is not among them. Each leads to one state, from one or more.
enum OrderMethod: String, Codable, Hashable, Sendable, CaseIterable {
    case placeOrder
    case cancelOrder
    case authorizePayment
    case paymentConfirmed
    case paymentDeclined
    case retryPayment
    case shipOrder
    case updateTracking
    case confirmDelivery
    case reportLost
    case requestReturn
    case processReturn
    case issueRefund
    case archiveOrder

    /// The state that the method leads to.
    var target: OrderState {
        switch self {
        case .placeOrder, .retryPayment: .pending
        case .cancelOrder: .cancelled
        case .authorizePayment: .paymentProcessing
        case .paymentConfirmed: .confirmed
        case .paymentDeclined: .paymentFailed
        case .shipOrder: .shipped
        case .updateTracking: .inTransit
        case .confirmDelivery: .delivered
        case .reportLost: .lost
        case .requestReturn: .returnRequested
        case .processReturn: .returned
        case .issueRefund: .refunded
        case .archiveOrder: .archived
        }
    }

    /// The states from which the method leads there: 21 transitions in all.
    var origins: [OrderState] {
        switch self {
        case .placeOrder: [.draft]
        case .cancelOrder: [.draft, .pending, .paymentFailed, .confirmed]
        case .authorizePayment: [.pending]
        case .paymentConfirmed, .paymentDeclined: [.paymentProcessing]
        case .retryPayment: [.paymentFailed]
        case .shipOrder: [.confirmed]
        case .updateTracking: [.shipped]
        case .confirmDelivery: [.shipped, .inTransit]
        case .reportLost: [.inTransit]
        case .requestReturn: [.delivered]
        case .processReturn: [.returnRequested]
        case .issueRefund: [.lost, .returned]
        case .archiveOrder: [.delivered, .refunded, .cancelled]
        }
    }
}

/// What the public API of version 1 shows of the fourteen states.
///
/// | internal | public |
/// | --- | --- |
/// | DRAFT | DRAFT |
/// | PENDING, PAYMENT_PROCESSING, PAYMENT_FAILED | PENDING: placed, and not paid yet |
/// | CONFIRMED | CONFIRMED |
/// | SHIPPED, IN_TRANSIT, LOST | SHIPPED: it has left, and has not arrived |
/// | DELIVERED, RETURN_REQUESTED, RETURNED | DELIVERED: it has arrived, and the money is not back |
/// | CANCELLED, REFUNDED | CANCELLED: nothing is sold in the end |
/// | ARCHIVED | DELIVERED when it was archived from DELIVERED, else CANCELLED |
enum PublicStatus: String, Codable, Hashable, Sendable, CaseIterable {
    case draft = "DRAFT"
    case pending = "PENDING"
    case confirmed = "CONFIRMED"
    case shipped = "SHIPPED"
    case delivered = "DELIVERED"
    case cancelled = "CANCELLED"

    /// - Parameter last: the state before ARCHIVED; any other state does not need it.
    init(_ state: OrderState, archivedFrom last: OrderState? = nil) {
        self =
            switch state {
            case .draft: .draft
            case .pending, .paymentProcessing, .paymentFailed: .pending
            case .confirmed: .confirmed
            case .shipped, .inTransit, .lost: .shipped
            case .delivered, .returnRequested, .returned: .delivered
            case .cancelled, .refunded: .cancelled
            case .archived: last == .delivered ? .delivered : .cancelled
            }
    }
}
