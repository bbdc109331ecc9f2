import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts

extension TextFormat {
    /// What an article is called in the warehouse.
    static let sku = TextFormat(
        accepted: "1 to 64 capital letters, digits and hyphens", pattern: "^[A-Z0-9][A-Z0-9-]{0,63}$",
        matches: { text in
            (1...64).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: "-")
                && text.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || $0 == 45 }
        })

    /// A category.
    static let category = TextFormat(
        accepted: "1 to 40 small letters, digits and hyphens", pattern: "^[a-z0-9][a-z0-9-]{0,39}$",
        matches: { text in
            (1...40).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: "-")
                && text.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0) || $0 == 45 }
        })
}

/// A product as clients see it.
struct ProductView: APIModel {
    var productId: ProductID
    var sku: String
    var name: String
    var category: String
    var description: String
    var price: MoneyAmount
    var createdAt: Timestamp
    var updatedAt: Timestamp

    init(_ row: ProductRow) {
        self.productId = row.product.id
        self.sku = row.product.sku
        self.name = row.product.name
        self.category = row.product.category
        self.description = row.product.description
        self.price = MoneyAmount(row.product.price)
        self.createdAt = row.createdAt
        self.updatedAt = row.updatedAt
    }

    static let schemaName = "Product"
    static let schema = Schema.object([
        .init("productId", .uuid), .init("sku", .string(.sku)), .init("name", .text(1...200)),
        .init("category", .string(.category)), .init("description", .text(0...4_000)),
        .init("price", .model(MoneyAmount.self)), .init("createdAt", .timestamp), .init("updatedAt", .timestamp),
    ])
}

/// What an operator says about a product.
struct ProductInput: APIModel {
    var sku: String
    var name: String
    var category: String
    var description: String?
    var price: MoneyInput

    /// - Throws: a ``Problem`` for an amount that is none.
    func product(id: ProductID) throws -> Product {
        Product(
            id: id, sku: self.sku, name: self.name, category: self.category, description: self.description ?? "",
            price: try self.price.money(at: "/price"))
    }

    static let schema = Schema.object([
        .init("sku", .string(.sku)), .init("name", .text(1...200)), .init("category", .string(.category)),
        .init("description", .text(0...4_000), required: false), .init("price", .model(MoneyInput.self)),
    ])
}

extension CatalogRefusal {
    /// What a client is told.
    var problem: Problem {
        switch self {
        case .unknownProduct, .removed: Problem(.notFound, "\(self)")
        case .exists: Problem(.conflict, "\(self)")
        case .skuTaken(let sku): Problem(.skuTaken, "\(self)", details: ["sku": .string(sku)])
        case .priceNotPositive, .priceTooHigh: Problem(.validationFailed, "/price/amount: \(self)")
        }
    }
}

extension ServiceStore {
    /// Runs a change of the catalogue; its refusal becomes a problem.
    func change(
        _ body: @escaping @Sendable (any ServiceUnit) throws -> ProductRow,
    ) async throws -> ProductView where Unit == any ServiceUnit {
        do {
            return ProductView(try await self.write(body))
        } catch let refusal as CatalogRefusal {
            throw refusal.problem
        }
    }
}
