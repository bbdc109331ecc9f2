import Essentials
import EventSourcing
import ShopContracts

/// A product over its life: put on sale, changed, taken off sale.
struct CatalogEntry: Aggregate {
    static let category = "product"

    /// Where the product is in its life.
    enum Stage: Hashable, Sendable {
        /// Never on sale; ``onSale`` may follow.
        case unknown
        /// On sale; ``removed`` may follow.
        case onSale(Product)
        /// Off sale for good.
        case removed(ProductID)
    }

    enum Command: Hashable, Sendable {
        /// Puts a new product on sale.
        case add(Product)
        /// Gives a product on sale new properties.
        case change(Product)
        /// Takes a product off sale.
        case remove
    }

    private(set) var stage = Stage.unknown

    /// The product, while it is on sale.
    var product: Product? { if case .onSale(let product) = self.stage { product } else { nil } }

    func decide(_ command: Command) throws(CatalogRefusal) -> [CatalogEvent] {
        switch (self.stage, command) {
        case (.unknown, .add(let product)):
            try Self.check(product)
            return [.updated(ProductUpdated(product)), .described(ProductDescribed(product))]
        case (.onSale(let product), .add):
            throw .exists(product.id)
        case (.onSale(let product), .change(let changed)):
            try Self.check(changed)
            return self.events(from: product, to: changed)
        case (.onSale(let product), .remove):
            return [.removed(ProductRemoved(productId: product.id, sku: product.sku))]
        case (.removed(let id), .add), (.removed(let id), .change), (.removed(let id), .remove):
            throw .removed(id)
        case (.unknown, .change(let product)):
            throw .unknownProduct(product.id)
        case (.unknown, .remove):
            return []
        }
    }

    mutating func evolve(_ event: CatalogEvent) {
        switch event {
        case .updated(let fact):
            self.stage = .onSale(
                Product(
                    id: fact.productId, sku: fact.sku, name: fact.name, category: fact.category,
                    description: self.product?.description ?? "", price: fact.price))
        case .described(let fact):
            guard var product = self.product else { return }
            product.description = fact.description
            self.stage = .onSale(product)
        case .removed(let fact):
            self.stage = .removed(fact.productId)
        }
    }

    private func events(from product: Product, to changed: Product) -> [CatalogEvent] {
        var events: [CatalogEvent] = []
        if ProductUpdated(product) != ProductUpdated(changed) { events.append(.updated(ProductUpdated(changed))) }
        if product.description != changed.description { events.append(.described(ProductDescribed(changed))) }
        return events
    }

    private static func check(_ product: Product) throws(CatalogRefusal) {
        guard product.price.isPositive else { throw .priceNotPositive(product.price) }
        guard product.price.minor <= Product.maximumPrice else { throw .priceTooHigh(product.price) }
    }
}

/// The facts of the catalogue.
enum CatalogEvent: EventSum {
    case updated(ProductUpdated)
    case described(ProductDescribed)
    case removed(ProductRemoved)

    var payload: any EventPayload {
        switch self {
        case .updated(let fact): fact
        case .described(let fact): fact
        case .removed(let fact): fact
        }
    }

    static let catalog = EventCatalog<CatalogEvent>([
        .fact(ProductUpdated.self, CatalogEvent.updated),
        .fact(ProductDescribed.self, CatalogEvent.described),
        .fact(ProductRemoved.self, CatalogEvent.removed),
    ])
}

/// A product has a new text that describes it.
struct ProductDescribed: EventPayload {
    static let eventType = "ProductDescribed"
    var productId: ProductID
    var description: String
}

/// A product is no longer sold.
struct ProductRemoved: EventPayload {
    static let eventType = "ProductRemoved"
    var productId: ProductID
    var sku: String
}

extension ProductUpdated {
    init(_ product: Product) {
        self.init(
            productId: product.id, sku: product.sku, name: product.name, category: product.category,
            price: product.price)
    }
}

extension ProductDescribed {
    init(_ product: Product) {
        self.init(productId: product.id, description: product.description)
    }
}
