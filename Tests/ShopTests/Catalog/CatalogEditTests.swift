import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import Foundation
import HTTPTypes
import Identity
import ShopContracts
import Testing

@testable import Catalog

@Suite struct `Editing the catalogue` {
    @Test func `a product that an operator creates can be read by everyone`() async throws {
        let shop = try await CatalogFixture()
        let created = try await shop.create(CatalogFixture.input())
        #expect(created.status == 201)
        let id = try #require(created.json["productId"]?.string)
        #expect(created.response.head.headerFields[.location] == "/v1/products/\(id)")

        let read = try await shop.get("/v1/products/\(id)")
        #expect(read.status == 200)
        #expect(read.json == created.json)
        #expect(read.json["price"] == ["amount": "4.50", "currency": "EUR"])
        #expect(ProductView.schema.violations(in: read.json) == [])
    }

    @Test func `a change shows everywhere at once, and the date of creation stays`() async throws {
        let shop = try await CatalogFixture()
        let id = try await shop.added(CatalogFixture.input())
        shop.platform.wallClock.advance(by: .seconds(60))
        let changed = try await shop.platform.call(
            .catalog, .put, "/v1/products/\(id)", as: shop.editor,
            json: CatalogFixture.input("TEA-2", name: "Roasted tea", category: "roast", price: 5, description: "Dark."))
        #expect(changed.status == 200)
        #expect(changed.json["name"] == "Roasted tea")
        #expect(changed.json["price"] == ["amount": "5.00", "currency": "EUR"])
        #expect(changed.json["createdAt"] != changed.json["updatedAt"])
        #expect(try await shop.names("/v1/products?category=roast") == ["Roasted tea"])
        #expect(try await shop.names("/v1/products?category=tea") == [])
        #expect(try await shop.names("/v1/products?q=dark") == ["Roasted tea"])
        #expect(try await shop.names("/v1/products?q=uji") == [])
    }

    @Test func `a removed product is gone for readers, search and quotes, and its SKU is free again`() async throws {
        let shop = try await CatalogFixture()
        let id = try await shop.added(CatalogFixture.input())
        let removed = try await shop.platform.call(.catalog, .delete, "/v1/products/\(id)", as: shop.editor)
        #expect(removed.status == 204)
        #expect(removed.response.body.isEmpty)
        #expect(try await shop.get("/v1/products/\(id)").status == 404)
        #expect(try await shop.names("/v1/products?q=tea") == [])
        #expect(try await shop.quote([id]).code == "unknown-product")
        #expect(try await shop.platform.call(.catalog, .delete, "/v1/products/\(id)", as: shop.editor).status == 404)
        let again = try await shop.platform.call(
            .catalog, .put, "/v1/products/\(id)", as: shop.editor, json: CatalogFixture.input())
        #expect(again.status == 404)
        #expect(try await shop.create(CatalogFixture.input()).status == 201)
    }

    @Test func `two products on sale never share a SKU`() async throws {
        let shop = try await CatalogFixture()
        let first = try await shop.added(CatalogFixture.input("TEA-1"))
        let other = try await shop.added(CatalogFixture.input("TEA-2"))
        #expect(try await shop.create(CatalogFixture.input("TEA-1")).code == "sku-taken")
        let moved = try await shop.platform.call(
            .catalog, .put, "/v1/products/\(other)", as: shop.editor, json: CatalogFixture.input("TEA-1"))
        #expect(moved.status == 409)
        #expect(moved.json["details"]?["sku"] == "TEA-1")
        let same = try await shop.platform.call(
            .catalog, .put, "/v1/products/\(first)", as: shop.editor, json: CatalogFixture.input("TEA-1"))
        #expect(same.status == 200)
    }

