import Essentials

/// How far an order has come, in words for its customer.
struct OrderProgress {
    static let steps = ["Placed", "Paid", "Sent", "On its way", "Delivered"]

    let title: String
    /// The last step that has been reached.
    let reached: Int
    /// Whether it is on the way from the first step to the last.
    let isOnTheWay: Bool
    /// Whether it moves on by itself.
    let isMoving: Bool
    /// What its customer may ask for now.
    let transitions: [OrderTransition]

    init(_ order: Order) {
        switch order.status {
        case "DRAFT": self.init("Not placed yet", 0, isMoving: false, [])
        case "PENDING": self.init("We are checking the stock", 0, [.cancel])
        case "PAYMENT_PROCESSING": self.init("The payment is on its way", 0, [.cancel])
        case "CONFIRMED": self.init("Paid, and being packed", 1, [.cancel])
        case "SHIPPED": self.init("Handed to the carrier", 2, [])
        case "IN_TRANSIT": self.init("On its way to you", 3, [])
        case "DELIVERED": self.init("Delivered", 4, isMoving: false, [.sendBack])
        case "PAYMENT_FAILED": self.init("The payment failed", nil, isMoving: false, [.retryPayment, .cancel])
        case "LOST": self.init("The parcel was lost; your money comes back", nil, [])
        case "RETURN_REQUESTED": self.init("We are waiting for the goods", nil, isMoving: false, [])
        case "RETURNED": self.init("The goods have arrived; your money comes back", nil, [])
        case "REFUNDED": self.init("Refunded", nil, isMoving: false, [])
        case "CANCELLED": self.init("Cancelled", nil, isMoving: false, [])
        case "ARCHIVED": self.init("Archived", nil, isMoving: false, [])
        default: self.init(order.status, nil, [])
        }
    }

    private init(_ title: String, _ reached: Int?, isMoving: Bool = true, _ transitions: [OrderTransition]) {
        self.title = title
        self.reached = reached ?? -1
        self.isOnTheWay = reached != nil
        self.isMoving = isMoving
        self.transitions = transitions
    }
}

extension OrderTransition {
    /// What a button says.
    var label: String {
        switch self {
        case .cancel: "Cancel the order"
        case .retryPayment: "Pay again with a good card"
        case .sendBack: "Send it back"
        }
    }
}

extension Timestamp {
    /// `2026-11-21 18:05 UTC`.
    var minute: String { self.rfc3339.prefix(16).replacing("T", with: " ") + " UTC" }
}
