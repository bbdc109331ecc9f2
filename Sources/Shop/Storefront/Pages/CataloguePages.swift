import Chassis
import Essentials
import FoundationEssentials

/// Looking around: the list and one product.
enum CataloguePages {
    /// What a list was asked for.
    struct Query {
        var category: String?
        var words: String?
        var cursor: String?

        /// The same list further on.
        func path(behind cursor: String) -> String {
            let parameters = [("category", self.category), ("q", self.words), ("cursor", cursor)]
                .compactMap { name, value in value.map { "\(name)=\(PercentEncoding.encode($0))" } }
            return "/?\(parameters.joined(separator: "&"))"
        }
    }

    static func list(
        _ products: Listing<Product>, categories: [Category], query: Query, for visitor: Visitor,
    ) -> HTML {
        let title = query.words.map { "Results for “\($0)”" } ?? query.category?.capitalized ?? "Everything"
        let more: HTML? = products.nextCursor.map {
            "<p><a class=\"more\" href=\"\(query.path(behind: $0))\">More</a></p>"
        }
        let empty: HTML? = products.items.isEmpty ? "<p>Nothing found. <a href=\"/\">See everything</a></p>" : nil
        return Layout.page(
            title, for: visitor, search: query.words ?? "",
            """
            <nav class="categories" aria-label="Categories"><a href="/">Everything</a>
            \(categories.map { Self.link(to: $0, isCurrent: $0.name == query.category) })</nav>
            <h1>\(title)</h1>\(empty)
            <ul class="products">\(products.items.map(Self.card))</ul>\(more)
            """)
    }

    private static func link(to category: Category, isCurrent: Bool) -> HTML {
        let current: HTML? = isCurrent ? " aria-current=\"page\"" : nil
        return """
            <a href="/?category=\(category.name)"\(current)>\(category.name.capitalized) \
            <span class="count">\(category.productCount)</span></a>
            """
    }

    private static func card(_ product: Product) -> HTML {
        """
        <li><a href="/products/\(product.productId.description)">\(Picture.of(product))<span class="name">\(product.name)\
        </span><span class="price">\(product.price.text)</span></a></li>
        """
    }

    /// - Parameter available: pieces on the shelf; nil when nobody knows.
    static func product(_ product: Product, available: Int?, for visitor: Visitor) -> HTML {
        Layout.page(
            product.name, for: visitor,
            """
            <article class="product">\(Picture.of(product))
            <div><h1>\(product.name)</h1><p>\(product.description)</p>
            <p class="price">\(product.price.text)</p>\(Self.stock(available))
            \(available == 0 ? nil : Self.adding(product, for: visitor))
            <p class="quiet">\(product.sku) · <a href="/?category=\(product.category)">\(product.category)</a></p></div></article>
            """)
    }

    private static func stock(_ available: Int?) -> HTML {
        switch available {
        case nil: "<p class=\"quiet\">Availability unknown</p>"
        case 0: "<p class=\"alert\">Sold out</p>"
        case .some(let pieces): "<p class=\"good\">\(pieces) in stock</p>"
        }
    }

    private static func adding(_ product: Product, for visitor: Visitor) -> HTML {
        Layout.form(
            "/basket", for: visitor, class: "adding",
            """
            <input type="hidden" name="product" value="\(product.productId.description)">
            <label>Quantity<input type="number" name="quantity" value="1" min="1" max="100" required></label>
            <button class="primary">Put into the basket</button>
            """)
    }
}
