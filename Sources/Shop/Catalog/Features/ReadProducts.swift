import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts

/// Looking through the catalogue: lists, search, one product, categories.
enum ReadProducts {
    static func routes(_ store: ServiceStore) -> [Route] {
        [self.list(store), self.one(store), self.categories(store)]
    }

    private static func list(_ store: ServiceStore) -> Route {
        Route(
            .get, "/v1/products", "listProducts", tag: "Products", "Lists or searches the products on sale",
            access: .anyone,
            parameters: PageRequest.parameters + [
                .query("category", .string(.category), "Only products of this category."),
                .query(
                    "q", .text(1...200),
                    "Words that must all be found, in any order; the last may be unfinished. Best matches come first."),
            ],
            answers: [.json(.ok, Page<ProductView>.self, "One page of products")]
        ) { request in
            guard let words = request.query["q"] else { return try await self.listed(request, store) }
            return try await self.found(words, request, store)
        }
    }

    private static func listed(_ request: RoutedRequest, _ store: ServiceStore) async throws -> ServiceResponse {
        let page = try PageRequest(request, keyParts: 1)
        let after = try page.after.map { try Self.id($0[0]) }
        let category = request.query["category"]
        let rows = try await store.read { unit in
            try ProductRows.list(category: category, after: after, limit: page.limit + 1, in: unit)
        }
        return try .json(.ok, page.page(of: rows, key: { [$0.product.id.description] }, item: ProductView.init))
    }

    private static func found(
        _ words: String, _ request: RoutedRequest, _ store: ServiceStore,
    ) async throws -> ServiceResponse {
        let page = try PageRequest(request, keyParts: 2)
        let after = try page.after.map { parts in
            guard let score = Double(parts[0]), score.isFinite else { throw Self.badCursor }
            return ProductRows.Rank(score: score, id: try Self.id(parts[1]))
        }
        let category = request.query["category"]
        guard let expression = SearchExpression(words) else {
            return try .json(.ok, Page<ProductView>(items: [], nextCursor: nil))
        }
        let rows = try await store.read { unit in
            try ProductRows.search(expression, category: category, after: after, limit: page.limit + 1, in: unit)
        }
        return try .json(
            .ok,
            page.page(of: rows, key: { ["\($0.rank.score)", $0.rank.id.description] }, item: { ProductView($0.row) }))
    }

    private static func one(_ store: ServiceStore) -> Route {
        Route(
            .get, "/v1/products/{productId}", "getProduct", tag: "Products", "Reads one product", access: .anyone,
            parameters: [.path("productId", .uuid, "The product")],
            answers: [.json(.ok, ProductView.self, "The product")],
            problems: [.notFound]
        ) { request in
            let id = try request.id("productId", as: ProductID.self)
            guard let row = try await store.read({ try ProductRows.find(id, in: $0) }) else {
                throw CatalogRefusal.unknownProduct(id).problem
            }
            return try .json(.ok, ProductView(row))
        }
    }

    private static func categories(_ store: ServiceStore) -> Route {
        Route(
            .get, "/v1/categories", "listCategories", tag: "Products", "Lists the categories that have products",
            access: .anyone, parameters: PageRequest.parameters,
            answers: [.json(.ok, Page<CategoryView>.self, "One page of categories, by name")]
        ) { request in
            let page = try PageRequest(request, keyParts: 1)
            let rows = try await store.read { unit in
                try ProductRows.categories(after: page.after?[0], limit: page.limit + 1, in: unit)
            }
            return try .json(
                .ok,
                page.page(
                    of: rows, key: { [$0.name] }, item: { CategoryView(name: $0.name, productCount: $0.count) }))
        }
    }

    private static func id(_ text: String) throws -> ProductID {
        guard let id = ProductID(text) else { throw self.badCursor }
        return id
    }

    private static let badCursor = Problem(
        .validationFailed, "query/cursor: a cursor that an earlier page of this list gave is expected")
}

/// A category and how many products it has.
struct CategoryView: APIModel {
    var name: String
    var productCount: Int64

    static let schemaName = "Category"
    static let schema = Schema.object([
        .init("name", .string(.category)), .init("productCount", .integer(1...Int64.max)),
    ])
}
