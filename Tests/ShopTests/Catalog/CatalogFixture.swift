import Chassis
import ChassisTesting
import Essentials
import HTTPTypes
import Identity
import ShopContracts

@testable import Catalog

/// A catalogue of its own, and somebody who may change it.
struct CatalogFixture {
    let platform: TestPlatform
    let catalog: CatalogService
    let editor: Principal

    init(seeded: Bool = false, path: String = ":memory:") async throws {
        self.platform = try TestPlatform()
        self.catalog = try CatalogService(
            try self.platform.environment(.catalog, migrations: CatalogService.migrations, path: path))
        try await self.catalog.service.prepare()
        self.platform.host(self.catalog.service)
        self.editor = self.platform.person(.operator)
        if seeded { try await self.catalog.seedDemo() }
    }

    func get(_ path: String) async throws -> TestAnswer { try await self.platform.call(.catalog, .get, path) }

    func create(_ input: JSONValue) async throws -> TestAnswer {
        try await self.platform.call(.catalog, .post, "/v1/products", as: self.editor, json: input)
    }

    /// Puts a product on sale and returns its id.
    func added(_ input: JSONValue) async throws -> String {
        try await self.create(input).json["productId"]?.string ?? ""
    }

    func quote(_ ids: [String], as caller: Principal = .service("orders")) async throws -> TestAnswer {
        try await self.platform.call(
            .catalog, .post, "/internal/quotes", as: caller, json: ["products": .array(ids.map { .string($0) })])
    }

    /// The names in all pages of a list, page by page.
    func names(_ path: String) async throws -> [String] {
        var names: [String] = []
        var cursor: String?
        repeat {
            let page = try await self.get(path + (cursor.map { "&cursor=\($0)" } ?? ""))
            names += page.json["items"]?.array?.compactMap { $0["name"]?.string } ?? ["status \(page.status)"]
            cursor = page.json["nextCursor"]?.string
        } while cursor != nil
        return names
    }

    static func input(
        _ sku: String = "TEA-1", name: String = "Green tea", category: String = "tea", price: JSONValue = "4.50",
        currency: String = "EUR", description: String = "From Uji.",
    ) -> JSONValue {
        [
            "sku": .string(sku), "name": .string(name), "category": .string(category),
            "description": .string(description), "price": ["amount": price, "currency": .string(currency)],
        ]
    }
}
