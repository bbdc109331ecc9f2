public import Essentials
public import ShopContracts

/// Something that is sold.
public struct Product: Hashable, Sendable {
    /// The highest price, in the smallest units of its currency.
    public static let maximumPrice: Int64 = 10_000_000_000

    public var id: ProductID
    /// Unique among the products on sale: capital letters, digits and hyphens.
    public var sku: String
    public var name: String
    public var category: String
    public var description: String
    public var price: Money

    public init(id: ProductID, sku: String, name: String, category: String, description: String, price: Money) {
        self.id = id
        self.sku = sku
        self.name = name
        self.category = category
        self.description = description
        self.price = price
    }
}

extension Product {
    /// A product of the demo, as it is put on sale.
    public init(_ demo: DemoCatalog.Product) {
        self.init(
            id: demo.id, sku: demo.sku, name: demo.name, category: demo.category, description: demo.description,
            price: demo.price)
    }
}

/// Where products are kept, for code that wants no more than that.
public protocol ProductRepository: Sendable {
    /// The product on sale with this id.
    func find(_ id: ProductID) async throws -> Product?

    /// The products on sale of one category, in order of their ids.
    func find(category: String) async throws -> [Product]

    /// Puts a product on sale, or replaces the one with its id. Returns what is kept.
    /// - Throws: ``CatalogRefusal``.
    func save(_ product: Product) async throws -> Product

    /// Takes a product off sale for good. Nothing happens if it is not on sale.
    func delete(_ id: ProductID) async throws
}

/// Why the catalogue does not do what it was told.
public enum CatalogRefusal: Error, Hashable, Sendable {
    /// The product was never on sale.
    case unknownProduct(ProductID)
    /// The product was taken off sale, which is for good.
    case removed(ProductID)
    /// The product is on sale already.
    case exists(ProductID)
    /// Another product on sale has the SKU.
    case skuTaken(String)
    /// Nothing is sold for nothing or less.
    case priceNotPositive(Money)
    /// An order of 100 lines of 100 pieces must still be an amount that everybody can write and add up.
    case priceTooHigh(Money)
}

extension CatalogRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownProduct(let id): "there is no product \(id)"
        case .removed(let id): "the product \(id) is no longer sold"
        case .exists(let id): "the product \(id) is on sale already"
        case .skuTaken(let sku): "another product has the SKU \(sku)"
        case .priceNotPositive(let price): "a price is more than nothing, not \(price)"
        case .priceTooHigh(let price):
            "a price is at most \(Money(minor: Product.maximumPrice, price.currency)), not \(price)"
        }
    }
}
