import ShopContracts

/// So many pieces of one product at one price, as a part of an order. It changes only through its order.
struct OrderLine: Codable, Hashable, Sendable {
    /// The most pieces of one line.
    static let quantities = 1...100
    /// The most lines of one order.
    static let maximumCount = 100

    let lineId: OrderLineID
    let productId: ProductID
    /// What the product was called when the line was added.
    let name: String
    let quantity: Int
    let unitPrice: Money

    /// - Throws: ``OrderRejection`` for a quantity out of range, a price below zero, or a total that is too large.
    init(
        lineId: OrderLineID, productId: ProductID, name: String, quantity: Int, unitPrice: Money,
    ) throws(OrderRejection) {
        guard Self.quantities.contains(quantity) else { throw .badQuantity(quantity) }
        guard unitPrice.minor >= 0 else { throw .badAmount("a price cannot be below zero") }
        self.lineId = lineId
        self.productId = productId
        self.name = name
        self.quantity = quantity
        self.unitPrice = unitPrice
        do throws(MoneyError) {
            _ = try unitPrice.multiplied(by: quantity)
        } catch {
            throw OrderRejection(error)
        }
    }

    /// Quantity times price. Stored facts were checked when they were made.
    var lineTotal: Money { Money(minor: self.unitPrice.minor * Int64(self.quantity), self.unitPrice.currency) }

    /// The same line with another quantity.
    func changed(to quantity: Int) throws(OrderRejection) -> OrderLine {
        try OrderLine(
            lineId: self.lineId, productId: self.productId, name: self.name, quantity: quantity,
            unitPrice: self.unitPrice)
    }
}
