import Essentials
import ShopContracts

/// What the storefront knows of one browser.
struct Visit: Codable, Hashable, Sendable {
    /// Somebody who has logged in.
    struct Customer: Codable, Hashable, Sendable {
        var id: UserID
        var name: String
        var email: String
        /// Kept in the storefront's own database and never sent to the browser.
        var accessToken: String
        var refreshToken: String
        /// When the access token must be renewed.
        var renewAt: Timestamp
    }

    var customer: Customer?
    var basket = Basket()
}

/// Products and how many of each, in the order in which they were put in.
struct Basket: Codable, Hashable, Sendable {
    /// The most pieces of one product in one order.
    static let largestQuantity = 100
    /// The most lines of one order.
    static let mostLines = 100

    struct Line: Codable, Hashable, Sendable {
        var product: ProductID
        var quantity: Int
    }

    private(set) var lines: [Line] = []

    var pieces: Int { self.lines.reduce(0) { $0 + $1.quantity } }

    /// Puts pieces in. What is beyond the limits of an order stays out.
    mutating func add(_ product: ProductID, _ quantity: Int) {
        if let index = self.lines.firstIndex(where: { $0.product == product }) {
            self.set(product, self.lines[index].quantity + quantity)
        } else if self.lines.count < Self.mostLines, quantity > 0 {
            self.lines.append(Line(product: product, quantity: min(quantity, Self.largestQuantity)))
        }
    }

    /// Sets the quantity of a line; none takes it out.
    mutating func set(_ product: ProductID, _ quantity: Int) {
        guard let index = self.lines.firstIndex(where: { $0.product == product }) else { return }
        if quantity < 1 {
            self.lines.remove(at: index)
        } else {
            self.lines[index].quantity = min(quantity, Self.largestQuantity)
        }
    }
}
