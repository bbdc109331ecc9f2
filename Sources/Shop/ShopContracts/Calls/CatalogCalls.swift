public import Chassis
public import Essentials

/// `POST /internal/quotes`: what these products are called and cost now. Answers 200 with a ``Quote``; 422
/// `unknown-product` names those that do not exist or are no longer sold.
public struct QuoteRequest: APIModel {
    public var products: [ProductID]

    public init(products: [ProductID]) {
        self.products = products
    }

    public static let schema = Schema.object([.init("products", .array(.uuid, count: 1...100))])
}

/// The prices of some products.
public struct Quote: APIModel, Hashable {
    /// The price of one product.
    public struct Line: APIModel, Hashable {
        public var productId: ProductID
        public var sku: String
        public var name: String
        public var unitPrice: MoneyAmount

        public init(productId: ProductID, sku: String, name: String, unitPrice: MoneyAmount) {
            self.productId = productId
            self.sku = sku
            self.name = name
            self.unitPrice = unitPrice
        }

        public static let schemaName = "QuoteLine"
        public static let schema = Schema.object([
            .init("productId", .uuid), .init("sku", .text(1...64)), .init("name", .text(1...200)),
            .init("unitPrice", .model(MoneyAmount.self)),
        ])
    }

    public var lines: [Line]

    public init(lines: [Line]) {
        self.lines = lines
    }

    public static let schema = Schema.object([.init("lines", .array(.model(Line.self), count: 1...100))])
}
