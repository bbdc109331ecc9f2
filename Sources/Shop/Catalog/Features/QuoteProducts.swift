import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts

/// Tells another service what products are called and cost now.
enum QuoteProducts {
    static func route(_ store: ServiceStore) -> Route {
        Route(
            .post, "/internal/quotes", "quoteProducts", tag: "Internal", "Prices of some products", access: .services,
            body: .model(QuoteRequest.self),
            answers: [.json(.ok, Quote.self, "A line for each product, in the order asked")],
            problems: [.unknownProduct]
        ) { request in
            var seen: Set<ProductID> = []
            let ids = try request.decode(QuoteRequest.self).products.filter { seen.insert($0).inserted }
            let found = try await store.read { try ProductRows.find(ids, in: $0) }
            let byID = Dictionary(uniqueKeysWithValues: found.map { ($0.product.id, $0.product) })
            let unknown = ids.filter { byID[$0] == nil }
            guard unknown.isEmpty else {
                let names = unknown.map(\.description)
                throw Problem(
                    .unknownProduct,
                    "these products do not exist or are no longer sold: \(names.joined(separator: ", "))",
                    details: ["products": .array(names.map { .string($0) })])
            }
            return try .json(.ok, Quote(lines: ids.compactMap { byID[$0].map(Quote.Line.init) }))
        }
    }
}

extension Quote.Line {
    init(_ product: Product) {
        self.init(
            productId: product.id, sku: product.sku, name: product.name, unitPrice: MoneyAmount(product.price))
    }
}
