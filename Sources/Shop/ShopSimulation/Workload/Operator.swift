import Chassis
import Essentials
import HTTPTypes
import ShopContracts

/// Who runs the shop: puts products on sale, fills shelves, moves parcels, takes returns in.
struct Operator: Sendable {
    static let email = "operator@mainstay.example"
    static let password = "an operator's long password"

    var client: Client

    init(_ scene: any Scene, email: String = Self.email, password: String = Self.password) {
        self.client = Client("operator", email: email, password: password, scene: scene)
    }

    /// A product that customers may buy.
    struct Article: Hashable, Sendable {
        var id: UniqueID
        var sku: String
        var minor: Int64
    }

    /// - Parameter stock: how many pieces there are of each product.
    mutating func openShop(stock: [Int]) async throws -> [Article] {
        try await self.client.enter(isKnown: true)
        var articles: [Article] = []
        for (index, pieces) in stock.enumerated() {
            let article = try await self.offer(index + 1)
            try await self.receive(pieces, of: article)
            articles.append(article)
        }
        return articles
    }

    private mutating func offer(_ number: Int) async throws -> Article {
        let sku = "SIM-\(number)"
        let minor = Int64(self.client.chance.below(20_000) + 100)
        let body = Self.product(sku, minor, name: "Thing \(number)")
        let (answer, _) = try await self.client.insist(
            "create product", .post, "/v1/products", json: body, expecting: [201, 409])
        if answer.status == 201, let id = answer.id("productId") { return Article(id: id, sku: sku, minor: minor) }
        // Made by a request whose answer was lost.
        let (page, _) = try await self.client.insist("list products", .get, "/v1/products?limit=100", expecting: [200])
        let found = page.json["items"]?.array?.first { $0["sku"]?.string == sku }
        guard let id = found?["productId"]?.string.flatMap({ UniqueID($0) }) else {
            throw Client.NoAnswer(deed: "the product \(sku) is taken and not listed")
        }
        return Article(id: id, sku: sku, minor: minor)
    }

    private static func product(_ sku: String, _ minor: Int64, name: String) -> JSONValue {
        [
            "sku": .string(sku), "name": .string(name), "category": "things",
            "price": ["amount": .string(minor.decimal), "currency": "EUR"],
        ]
    }

    mutating func receive(_ quantity: Int, of article: Article) async throws {
        let key = self.client.key()
        let promise = Promise(
            kind: .receipt, intent: key.description, amount: Int64(quantity), to: article.id, isAcknowledged: false)
        let (answer, _) = try await self.client.insist(
            "receive stock", about: article.id, .post, "/v1/stock/\(article.id)/receipts",
            json: ["quantity": .integer(quantity)], key: key, expecting: [201])
        self.client.scene.promised(promise.answered(answer.id("receiptId")))
    }

    /// Changes a product's name, not its price: customers know the prices.
    mutating func touch(_ article: Article, name: String) async throws {
        _ = try await self.client.insist(
            "change product", about: article.id, .put, "/v1/products/\(article.id)",
            json: Self.product(article.sku, article.minor, name: name), expecting: [200])
    }

    mutating func report(_ status: String, of parcel: UniqueID) async throws {
        _ = try await self.client.insist(
            "track", about: parcel, .post, "/v1/shipments/\(parcel)/tracking", json: ["status": .string(status)],
            expecting: [200, 409])
    }

    mutating func processReturn(of order: UniqueID) async throws {
        _ = try await self.client.insist(
            "process return", about: order, .post, "/v1/orders/\(order)/process-return", key: self.client.key(),
            expecting: [200, 409])
    }
}

extension Int64 {
    /// Minor units of a currency with two decimals, as its amount.
    var decimal: String {
        let cents = self % 100
        return "\(self / 100)." + (cents < 10 ? "0\(cents)" : "\(cents)")
    }
}
