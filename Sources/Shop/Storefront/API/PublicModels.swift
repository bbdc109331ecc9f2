import Essentials
import ShopContracts

/// What the storefront reads of the public API's answers.
struct Listing<Item: Decodable & Sendable>: Decodable, Sendable {
    var items: [Item]
    var nextCursor: String?
}

struct Product: Decodable, Sendable {
    var productId: ProductID
    var sku: String
    var name: String
    var category: String
    var description: String
    var price: MoneyAmount
}

struct Category: Decodable, Sendable {
    var name: String
    var productCount: Int
}

struct Availability: Decodable, Sendable {
    var available: Int?
}

struct Session: Decodable, Sendable {
    var userId: UserID
    var accessToken: Redacted<String>
    var refreshToken: Redacted<String>
    /// Seconds.
    var expiresIn: Int64
}

struct Profile: Decodable, Sendable {
    var userId: UserID
    var email: String
    var name: String
}

struct Order: Decodable, Sendable {
    struct Item: Decodable, Sendable {
        var productId: ProductID
        var name: String
        var quantity: Int
        var unitPrice: MoneyAmount
        var lineTotal: MoneyAmount
    }

    var orderId: OrderID
    /// One of the 14 states of version 2.
    var status: String
    var items: [Item]
    var totalAmount: MoneyAmount
    var refundedAmount: MoneyAmount?
    var shippingAddress: ShippingAddress?
    var trackingNumber: String?
    var reason: String?
    var createdAt: Timestamp
}

/// `POST /v2/orders`.
struct OrderRequest: Encodable, Sendable {
    struct Item: Encodable, Sendable {
        var productId: ProductID
        var quantity: Int
    }

    var customerId: CustomerID
    var items: [Item]
    var shippingAddress: ShippingAddress
    var paymentMethod: PaymentMethod
}

extension MoneyAmount {
    /// As people read it: `12.50 EUR`.
    var text: String { "\(self.amount) \(self.currency)" }
}
