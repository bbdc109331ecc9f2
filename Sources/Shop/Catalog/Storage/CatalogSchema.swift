import EventSourcing

/// The tables of the catalogue.
enum CatalogSchema {
    static let migrations = [
        Migration(
            "catalog/001-products",
            [
                // Not a read model: which product has a SKU is decided here, in the transaction of the command.
                """
                CREATE TABLE skus (sku TEXT PRIMARY KEY, product BLOB NOT NULL UNIQUE) STRICT, WITHOUT ROWID
                """,
                """
                CREATE TABLE products (
                    number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE,
                    sku TEXT NOT NULL, name TEXT NOT NULL, category TEXT NOT NULL, description TEXT NOT NULL,
                    price INTEGER NOT NULL, currency TEXT NOT NULL,
                    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
                ) STRICT
                """,
                "CREATE INDEX products_by_category ON products (category, id)",
                """
                CREATE VIRTUAL TABLE product_words USING fts5(
                    name, sku, category, description,
                    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')
                """,
            ])
    ]
}
