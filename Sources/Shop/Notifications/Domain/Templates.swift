import Essentials
import EventSourcing
import ShopContracts

/// What a message tells.
enum NotificationKind: String, Codable, Hashable, Sendable, CaseIterable {
    case welcome
    case profileUpdated
    case orderPlaced
    case paymentFailed
    case orderCancelled
    case orderShipped
    case orderDelivered
    case orderRefunded
}

/// A message that follows from a fact of another service: plain text, made once.
struct NotificationDraft: Hashable, Sendable {
    var kind: NotificationKind
    var userId: UserID
    var about: UniqueID
    var subject: String
    var body: String
}

/// One template for each fact that people are told of.
enum Templates {
    /// The types of the facts that have a template, by service.
    static let ofUsers: Set<String> = [UserCreated.eventType, ProfileUpdated.eventType]
    static let ofOrders: Set<String> = [
        OrderPlaced.eventType, OrderCancelled.eventType, OrderPaymentFailed.eventType, OrderRefunded.eventType,
        OrderRefundRecorded.eventType,
    ]
    static let ofShipping: Set<String> = [ShipmentProgressed.eventType]

    /// - Returns: nil for a fact that nobody is told of.
    static func draft(for event: RecordedEvent) throws -> NotificationDraft? {
        let data = event.event.data
        switch event.type {
        case UserCreated.eventType: return self.welcome(try EventCoding.decode(UserCreated.self, from: data), event.id)
        case ProfileUpdated.eventType:
            return self.profile(try EventCoding.decode(ProfileUpdated.self, from: data), event.id)
        case OrderPlaced.eventType: return self.placed(try EventCoding.decode(OrderPlaced.self, from: data))
        case OrderCancelled.eventType: return self.cancelled(try EventCoding.decode(OrderCancelled.self, from: data))
        case OrderPaymentFailed.eventType:
            // An order's payment can fail more than once: each time is a message of its own.
            return self.paymentFailed(try EventCoding.decode(OrderPaymentFailed.self, from: data), event.id)
        case OrderRefunded.eventType:
            let fact = try EventCoding.decode(OrderRefunded.self, from: data)
            return self.refunded(fact.amount, of: fact.orderId, to: fact.customerId)
        case OrderRefundRecorded.eventType:
            let fact = try EventCoding.decode(OrderRefundRecorded.self, from: data)
            return self.refunded(fact.amount, of: fact.orderId, to: fact.customerId)
        case ShipmentProgressed.eventType:
            return self.progressed(try EventCoding.decode(ShipmentProgressed.self, from: data))
        default: return nil
        }
    }

    private static func welcome(_ fact: UserCreated, _ event: UniqueID) -> NotificationDraft {
        NotificationDraft(
            kind: .welcome, userId: fact.userId, about: event, subject: "Welcome, \(fact.name)",
            body: "Hello \(fact.name),\n\nyour account is ready.\n")
    }

    private static func profile(_ fact: ProfileUpdated, _ event: UniqueID) -> NotificationDraft {
        let changes = [fact.name.map { _ in "name" }, fact.email.map { _ in "e-mail address" }].compactMap(\.self)
        let what = changes.isEmpty ? "profile" : changes.joined(separator: " and ")
        return NotificationDraft(
            kind: .profileUpdated, userId: fact.userId, about: event, subject: "Your \(what) has changed",
            body: "Your \(what) has been changed. If this was not you, change your password at once.\n")
    }

    private static func placed(_ fact: OrderPlaced) -> NotificationDraft {
        let lines = fact.items.map { "  \($0.quantity) × \($0.name) at \($0.unitPrice)" }.joined(separator: "\n")
        return NotificationDraft(
            kind: .orderPlaced, userId: fact.customerId, about: fact.orderId.rawValue,
            subject: "Your order \(fact.orderId)",
            body: "Thank you. We have received your order:\n\n\(lines)\n\nTotal: \(fact.totalAmount)\n")
    }

    private static func cancelled(_ fact: OrderCancelled) -> NotificationDraft {
        let refund = fact.refund.map { " \($0) will be given back." } ?? " Nothing has been charged."
        return NotificationDraft(
            kind: .orderCancelled, userId: fact.customerId, about: fact.orderId.rawValue,
            subject: "Your order \(fact.orderId) has been cancelled",
            body: "Your order has been cancelled: \(fact.reason).\(refund)\n")
    }

    private static func paymentFailed(_ fact: OrderPaymentFailed, _ event: UniqueID) -> NotificationDraft {
        NotificationDraft(
            kind: .paymentFailed, userId: fact.customerId, about: event,
            subject: "The payment of your order \(fact.orderId) failed",
            body: "\(fact.reason).\n\nTry again or cancel the order within a day.\n")
    }

    private static func refunded(
        _ amount: Money, of order: OrderID, to customer: CustomerID
    ) -> NotificationDraft {
        NotificationDraft(
            kind: .orderRefunded, userId: customer, about: order.rawValue, subject: "The refund of your order \(order)",
            body: "\(amount) have been given back.\n")
    }

    private static func progressed(_ fact: ShipmentProgressed) -> NotificationDraft? {
        switch fact.status {
        case "SHIPPED":
            NotificationDraft(
                kind: .orderShipped, userId: fact.customerId, about: fact.orderId.rawValue,
                subject: "Your order \(fact.orderId) is on its way",
                body: "Your parcel has left. Its tracking number is \(fact.trackingNumber).\n")
        case "DELIVERED":
            NotificationDraft(
                kind: .orderDelivered, userId: fact.customerId, about: fact.orderId.rawValue,
                subject: "Your order \(fact.orderId) has arrived",
                body: "Your parcel has been delivered. It can be returned within 30 days.\n")
        default: nil
        }
    }
}
