public import Essentials
public import EventSourcing
public import Identity

// The facts that services read in each other's logs. Each belongs to the service named in its comment; the others decode
// it by name and must take it as it is. A changed shape gets a new version and an upcaster in its own service.

/// users: somebody registered.
public struct UserCreated: EventPayload {
    public static let eventType = "UserCreated"
    public static let kind = EventKind.integration
    public var userId: UserID
    public var email: String
    public var name: String
    public var role: String

    public init(userId: UserID, email: String, name: String, role: String) {
        self.userId = userId
        self.email = email
        self.name = name
        self.role = role
    }
}

/// users: somebody changed their profile. Members that did not change are missing.
public struct ProfileUpdated: EventPayload {
    public static let eventType = "ProfileUpdated"
    public static let kind = EventKind.integration
    public var userId: UserID
    public var name: String?
    public var email: String?

    public init(userId: UserID, name: String?, email: String?) {
        self.userId = userId
        self.name = name
        self.email = email
    }
}

/// users: access tokens of this user issued before `before` are no longer good; with `tokenId`, only that one.
public struct TokensRevoked: EventPayload {
    public static let eventType = "TokensRevoked"
    public static let kind = EventKind.system
    public var userId: UserID
    public var tokenId: String?
    public var before: Timestamp

    public init(userId: UserID, tokenId: String?, before: Timestamp) {
        self.userId = userId
        self.tokenId = tokenId
        self.before = before
    }

    /// The fact for those who check tokens.
    public var revocation: TokenRevocation {
        self.tokenId.map { .token($0, at: self.before) }
            ?? .tokens(of: self.userId.rawValue, issuedBefore: self.before)
    }

    /// The revocation that an event of the users service is; nil for events of other kinds.
    /// - Throws: `EventStoreError.corrupt` when it cannot be read.
    public static func revocation(in event: RecordedEvent) throws -> TokenRevocation? {
        guard event.type == Self.eventType else { return nil }
        return try EventCoding.decode(Self.self, from: event.event.data).revocation
    }
}

/// catalog: a product is sold from now on, or its name, price or description has changed.
public struct ProductUpdated: EventPayload {
    public static let eventType = "ProductUpdated"
    public static let kind = EventKind.integration
    public var productId: ProductID
    public var sku: String
    public var name: String
    public var category: String
    public var price: Money

    public init(productId: ProductID, sku: String, name: String, category: String, price: Money) {
        self.productId = productId
        self.sku = sku
        self.name = name
        self.category = category
        self.price = price
    }
}

/// orders: a customer has placed an order (aliases in the catalogue: OrderCreated).
public struct OrderPlaced: EventPayload {
    /// One position of the order.
    public struct Item: Codable, Hashable, Sendable {
        public var productId: ProductID
        public var name: String
        public var quantity: Int
        public var unitPrice: Money

        public init(productId: ProductID, name: String, quantity: Int, unitPrice: Money) {
            self.productId = productId
            self.name = name
            self.quantity = quantity
            self.unitPrice = unitPrice
        }
    }

    public static let eventType = "OrderPlaced"
    public static let kind = EventKind.integration
    public var orderId: OrderID
    public var customerId: CustomerID
    public var items: [Item]
    public var totalAmount: Money
    public var timestamp: Timestamp

    public init(orderId: OrderID, customerId: CustomerID, items: [Item], totalAmount: Money, timestamp: Timestamp) {
        self.orderId = orderId
        self.customerId = customerId
        self.items = items
        self.totalAmount = totalAmount
        self.timestamp = timestamp
    }
}

/// orders: an order was cancelled, by the customer or because it could not be carried out.
public struct OrderCancelled: EventPayload {
    public static let eventType = "OrderCancelled"
    public static let kind = EventKind.integration
    public var orderId: OrderID
    public var customerId: CustomerID
    /// For people: `payment declined`, `out of stock`, `cancelled by the customer`.
    public var reason: String
    /// The amount that is given back, when the payment had been captured.
    public var refund: Money?

    public init(orderId: OrderID, customerId: CustomerID, reason: String, refund: Money?) {
        self.orderId = orderId
        self.customerId = customerId
        self.reason = reason
        self.refund = refund
    }
}

/// orders: a payment was refused; the order waits for another try or its cancellation.
public struct OrderPaymentFailed: EventPayload {
    public static let eventType = "OrderPaymentFailed"
    public static let kind = EventKind.integration
    public var orderId: OrderID
    public var customerId: CustomerID
    /// For people.
    public var reason: String

    public init(orderId: OrderID, customerId: CustomerID, reason: String) {
        self.orderId = orderId
        self.customerId = customerId
        self.reason = reason
    }
}

/// orders: the money of a lost or returned order has been given back.
public struct OrderRefunded: EventPayload {
    public static let eventType = "OrderRefunded"
    public static let kind = EventKind.integration
    public var orderId: OrderID
    public var customerId: CustomerID
    public var amount: Money

    public init(orderId: OrderID, customerId: CustomerID, amount: Money) {
        self.orderId = orderId
        self.customerId = customerId
        self.amount = amount
    }
}

/// orders: the money of an order that was cancelled after its payment has been given back. The order stays CANCELLED.
public struct OrderRefundRecorded: EventPayload {
    public static let eventType = "OrderRefundRecorded"
    public static let kind = EventKind.integration
    public var orderId: OrderID
    public var customerId: CustomerID
    public var amount: Money

    public init(orderId: OrderID, customerId: CustomerID, amount: Money) {
        self.orderId = orderId
        self.customerId = customerId
        self.amount = amount
    }
}

/// shipping: the parcel has reached a new state (aliases: ShippingScheduled, ShippingArranged for BOOKED).
public struct ShipmentProgressed: EventPayload {
    public static let eventType = "ShipmentProgressed"
    public static let kind = EventKind.integration
    public var shipmentId: ShipmentID
    public var orderId: OrderID
    public var customerId: CustomerID
    /// `BOOKED`, `SHIPPED`, `IN_TRANSIT`, `DELIVERED`, `LOST`, `CANCELLED`.
    public var status: String
    public var trackingNumber: String
    public var at: Timestamp

    public init(
        shipmentId: ShipmentID, orderId: OrderID, customerId: CustomerID, status: String, trackingNumber: String,
        at: Timestamp,
    ) {
        self.shipmentId = shipmentId
        self.orderId = orderId
        self.customerId = customerId
        self.status = status
        self.trackingNumber = trackingNumber
        self.at = at
    }
}
