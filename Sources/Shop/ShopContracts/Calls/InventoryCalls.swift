public import Chassis
public import Essentials

/// So many pieces of a product.
public struct StockLine: APIModel, Hashable {
    public var productId: ProductID
    /// 1 to 100.
    public var quantity: Int

    public init(productId: ProductID, quantity: Int) {
        self.productId = productId
        self.quantity = quantity
    }

    public static let schema = Schema.object([
        .init("productId", .uuid), .init("quantity", .integer(1...100)),
    ])
}

/// `POST /internal/holds`, `Idempotency-Key`: holds stock for an order until it is committed, released, or has expired.
/// Answers 201 with a ``StockHold``; 409 `out-of-stock` names what is missing; 409 `hold-released` when the release came
/// first.
///
/// `POST /internal/holds/{orderId}/commit` makes it final, `…/release` gives it back (also before the hold has come),
/// `…/return` puts committed stock back on the shelf. All three answer 200 with the ``StockHold`` and may be repeated.
public struct HoldStock: APIModel {
    public var orderId: OrderID
    public var lines: [StockLine]
    /// How long the hold lasts, 1 to 86,400 seconds.
    public var seconds: Int

    public init(orderId: OrderID, lines: [StockLine], seconds: Int) {
        self.orderId = orderId
        self.lines = lines
        self.seconds = seconds
    }

    public static let schema = Schema.object([
        .init("orderId", .uuid), .init("lines", .array(.model(StockLine.self), count: 1...100)),
        .init("seconds", .integer(1...86_400)),
    ])
}

/// Stock held for an order.
public struct StockHold: APIModel, Hashable {
    public enum Status: String, Codable, Hashable, Sendable, CaseIterable {
        case held = "HELD"
        case committed = "COMMITTED"
        case released = "RELEASED"
        case returned = "RETURNED"
    }

    public var orderId: OrderID
    public var status: Status
    public var lines: [StockLine]

    public init(orderId: OrderID, status: Status, lines: [StockLine]) {
        self.orderId = orderId
        self.status = status
        self.lines = lines
    }

    public static let schema = Schema.object([
        .init("orderId", .uuid), .init("status", .oneOf(Status.allCases.map(\.rawValue))),
        .init("lines", .array(.model(StockLine.self), count: 0...100)),
    ])
}
