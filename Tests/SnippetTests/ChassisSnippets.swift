import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts

private struct ProductView: APIModel {
    var name: String
    static let schema = Schema.object([.init("name", .text(1...200))])
}

private protocol Products: Sendable {
    func view(_ id: ProductID) async throws -> ProductView
}

private func makeService(
    _ environment: ServiceEnvironment, _ products: any Products, _ health: HealthRegistry,
    _ projector: Projector<any ServiceUnit>,
) -> Service {
    // snippet Docs/Chassis.md
    let service = Service(
        environment,
        routes: [
            Route(
                .get, "/v1/products/{productId}", "getProduct", tag: "Products", "Reads a product", access: .anyone,
                parameters: [.path("productId", "The product")],
                answers: [.json(.ok, ProductView.self, "The product")], problems: [.notFound]
            ) { request in
                let id = try request.id("productId", as: ProductID.self)
                return try .json(.ok, try await products.view(id))
            }
        ],
        health: health, readModels: projector)
    // end
    return service
}