    @Test(arguments: [
        (CatalogFixture.input(price: "0.00"), "/price/amount"),
        (CatalogFixture.input(price: "-1"), "/price/amount"),
        (CatalogFixture.input(price: "100000000.01"), "/price/amount"),
        (CatalogFixture.input(price: "4.505"), "/price/amount"),
        (CatalogFixture.input(price: "4.50", currency: "JPY"), "/price/amount"),
        (CatalogFixture.input(currency: "XXY"), "/price/currency"),
        (CatalogFixture.input("tea 1"), "/sku"),
        (CatalogFixture.input(name: ""), "/name"),
        (CatalogFixture.input(category: "Tea & more"), "/category"),
    ])
    func `a wrong member is refused by name`(input: JSONValue, place: String) async throws {
        let shop = try await CatalogFixture()
        let answer = try await shop.create(input)
        #expect(answer.status == 400)
        #expect(answer.code == "validation-failed")
        #expect(answer.json["detail"]?.string?.hasPrefix(place) == true, "\(answer.json)")
    }

    @Test func `only operators and administrators may change the catalogue`() async throws {
        let shop = try await CatalogFixture()
        let id = try await shop.added(CatalogFixture.input())
        let customer = shop.platform.person()
        let paths: [(HTTPRequest.Method, String, JSONValue?)] = [
            (.post, "/v1/products", CatalogFixture.input("TEA-9")),
            (.put, "/v1/products/\(id)", CatalogFixture.input("TEA-9")), (.delete, "/v1/products/\(id)", nil),
        ]
        for (method, path, body) in paths {
            #expect(try await shop.platform.call(.catalog, method, path, as: customer, json: body).status == 403)
            #expect(try await shop.platform.call(.catalog, method, path, json: body).status == 401)
            #expect(
                try await shop.platform.call(.catalog, method, path, as: .service("orders"), json: body).status == 403)
        }
        #expect(try await shop.quote([id], as: customer).status == 403)
        let admin = shop.platform.person(.admin)
        #expect(try await shop.platform.call(.catalog, .delete, "/v1/products/\(id)", as: admin).status == 204)
    }

    @Test func `a quote has one line for each product, in the order asked, and names every unknown one`() async throws {
        let shop = try await CatalogFixture(seeded: true)
        let ids = DemoCatalog.products.prefix(3).map(\.id.description)
        let quote = try await shop.quote([ids[2], ids[0], ids[2]])
        #expect(quote.status == 200)
        let lines = try JSONDecoder().decode(Quote.self, from: Data(quote.response.body)).lines
        #expect(lines.map(\.productId.description) == [ids[2], ids[0]])
        #expect(lines[1].unitPrice == MoneyAmount(DemoCatalog.products[0].price))

        let stranger = shop.platform.ids.next().description
        let refused = try await shop.quote([ids[0], stranger])
        #expect(refused.status == 422)
        #expect(refused.code == "unknown-product")
        #expect(refused.json["details"]?["products"] == [.string(stranger)])
    }
}

@Suite struct `Seeding the catalogue` {
    @Test func `the demo is put on sale once, however often it is seeded`() async throws {
        let shop = try await CatalogFixture()
        #expect(try await shop.catalog.seedDemo() == DemoCatalog.products.count)
        #expect(try await shop.catalog.seedDemo() == 0)
        #expect(try await shop.names("/v1/products?limit=7").count == DemoCatalog.products.count)
    }

    @Test func `what an operator did to the demo is left alone`() async throws {
        let shop = try await CatalogFixture()
        try await shop.catalog.seedDemo()
        let id = DemoCatalog.products[0].id
        #expect(try await shop.platform.call(.catalog, .delete, "/v1/products/\(id)", as: shop.editor).status == 204)
        #expect(try await shop.catalog.seedDemo() == 0)
        #expect(try await shop.get("/v1/products/\(id)").status == 404)
    }

    @Test func `the demo has five categories, unique SKUs, positive prices, and one product without stock`() {
        let products = DemoCatalog.products
        #expect(products.count == 24)
        #expect(Set(products.map(\.category)).count == 5)
        #expect(Set(products.map(\.sku)).count == products.count)
        #expect(Set(products.map(\.id)).count == products.count)
        #expect(products.allSatisfy { $0.price.isPositive && $0.price.currency == .eur })
        #expect(products.filter { $0.stock == 0 }.map(\.sku) == [DemoCatalog.soldOutSKU])
        #expect(products[0].id.description == "ca7a1060-0000-8000-8000-000000000001")
        let bad = products.filter {
            TextFormat.sku.violation(of: $0.sku) != nil || TextFormat.category.violation(of: $0.category) != nil
        }
        #expect(bad == [])
    }
}
