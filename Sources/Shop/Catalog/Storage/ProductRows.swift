import Essentials
import EventSourcing
import ShopContracts

/// A product as the read model has it.
struct ProductRow: Hashable, Sendable {
    var product: Product
    var createdAt: Timestamp
    var updatedAt: Timestamp
}

/// The statements that read the catalogue.
enum ProductRows {
    private static let columns = """
        products.id AS id, products.sku AS sku, products.name AS name, products.category AS category,
        products.description AS description, price, currency, created_at, updated_at
        """

    static func find(_ id: ProductID, in unit: any RelationalUnit) throws -> ProductRow? {
        try unit.query("SELECT \(self.columns) FROM products WHERE id = ?", [.blob(id.rawValue.bytes)]).first
            .map(Self.row)
    }

    /// Those of these products that are on sale.
    static func find(_ ids: [ProductID], in unit: any RelationalUnit) throws -> [ProductRow] {
        let marks = Array(repeating: "?", count: ids.count).joined(separator: ", ")
        return try unit.query(
            "SELECT \(self.columns) FROM products WHERE id IN (\(marks)) LIMIT \(ids.count)",
            ids.map { .blob($0.rawValue.bytes) }
        ).map(Self.row)
    }

    /// A page in order of ids, which never change: nothing is shown twice or left out while products come and go.
    static func list(
        category: String?, after id: ProductID?, limit: Int, in unit: any RelationalUnit,
    ) throws -> [ProductRow] {
        var conditions: [String] = []
        var values: [SQLValue] = []
        if let category {
            conditions.append("category = ?")
            values.append(.text(category))
        }
        if let id {
            conditions.append("id > ?")
            values.append(.blob(id.rawValue.bytes))
        }
        let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
        return try unit.query(
            "SELECT \(self.columns) FROM products \(filter) ORDER BY id LIMIT ?", values + [.integer(Int64(limit))]
        ).map(Self.row)
    }

    /// A place in the results of a search: best first, equals in order of their ids.
    struct Rank: Hashable, Sendable {
        /// Less is better.
        var score: Double
        var id: ProductID
    }

    /// A page of what the words of `expression` find. A word in the name or the SKU weighs most.
    static func search(
        _ expression: SearchExpression, category: String?, after rank: Rank?, limit: Int,
        in unit: any RelationalUnit,
    ) throws -> [(rank: Rank, row: ProductRow)] {
        var conditions = ["TRUE"]
        var values: [SQLValue] = [.text(expression.text)]
        if let category {
            conditions.append("category = ?")
            values.append(.text(category))
        }
        if let rank {
            conditions.append("(score, id) > (?, ?)")
            values += [.real(rank.score), .blob(rank.id.rawValue.bytes)]
        }
        let rows = try unit.query(
            """
            SELECT * FROM (
                SELECT \(self.columns), bm25(product_words, 8.0, 8.0, 3.0, 1.0) AS score
                FROM product_words JOIN products ON products.number = product_words.rowid
                WHERE product_words MATCH ?
            ) WHERE \(conditions.joined(separator: " AND ")) ORDER BY score, id LIMIT ?
            """, values + [.integer(Int64(limit))])
        return try rows.map { row in
            guard case .real(let score) = row["score"] else {
                throw EventStoreError(.corrupt, "a rank is no number but \(row["score"])")
            }
            let product = try Self.row(row)
            return (Rank(score: score, id: product.product.id), product)
        }
    }

    /// Categories behind `name`, with how many products each has.
    static func categories(
        after name: String?, limit: Int, in unit: any RelationalUnit,
    ) throws -> [(name: String, count: Int64)] {
        try unit.query(
            """
            SELECT category, count(*) AS count FROM products WHERE category > ?
            GROUP BY category ORDER BY category LIMIT ?
            """, [.text(name ?? ""), .integer(Int64(limit))]
        ).map { (try $0.text("category"), try $0.integer("count")) }
    }

    private static func row(_ row: SQLRow) throws -> ProductRow {
        let code = try row.text("currency")
        guard let id = UniqueID(bytes: try row.blob("id")), let currency = Currency(code) else {
            throw EventStoreError(.corrupt, "a product has no id or its currency '\(code)' is unknown")
        }
        return ProductRow(
            product: Product(
                id: ProductID(id), sku: try row.text("sku"), name: try row.text("name"),
                category: try row.text("category"), description: try row.text("description"),
                price: Money(minor: try row.integer("price"), currency)),
            createdAt: Timestamp(microseconds: try row.integer("created_at")),
            updatedAt: Timestamp(microseconds: try row.integer("updated_at")))
    }
}
