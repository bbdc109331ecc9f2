public import Chassis

/// An amount as text that is still to be read.
public protocol WrittenMoney: APIModel {
    /// A decimal number.
    var amount: String { get }
    /// ISO 4217.
    var currency: String { get }
}

extension WrittenMoney {
    /// The exact amount.
    /// - Parameter place: how an error names the member, such as `items/0/unitPrice`.
    /// - Throws: a ``Problem`` for an unknown currency, too many decimals, or an amount that is too large.
    public func money(at place: String) throws -> Money {
        guard let currency = Currency(self.currency) else {
            throw Problem(.validationFailed, "\(place)/currency: '\(self.currency)' is no currency of ISO 4217")
        }
        do throws(MoneyError) {
            return try Money(decimal: self.amount, currency)
        } catch {
            throw Problem(.validationFailed, "\(place)/amount: \(error)")
        }
    }

    /// The exact amount, which must be above zero.
    /// - Throws: as ``money(at:)``, and a ``Problem`` for nothing or less.
    public func positive(at place: String) throws -> Money {
        let money = try self.money(at: place)
        guard money.isPositive else {
            throw Problem(.validationFailed, "\(place)/amount: an amount above zero is expected, not \(self.amount)")
        }
        return money
    }
}
