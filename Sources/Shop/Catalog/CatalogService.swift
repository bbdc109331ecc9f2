public import Chassis
import Essentials
public import EventSourcing
public import FeatureFlags
import ShopContracts

/// The catalogue: products, categories and search; operators change it, other services ask it for prices.
public struct CatalogService: Sendable {
    /// What may be set.
    public struct Configuration: Sendable {
        /// Which features are on. Default: `catalog.live-stock` is.
        public var flags: any FlagProvider = InMemoryFlags([ReadAvailability.flag: .boolean(true)])

        public init() {}
    }

    /// The flag of the feature that asks inventory for the stock of a product.
    public static let liveStock = ReadAvailability.flag

    /// The tables of the service, besides those of the kit.
    public static let migrations = CatalogSchema.migrations

    public let service: Service
    private let environment: ServiceEnvironment
    private let book: CatalogBook

    public init(_ environment: ServiceEnvironment, configuration: Configuration = Configuration()) throws {
        let book = CatalogBook(ids: environment.ids, wallClock: environment.wallClock)
        let health = HealthRegistry(time: environment.time)
        let store = environment.store
        health.addCheck("database", critical: true) { _ = try await store.read { try $0.query("SELECT 1 AS one") } }
        self.service = Service(
            environment,
            routes: ReadProducts.routes(store) + EditProducts.routes(environment, book) + [
                QuoteProducts.route(store), ReadAvailability(environment, flags: configuration.flags).route,
            ],
            health: health, readModels: book.projector)
        self.environment = environment
        self.book = book
    }

    /// The products, for code in the same process.
    /// - Parameter metadata: on whose behalf changes are made.
    public func products(metadata: EventMetadata) -> any ProductRepository {
        StoredProducts(store: self.environment.store, book: self.book, metadata: metadata)
    }

    /// Puts the products of ``DemoCatalog`` on sale that were never on sale here. Safe to repeat.
    /// - Returns: how many were added.
    @discardableResult
    public func seedDemo() async throws -> Int {
        let metadata = EventMetadata(correlationID: self.environment.ids.next(), actor: "service:catalog")
        return try await self.environment.store.write { unit in
            var added = 0
            for product in DemoCatalog.products.map(Product.init) where try !self.book.exists(product.id, in: unit) {
                do {
                    _ = try self.book.add(product, metadata: metadata, in: unit)
                    added += 1
                } catch CatalogRefusal.skuTaken {
                    // An operator sells something else under this SKU, and keeps it.
                    continue
                }
            }
            return added
        }
    }
}
