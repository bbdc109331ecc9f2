import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// Products in the service's database.
struct StoredProducts: ProductRepository {
    let store: ServiceStore
    let book: CatalogBook
    /// For whom the changes are made.
    let metadata: EventMetadata

    func find(_ id: ProductID) async throws -> Product? {
        try await self.store.read { try ProductRows.find(id, in: $0)?.product }
    }

    func find(category: String) async throws -> [Product] {
        // 1,000 products at a time: a page is bounded, the answer is not, because its caller asked for all.
        var products: [Product] = []
        while true {
            let last = products.last?.id
            let page = try await self.store.read { unit in
                try ProductRows.list(category: category, after: last, limit: 1_000, in: unit).map(\.product)
            }
            products += page
            if page.count < 1_000 { return products }
        }
    }

    func save(_ product: Product) async throws -> Product {
        try await self.store.write { unit in
            let row =
                try self.book.exists(product.id, in: unit)
                ? try self.book.change(product, metadata: self.metadata, in: unit)
                : try self.book.add(product, metadata: self.metadata, in: unit)
            return row.product
        }
    }

    func delete(_ id: ProductID) async throws {
        try await self.store.write { unit in
            guard try ProductRows.find(id, in: unit) != nil else { return }
            try self.book.remove(id, metadata: self.metadata, in: unit)
        }
    }
}
