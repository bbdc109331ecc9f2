import Chassis
import Essentials
import ShopContracts

/// From the basket to the order.
enum BasketPages {
    /// A line of the basket with what is known of its product now.
    struct Line {
        var product: Product
        var quantity: Int
        /// Nil when the product of price and quantity cannot be told.
        var total: Money?
    }

    static func basket(_ lines: [Line], for visitor: Visitor) -> HTML {
        guard !lines.isEmpty else {
            return Layout.page(
                "Basket", for: visitor, "<h1>Basket</h1><p>It is empty. <a href=\"/\">Look around</a></p>")
        }
        return Layout.page(
            "Basket", for: visitor,
            """
            <h1>Basket</h1>
            <table><thead><tr><th scope="col">Product</th><th scope="col">Quantity</th><th scope="col">Price</th></tr></thead>
            <tbody>\(lines.map { Self.row($0, for: visitor) })</tbody>
            <tfoot><tr><th scope="row" colspan="2">Total</th><td>\(Self.total(of: lines))</td></tr></tfoot></table>
            <p><a class="primary" href="/checkout">Check out</a></p>
            """)
    }

    private static func row(_ line: Line, for visitor: Visitor) -> HTML {
        let change = Layout.form(
            "/basket/\(line.product.productId)", for: visitor, class: "inline",
            """
            <input type="number" name="quantity" value="\(line.quantity)" min="0" max="100" \
            aria-label="Quantity of \(line.product.name)"><button>Change</button>
            """)
        return """
            <tr><td><a href="/products/\(line.product.productId.description)">\(line.product.name)</a></td>
            <td>\(change)</td><td>\(line.total.map { MoneyAmount($0).text } ?? "unknown")</td></tr>
            """
    }

    /// The sum, or one per currency; what cannot be summed up stays out.
    static func total(of lines: [Line]) -> String {
        var sums: [Money] = []
        for total in lines.compactMap(\.total) {
            if let index = sums.firstIndex(where: { $0.currency == total.currency }) {
                if let sum = try? sums[index].adding(total) { sums[index] = sum }
            } else {
                sums.append(total)
            }
        }
        return sums.map { MoneyAmount($0).text }.joined(separator: " + ")
    }

    /// - Parameters:
    ///   - key: names this try to order, so that sending the form twice makes one order.
    ///   - refusal: why the last try did not make an order.
    static func checkout(
        _ lines: [Line], key: UniqueID, address: ShippingAddress?, refusal: String? = nil, for visitor: Visitor,
    ) -> HTML {
        let form = Layout.form(
            "/checkout", for: visitor,
            """
            <input type="hidden" name="key" value="\(key.description)">
            <fieldset><legend>Where it goes</legend>\(Self.fields(of: address, for: visitor))</fieldset>
            <fieldset><legend>How it is paid</legend>\(Self.methods)</fieldset>
            <button class="primary">Order and pay</button>
            """)
        return Layout.page(
            "Check out", for: visitor,
            """
            <h1>Check out</h1>\(Layout.alert(refusal))
            <p>\(lines.reduce(0) { $0 + $1.quantity }) pieces, \(Self.total(of: lines)).
            <a href="/basket">Change the basket</a></p>
            \(form)
            """)
    }

    private static func fields(of address: ShippingAddress?, for visitor: Visitor) -> [HTML] {
        [
            Layout.field(
                "name", "Name", value: address?.name ?? visitor.customer?.name ?? "", autocomplete: "shipping name"),
            Layout.field("street", "Street", value: address?.street ?? "", autocomplete: "shipping street-address"),
            Layout.field(
                "postalCode", "Postal code", value: address?.postalCode ?? "", autocomplete: "shipping postal-code",
                longest: 20),
            Layout.field(
                "city", "City", value: address?.city ?? "", autocomplete: "shipping address-level2", longest: 100),
            Layout.field(
                "country", "Country, two letters", value: address?.country ?? "", autocomplete: "shipping country",
                longest: 2),
        ]
    }

    private static let methods: [HTML] = [
        (.ok, "Card"), (.declined, "A card that is declined"), (.slow, "A bank that takes its time"),
        (.lost, "A bank whose answer is lost"), (.unknown, "A bank that has to be asked again"),
    ].map { (method: PaymentMethod, label: String) -> HTML in
        let checked: HTML? = method == .ok ? " checked" : nil
        return """
            <label class="choice"><input type="radio" name="method" value="\(method.rawValue)"\(checked)> \(label)</label>
            """
    }
}
