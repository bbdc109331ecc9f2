import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// Changes the catalogue inside a transaction: events, SKUs and read model together.
struct CatalogBook: Sendable {
    let projector: Projector<any ServiceUnit>
    private let entries: Repository<CatalogEntry>

    init(ids: IDSource, wallClock: WallClock) {
        self.projector = Projector([ProductProjection()]) { $0 }
        self.entries = Repository(ids: ids, wallClock: wallClock)
    }

    /// Puts a new product on sale.
    /// - Throws: ``CatalogRefusal``.
    func add(_ product: Product, metadata: EventMetadata, in unit: any ServiceUnit) throws -> ProductRow {
        try self.execute(.add(product), on: product.id, metadata: metadata, in: unit)
        return try self.row(product.id, in: unit)
    }

    /// Gives a product on sale new properties.
    /// - Throws: ``CatalogRefusal``.
    func change(_ product: Product, metadata: EventMetadata, in unit: any ServiceUnit) throws -> ProductRow {
        try self.execute(.change(product), on: product.id, metadata: metadata, in: unit)
        return try self.row(product.id, in: unit)
    }

    /// Takes a product off sale.
    /// - Throws: ``CatalogRefusal``.
    func remove(_ id: ProductID, metadata: EventMetadata, in unit: any ServiceUnit) throws {
        guard try self.exists(id, in: unit) else { throw CatalogRefusal.unknownProduct(id) }
        try self.execute(.remove, on: id, metadata: metadata, in: unit)
    }

    /// Whether the product was ever on sale.
    func exists(_ id: ProductID, in unit: any ServiceUnit) throws -> Bool {
        try unit.version(of: StreamID(category: CatalogEntry.category, aggregateID: id.rawValue)) > .zero
    }

    private func execute(
        _ command: CatalogEntry.Command, on id: ProductID, metadata: EventMetadata, in unit: any ServiceUnit,
    ) throws {
        switch command {
        case .add(let product), .change(let product): try Self.requireFree(product.sku, for: id, in: unit)
        case .remove: break
        }
        let outcome = try self.entries.execute(command, on: id.rawValue, metadata: metadata, in: unit)
        try unit.execute("DELETE FROM skus WHERE product = ?", [.blob(id.rawValue.bytes)])
        if let product = outcome.root.product {
            try unit.execute("INSERT INTO skus VALUES (?, ?)", [.text(product.sku), .blob(id.rawValue.bytes)])
        }
        try self.projector.advance(in: unit)
    }

    private static func requireFree(_ sku: String, for id: ProductID, in unit: any ServiceUnit) throws {
        let owner = try unit.query("SELECT product FROM skus WHERE sku = ?", [.text(sku)]).first?.blob("product")
        guard owner == nil || owner == id.rawValue.bytes else { throw CatalogRefusal.skuTaken(sku) }
    }

    private func row(_ id: ProductID, in unit: any ServiceUnit) throws -> ProductRow {
        guard let row = try ProductRows.find(id, in: unit) else {
            throw EventStoreError(.corrupt, "the product \(id) is on sale but not in the read model")
        }
        return row
    }
}
