import Chassis
import Essentials
import HTTPTypes
import ShopContracts

/// The catalogue.
struct Browse: Sendable {
    let pages: ShopPages

    var routes: [Route] { [self.list, self.product] + Asset.all.map(\.route) }

    private var list: Route {
        self.pages.page(
            .get, "/", "showCatalogue",
            parameters: [
                .query("q", .text(0...200), "Words to look for."), .query("category", .text(0...40), "A category."),
                .query("cursor", .text(0...1_000), "Where the page before ended."),
            ]
        ) { call in
            let given = { (name: String) in call.request.query[name].flatMap { $0.isEmpty ? nil : $0 } }
            let query = CataloguePages.Query(category: given("category"), words: given("q"), cursor: given("cursor"))
            let metadata = call.request.metadata
            async let categories = self.pages.api.categories(metadata)
            let products = try await self.pages.api.products(
                category: query.category, words: query.words, cursor: query.cursor, metadata)
            return .page(
                CataloguePages.list(products, categories: try await categories, query: query, for: call.visitor))
        }
    }

    private var product: Route {
        self.pages.page(.get, "/products/{productId}", "showProduct", parameters: [.path("productId", "The product.")])
        {
            call in
            let id = try call.request.id("productId", as: ProductID.self)
            let metadata = call.request.metadata
            async let available = self.pages.api.availability(of: id, metadata)
            let product = try await self.pages.api.product(id, metadata)
            return .page(CataloguePages.product(product, available: await available, for: call.visitor))
        }
    }
}
