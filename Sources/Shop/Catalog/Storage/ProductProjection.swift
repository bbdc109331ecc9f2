import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// Keeps the tables `products` and `product_words`: what is on sale, and the words that find it.
struct ProductProjection: Projection {
    let name = "products"

    func reset(in unit: any ServiceUnit) throws {
        try unit.execute("DELETE FROM products")
        try unit.execute("DELETE FROM product_words")
    }

    func apply(_ event: RecordedEvent, in unit: any ServiceUnit) throws {
        guard event.stream.category == CatalogEntry.category else { return }
        let id = SQLValue.blob(event.aggregateID.bytes)
        let moment = SQLValue.integer(event.timestamp.microseconds)
        switch try CatalogEvent.catalog.decode(event.event) {
        case .updated(let fact):
            try unit.execute(
                """
                INSERT INTO products (id, sku, name, category, description, price, currency, created_at, updated_at)
                VALUES (?, ?, ?, ?, '', ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET sku = excluded.sku, name = excluded.name,
                    category = excluded.category, price = excluded.price, currency = excluded.currency,
                    updated_at = excluded.updated_at
                """,
                [
                    id, .text(fact.sku), .text(fact.name), .text(fact.category), .integer(fact.price.minor),
                    .text(fact.price.currency.code), moment, moment,
                ])
            try Self.index(id, in: unit)
        case .described(let fact):
            try unit.execute(
                "UPDATE products SET description = ?, updated_at = ? WHERE id = ?",
                [.text(fact.description), moment, id])
            try Self.index(id, in: unit)
        case .removed:
            try unit.execute(
                "DELETE FROM product_words WHERE rowid IN (SELECT number FROM products WHERE id = ?)", [id])
            try unit.execute("DELETE FROM products WHERE id = ?", [id])
        }
    }

    private static func index(_ id: SQLValue, in unit: any ServiceUnit) throws {
        try unit.execute(
            """
            INSERT OR REPLACE INTO product_words (rowid, name, sku, category, description)
            SELECT number, name, sku, category, description FROM products WHERE id = ?
            """, [id])
    }
}
