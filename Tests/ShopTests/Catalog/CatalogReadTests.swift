import Chassis
import ChassisTesting
import Essentials
import HTTPTypes
import Identity
import ShopContracts
import Testing

@testable import Catalog

@Suite struct `Looking through the catalogue` {
    @Test func `pages of any size show every product once, in one order`() async throws {
        let shop = try await CatalogFixture(seeded: true)
        let all = DemoCatalog.products.map(\.name)
        for limit in [1, 5, 23, 24, 25, 100] {
            #expect(try await shop.names("/v1/products?limit=\(limit)") == all, "limit \(limit)")
        }
    }

    @Test func `products that come and go between two pages neither repeat nor hide others`() async throws {
        let shop = try await CatalogFixture(seeded: true)
        let first = try await shop.get("/v1/products?limit=10")
        let cursor = try #require(first.json["nextCursor"]?.string)
        for product in [DemoCatalog.products[0], DemoCatalog.products[9]] {
            let path = "/v1/products/\(product.id)"
            #expect(try await shop.platform.call(.catalog, .delete, path, as: shop.editor).status == 204)
        }
        // Identifiers drawn now sort before those of the demo: this one lands on a page that was seen already.
        _ = try await shop.added(CatalogFixture.input())
        let rest = try await shop.names("/v1/products?limit=100&cursor=\(cursor)")
        #expect(rest == DemoCatalog.products.dropFirst(10).map(\.name))
    }

    @Test(arguments: ["e30", "WyJhIl0", "bm8", "A", "WyJhIiwiYiJd", "-_-_"])
    func `a cursor that no page gave is refused`(cursor: String) async throws {
        let shop = try await CatalogFixture(seeded: true)
        for path in ["/v1/products?cursor=\(cursor)", "/v1/products?q=tea&cursor=\(cursor)"] {
            let answer = try await shop.get(path)
            #expect(answer.status == 400)
            #expect(answer.json["detail"]?.string?.contains("cursor") == true)
        }
    }

    @Test func `categories are listed by name with their number of products`() async throws {
        let shop = try await CatalogFixture(seeded: true)
        let answer = try await shop.get("/v1/categories?limit=3")
        #expect(
            answer.json["items"] == [
                ["name": "audio", "productCount": 4], ["name": "books", "productCount": 5],
                ["name": "desk", "productCount": 5],
            ])
        #expect(try await shop.names("/v1/categories?limit=2") == ["audio", "books", "desk", "kitchen", "outdoors"])
    }

    @Test func `a product that does not exist is a 404, an id that is none a 400, a strange parameter a 400`()
        async throws
    {
        let shop = try await CatalogFixture()
        #expect(try await shop.get("/v1/products/\(shop.platform.ids.next())").code == "not-found")
        #expect(try await shop.get("/v1/products/7").code == "validation-failed")
        #expect(try await shop.get("/v1/products?colour=red").status == 400)
        #expect(try await shop.get("/v1/products?limit=0").status == 400)
        #expect(try await shop.get("/v1/products?limit=101").status == 400)
    }

    @Test func `the catalogue is the same after its read model was built anew`() async throws {
        let shop = try await CatalogFixture(seeded: true)
        _ = try await shop.platform.call(
            .catalog, .delete, "/v1/products/\(DemoCatalog.products[3].id)", as: shop.editor)
        let before = try await shop.get("/v1/products?limit=100").json
        let found = try await shop.get("/v1/products?q=steel").json
        let rebuilt = try await shop.platform.call(
            .catalog, .post, "/internal/read-models/products/rebuild", as: .service("admin"))
        #expect(rebuilt.status == 204)
        #expect(try await shop.get("/v1/products?limit=100").json == before)
        #expect(try await shop.get("/v1/products?q=steel").json == found)
    }
}

@Suite struct `Searching the catalogue` {
    @Test func `every word must be found, and the last may be unfinished`() async throws {
        let shop = try await CatalogFixture(seeded: true)
        #expect(try await shop.names("/v1/products?q=coffee+grinder") == ["Hand coffee grinder"])
        #expect(try await shop.names("/v1/products?q=GRIND") == ["Hand coffee grinder"])
        #expect(try await shop.names("/v1/products?q=hand+coff") == ["Hand coffee grinder"])
        #expect(try await shop.names("/v1/products?q=coff+hand") == [])
        #expect(try await shop.names("/v1/products?q=coffee+tent") == [])
        #expect(try await shop.names("/v1/products?q=dsk-pen") == ["Piston fountain pen"])
    }

    @Test func `a word in the name weighs more than one in the description`() async throws {
        let shop = try await CatalogFixture()
        _ = try await shop.added(CatalogFixture.input("A-1", name: "Cup", description: "For tea, and tea only."))
        _ = try await shop.added(CatalogFixture.input("A-2", name: "Tea", category: "hot", description: "Green."))
        _ = try await shop.added(CatalogFixture.input("A-3", name: "Spoon", category: "cold", description: "Small."))
        #expect(try await shop.names("/v1/products?q=tea&category=hot") == ["Tea"])
        #expect(try await shop.names("/v1/products?q=tea").first == "Tea")
    }

    @Test func `accents do not matter, neither in the product nor in the question`() async throws {
        let shop = try await CatalogFixture()
        _ = try await shop.added(CatalogFixture.input("A-1", name: "Crème brûlée"))
        for words in ["creme", "cr%C3%A8me", "BRULEE", "cre%CC%80me+br"] {
            #expect(try await shop.names("/v1/products?q=\(words)") == ["Crème brûlée"], "\(words)")
        }
    }

    @Test func `results come in pages that show each of them once`() async throws {
        let shop = try await CatalogFixture()
        for number in 10..<40 {
            _ = try await shop.added(
                CatalogFixture.input("A-\(number)", name: "Tea \(number)", description: number % 3 == 0 ? "tea" : ""))
        }
        let whole = try await shop.names("/v1/products?q=tea&limit=100")
        #expect(Set(whole).count == 30)
        for limit in [1, 7, 29] { #expect(try await shop.names("/v1/products?q=tea&limit=\(limit)") == whole) }
    }

    @Test(arguments: [
        "\"", "'", "\"tea", "tea\"", "tea AND", "NOT tea", "OR", "NEAR(tea uji)", "name:tea", "tea*", "* *", "^tea",
        "-",
        "(((", "tea) OR (1=1", "'; DROP TABLE products; --", "{name sku}: tea", "tea + uji", "é", "茶", "🍵", "%", "_",
        "\u{200D}", "\u{0301}", "a\u{0301}\u{0301}", "\"\"\"\"", "tea\\", "＂tea＂", "Ⅷ ½ ²",
    ])
    func `whatever is typed is taken as words, never as a query`(text: String) async throws {
        let shop = try await CatalogFixture()
        _ = try await shop.added(CatalogFixture.input())
        let encoded = PercentEncoding.encode(text)
        let answer = try await shop.get("/v1/products?q=\(encoded)")
        #expect(answer.status == 200, "\(text): \(answer.json)")
        #expect(try await shop.names("/v1/products?q=tea") == ["Green tea"])
    }

    @Test func `operators are words like any other`() throws {
        #expect(SearchExpression("NOT tea OR \"uji\"")?.text == #""NOT" "tea" "OR" "uji" *"#)
        #expect(SearchExpression("name:tea*")?.text == #""name" "tea" *"#)
        #expect(SearchExpression(" -!§ ") == nil)
        let many = String(repeating: "a ", count: 90)
        #expect(SearchExpression(many)?.text.split(separator: " ").count == SearchExpression.maximumWords + 1)
    }
}
