import Caching
import Essentials
import Testing

private struct Product: Sendable {}

private struct Offer: Sendable {
    var price: Int
    var end: Timestamp
}

private protocol Database: Sendable {
    func product(_ id: String) async throws -> Product
    func save(_ product: Product) async throws -> Product
}

private protocol Offers: Sendable {
    func current(_ id: String) async throws -> Offer?
}

private func read(_ id: String, from database: any Database) async throws -> Product {
    // snippet Docs/Caching.md
    let products = Cache<String, Product>(.init(maximumCount: 100_000, expiry: .afterWrite(.seconds(300))))
    let product = try await products.value(for: id, .init(tags: ["catalogue"])) { id in try await database.product(id) }
    // when it changes
    products.invalidate(id)
    // when everything changes
    products.invalidate(tag: "catalogue")
    // end
    return product
}

private func price(_ id: String, _ prices: Cache<String, Int>, _ offers: any Offers) async throws -> Int? {
    // snippet Docs/Caching.md
    let price = try await prices.find(id) { id in
        guard let offer = try await offers.current(id) else { return Loaded(nil) }
        return Loaded(offer.price, options: .init(expiry: .at(offer.end), tags: ["offer"]))
    }
    // end
    return price
}

private func share(
    _ id: String, _ changed: Product, _ products: Cache<String, Product>, _ codec: TieredCache<Product>.Codec,
    _ database: any Database
) async throws -> Product {
    let store = InMemoryDistributedStore()
    // snippet Docs/Caching.md
    let tiers = TieredCache(memory: products, distributed: store, codec: codec)
    let product = try await tiers.value(for: id) { id in try await database.product(id) }
    try await tiers.update(id) { try await database.save(changed) }
    // end
    return product
}

@Suite struct CachingSnippets {
    private struct NoOffers: Offers {
        func current(_ id: String) async throws -> Offer? { nil }
    }

    @Test func `the example of the page finds nothing where there is nothing`() async throws {
        #expect(try await price("a", Cache(), NoOffers()) == nil)
    }
}
