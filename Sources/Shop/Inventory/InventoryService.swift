public import Chassis
public import Essentials
public import EventSourcing
import Logging
public import ShopContracts

/// What is on the shelf, what is held for orders, what is sold. Never more than there is.
public struct InventoryService: Sendable {
    public struct Configuration: Hashable, Sendable {
        /// How often to look for holds whose time has run out. Default: 1 second.
        public var expiryInterval: Duration = .seconds(1)

        public init() {}
    }

    public static let migrations: [Migration] = [IdempotencyStore.migration]

    public let service: Service
    private let inventory: Inventory

    public init(_ environment: ServiceEnvironment, configuration: Configuration = Configuration()) throws {
        let inventory = Inventory(environment)
        self.inventory = inventory
        let health = HealthRegistry(time: environment.time)
        health.addCheck("database", critical: true) {
            _ = try await environment.store.read { try $0.query("SELECT 1") }
        }
        let expiry = BackgroundWork("hold expiry") {
            while !Task.isCancelled {
                do {
                    _ = try await inventory.expire()
                } catch let error as EventStoreError {
                    environment.logger.warning("holds could not be expired", metadata: ["error": "\(error)"])
                }
                try await environment.time.sleep(for: configuration.expiryInterval)
            }
        }
        self.service = Service(
            environment,
            routes: HoldRoutes.routes(inventory) + StockRoutes.routes(inventory)
                + [.trialBalance(of: environment.store)],
            health: health, background: [expiry])
    }

    /// Puts first stock on the shelves. A product that has been seeded before is left alone, so this may be repeated.
    /// - Parameter stock: products and pieces, 0 or more; with 0 the product is known and sold out.
    public func seed(_ stock: [(ProductID, Int)]) async throws {
        let inventory = self.inventory
        let now = inventory.environment.wallClock.now
        let correlation = inventory.environment.ids.next()
        try await inventory.environment.store.write { unit in
            let book = StockBook(in: unit, at: now)
            for (product, quantity) in stock where try book.available(product) == nil {
                try book.open(product)
                guard quantity > 0 else { continue }
                try inventory.receive(
                    quantity, of: product, receipt: product.rawValue.derived("stock/seed"),
                    metadata: EventMetadata(correlationID: correlation, actor: "seed"), in: unit)
            }
        }
    }

    /// Gives back at once what is held too long; the service does so by itself while it runs.
    /// - Returns: how many orders lost their stock.
    @discardableResult
    public func expireHolds() async throws -> Int { try await self.inventory.expire() }
}
