import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts

/// What operators do: put products on sale, change them, take them off.
enum EditProducts {
    static func routes(_ environment: ServiceEnvironment, _ book: CatalogBook) -> [Route] {
        [self.create(environment, book), self.replace(environment, book), self.remove(environment, book)]
    }

    private static func create(_ environment: ServiceEnvironment, _ book: CatalogBook) -> Route {
        Route(
            .post, "/v1/products", "createProduct", tag: "Products", "Puts a product on sale", access: .operators,
            body: .model(ProductInput.self), answers: [.json(.created, ProductView.self, "The product")],
            problems: [.skuTaken]
        ) { request in
            let input = try request.decode(ProductInput.self)
            let product = try input.product(id: environment.ids.next())
            let view = try await environment.store.change { unit in
                try book.add(product, metadata: request.metadata, in: unit)
            }
            return try .json(.created, view, headers: [.location: "/v1/products/\(view.productId)"])
        }
    }

    private static func replace(_ environment: ServiceEnvironment, _ book: CatalogBook) -> Route {
        Route(
            .put, "/v1/products/{productId}", "replaceProduct", tag: "Products", "Changes a product",
            access: .operators, parameters: [.path("productId", .uuid, "The product")], body: .model(ProductInput.self),
            answers: [.json(.ok, ProductView.self, "The product as it is now")], problems: [.notFound, .skuTaken]
        ) { request in
            let id = try request.id("productId", as: ProductID.self)
            let product = try request.decode(ProductInput.self).product(id: id)
            return try .json(
                .ok,
                await environment.store.change { unit in
                    try book.change(product, metadata: request.metadata, in: unit)
                })
        }
    }

    private static func remove(_ environment: ServiceEnvironment, _ book: CatalogBook) -> Route {
        Route(
            .delete, "/v1/products/{productId}", "removeProduct", tag: "Products", "Takes a product off sale",
            access: .operators, parameters: [.path("productId", .uuid, "The product")],
            answers: [.empty(.noContent, "The product is no longer sold")], problems: [.notFound]
        ) { request in
            let id = try request.id("productId", as: ProductID.self)
            do {
                try await environment.store.write { try book.remove(id, metadata: request.metadata, in: $0) }
            } catch let refusal as CatalogRefusal {
                throw refusal.problem
            }
            return .empty()
        }
    }
}
