public import ShopContracts
import Synchronization

/// Products in memory: for programs that keep none, and to see that the rules do not depend on the database.
public final class InMemoryProducts: ProductRepository {
    private let entries = Mutex<[ProductID: CatalogEntry]>([:])

    public init() {}

    public func find(_ id: ProductID) -> Product? { self.entries.withLock { $0[id]?.product } }

    public func find(category: String) -> [Product] {
        self.entries.withLock { $0.values.compactMap(\.product) }.filter { $0.category == category }
            .sorted { $0.id < $1.id }
    }

    public func save(_ product: Product) throws -> Product {
        try self.entries.withLock { entries in
            let isTaken = entries.values.contains { $0.product?.sku == product.sku && $0.product?.id != product.id }
            guard !isTaken else { throw CatalogRefusal.skuTaken(product.sku) }
            var entry = entries[product.id] ?? CatalogEntry()
            for event in try entry.decide(entry.stage == .unknown ? .add(product) : .change(product)) {
                entry.evolve(event)
            }
            entries[product.id] = entry
            return product
        }
    }

    public func delete(_ id: ProductID) throws {
        try self.entries.withLock { entries in
            guard var entry = entries[id], entry.product != nil else { return }
            for event in try entry.decide(.remove) { entry.evolve(event) }
            entries[id] = entry
        }
    }
}
