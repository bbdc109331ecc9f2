import Chassis
import Essentials
import ShopContracts

/// One line of an order, as clients see it.
struct OrderItem: APIModel {
    var lineId: OrderLineID
    var productId: ProductID
    var name: String
    var quantity: Int
    var unitPrice: MoneyAmount
    var lineTotal: MoneyAmount

    init(_ line: OrderLine) {
        self.lineId = line.lineId
        self.productId = line.productId
        self.name = line.name
        self.quantity = line.quantity
        self.unitPrice = MoneyAmount(line.unitPrice)
        self.lineTotal = MoneyAmount(line.lineTotal)
    }

    static let schema = Schema.object([
        .init("lineId", .uuid), .init("productId", .uuid), .init("name", .text(0...200)),
        .init("quantity", .integer(1...100)), .init("unitPrice", .model(MoneyAmount.self)),
        .init("lineTotal", .model(MoneyAmount.self)),
    ])
}

/// An order of version 1: one of six statuses.
struct OrderV1: APIModel {
    var orderId: OrderID
    var customerId: CustomerID
    var status: PublicStatus
    var items: [OrderItem]
    var itemCount: Int
    var totalAmount: MoneyAmount
    var reason: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp

    init(_ summary: OrderSummary) {
        self.orderId = summary.orderId
        self.customerId = summary.customerId
        self.status = summary.status
        self.items = summary.lines.map { OrderItem($0) }
        self.itemCount = summary.itemCount
        self.totalAmount = MoneyAmount(summary.total)
        self.reason = summary.reason?.shortened
        self.createdAt = summary.createdAt
        self.updatedAt = summary.updatedAt
    }

    static let schemaName = "Order"
    static let schema = Schema.object([
        .init("orderId", .uuid), .init("customerId", .uuid),
        .init("status", .oneOf(PublicStatus.allCases.map(\.rawValue))),
        .init("items", .array(.model(OrderItem.self), count: 0...100)),
        .init("itemCount", .integer(0...10_000).about("Pieces of all lines together.")),
        .init("totalAmount", .model(MoneyAmount.self)),
        .init("reason", .text(1...400).about("Why it was cancelled or its payment failed."), required: false),
        .init("createdAt", .timestamp), .init("updatedAt", .timestamp),
    ])
}

/// An order of version 2: one of fourteen states, and where the parcel goes.
struct OrderV2: APIModel {
    var orderId: OrderID
    var customerId: CustomerID
    var status: OrderState
    var items: [OrderItem]
    var itemCount: Int
    var totalAmount: MoneyAmount
    var refundedAmount: MoneyAmount?
    var shippingAddress: ShippingAddress?
    var paymentMethod: PaymentMethod
    var trackingNumber: String?
    var reason: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp

    init(_ summary: OrderSummary) {
        self.orderId = summary.orderId
        self.customerId = summary.customerId
        self.status = summary.state
        self.items = summary.lines.map { OrderItem($0) }
        self.itemCount = summary.itemCount
        self.totalAmount = MoneyAmount(summary.total)
        self.refundedAmount = summary.refunded.map { MoneyAmount($0) }
        self.shippingAddress = summary.shippingAddress
        self.paymentMethod = summary.paymentMethod
        self.trackingNumber = summary.trackingNumber
        self.reason = summary.reason?.shortened
        self.createdAt = summary.createdAt
        self.updatedAt = summary.updatedAt
    }

    static let schema = Schema.object([
        .init("orderId", .uuid), .init("customerId", .uuid),
        .init("status", .oneOf(OrderState.allCases.map(\.rawValue))),
        .init("items", .array(.model(OrderItem.self), count: 0...100)),
        .init("itemCount", .integer(0...10_000)), .init("totalAmount", .model(MoneyAmount.self)),
        .init("refundedAmount", .model(MoneyAmount.self), required: false),
        .init("shippingAddress", .model(ShippingAddress.self), required: false),
        .init("paymentMethod", .oneOf(PaymentMethod.allCases.map(\.rawValue))),
        .init("trackingNumber", .text(1...64), required: false),
        .init("reason", .text(1...400), required: false),
        .init("createdAt", .timestamp), .init("updatedAt", .timestamp),
    ])
}

/// A line that a client asks for.
struct OrderItemRequest: APIModel {
    var productId: ProductID
    var quantity: Int
    var unitPrice: MoneyInput?

    static let schema = Schema.object([
        .init("productId", .uuid), .init("quantity", .integer(1...100)),
        .init(
            "unitPrice",
            .model(MoneyInput.self).about("When given, it must be the price of the product; else the answer is 422."),
            required: false),
    ])
}

/// What a client orders.
struct CreateOrderRequest: APIModel {
    var customerId: CustomerID
    var items: [OrderItemRequest]
    var shippingAddress: ShippingAddress?
    var paymentMethod: PaymentMethod?

    static let schema = Schema.object([
        .init("customerId", .uuid.about("The caller's own.")),
        .init("items", .array(.model(OrderItemRequest.self), count: 1...100)),
        .init("shippingAddress", .model(ShippingAddress.self), required: false),
        .init(
            "paymentMethod",
            .oneOf(PaymentMethod.allCases.map(\.rawValue)).about("Drives the built-in provider. Default: pm_ok."),
            required: false),
    ])
}

extension String {
    /// At most 400 characters, none of them a control character.
    fileprivate var shortened: String {
        let plain = self.unicodeScalars.prefix(400).map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
        return plain.isEmpty ? "unknown" : String(String.UnicodeScalarView(plain))
    }
}
