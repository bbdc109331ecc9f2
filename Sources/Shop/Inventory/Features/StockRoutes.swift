import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import Ledger
import ShopContracts

/// What can be sold of a product.
struct StockLevel: APIModel, Hashable {
    var productId: ProductID
    var available: Int64

    static let schema = Schema.object([
        .init("productId", .uuid), .init("available", .integer(0...Int64.max)),
    ])
}

/// So many pieces have come.
struct ReceiveStock: APIModel {
    var quantity: Int

    static let schema = Schema.object([.init("quantity", .integer(1...1_000_000))])
}

/// A delivery that has been put on the shelf.
struct StockReceipt: APIModel, Hashable {
    var receiptId: UniqueID
    var productId: ProductID
    var quantity: Int64
    var receivedAt: Timestamp

    static let schema = Schema.object([
        .init("receiptId", .uuid), .init("productId", .uuid), .init("quantity", .integer(1...1_000_000)),
        .init("receivedAt", .timestamp),
    ])
}

/// What customers and operators see of the stock.
enum StockRoutes {
    private static let product = Parameter.path("productId", .uuid, "The product.")

    static func routes(_ inventory: Inventory) -> [Route] { [Self.read(inventory), Self.receive(inventory)] }

    private static func read(_ inventory: Inventory) -> Route {
        Route(
            .get, "/v1/stock/{productId}", "readStock", tag: "Stock",
            "Tells how many pieces of a product can be bought",
            access: .anyone, parameters: [Self.product],
            answers: [.json(.ok, StockLevel.self, "The stock of the product")],
            problems: [.notFound]
        ) { request in
            let product = try request.id("productId", as: ProductID.self)
            let now = inventory.environment.wallClock.now
            let available = try await inventory.environment.store.read {
                try StockBook(in: $0, at: now).available(product)
            }
            guard let available else { throw Problem(.notFound, "no stock of product \(product) has ever come") }
            return try .json(.ok, StockLevel(productId: product, available: available))
        }
    }

    private static func receive(_ inventory: Inventory) -> Route {
        Route(
            .post, "/v1/stock/{productId}/receipts", "receiveStock", tag: "Stock", "Puts new pieces on the shelf",
            access: .operators, parameters: [Self.product, .idempotencyKey], body: .model(ReceiveStock.self),
            answers: [.json(.created, StockReceipt.self, "The pieces are on the shelf")],
            problems: [.idempotencyKeyReused]
        ) { request in
            let product = try request.id("productId", as: ProductID.self)
            let quantity = try request.decode(ReceiveStock.self).quantity
            let scope = "receipts/\(try request.caller().subject)"
            let (receipt, isReplay) = try await Self.receive(
                quantity, of: product, key: try request.key(), scope: scope, metadata: request.metadata, inventory)
            return try .json(.created, receipt, headers: isReplay ? [.idempotencyReplayed: "true"] : [:])
        }
    }

    private static func receive(
        _ quantity: Int, of product: ProductID, key: UniqueID, scope: String, metadata: EventMetadata,
        _ inventory: Inventory,
    ) async throws -> (StockReceipt, isReplay: Bool) {
        let environment = inventory.environment
        let fingerprint = "\(product)/\(quantity)"
        return try await environment.store.write { unit in
            let found = try IdempotencyStore.find(key, scope: scope, fingerprint: fingerprint, in: unit)
            switch found {
            case .mismatch: throw Problem(.idempotencyKeyReused, "the key was used for another receipt")
            case .repeated(let id): return (try Self.receipt(id, product, in: unit), true)
            case .new: break
            }
            let id = environment.ids.next()
            try inventory.receive(quantity, of: product, receipt: id, metadata: metadata, in: unit)
            try IdempotencyStore.record(
                key, scope: scope, fingerprint: fingerprint, resource: id, at: environment.wallClock.now, in: unit)
            return (try Self.receipt(id, product, in: unit), false)
        }
    }

    private static func receipt(
        _ id: UniqueID, _ product: ProductID, in unit: any ServiceUnit,
    ) throws -> StockReceipt {
        guard case .entry(let entry)? = try unit.ledgerRecord(id), let movement = entry.movement else {
            throw EventStoreError(.corrupt, "receipt \(id) is not in the ledger")
        }
        return StockReceipt(receiptId: id, productId: product, quantity: movement.amount, receivedAt: entry.timestamp)
    }
}
