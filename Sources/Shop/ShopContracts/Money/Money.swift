/// An exact amount of one currency: a count of its indivisible units.
///
/// In events and columns it is `{"minor":1250,"currency":"EUR"}`; clients see ``MoneyAmount``.
public struct Money: Hashable, Sendable, Codable {
    /// Cents of a euro, yen, fils of a Bahraini dinar.
    public let minor: Int64
    public let currency: Currency

    public init(minor: Int64, _ currency: Currency) {
        self.minor = minor
        self.currency = currency
    }

    public static func zero(_ currency: Currency) -> Money { Money(minor: 0, currency) }

    /// - Throws: ``MoneyError/mixedCurrencies(_:_:)`` or ``MoneyError/tooLarge(_:)``.
    public func adding(_ other: Money) throws(MoneyError) -> Money {
        guard other.currency == self.currency else { throw .mixedCurrencies(self.currency, other.currency) }
        let (sum, overflow) = self.minor.addingReportingOverflow(other.minor)
        guard !overflow else { throw .tooLarge(self.currency) }
        return Money(minor: sum, self.currency)
    }

    /// - Throws: ``MoneyError/tooLarge(_:)``.
    public func multiplied(by count: Int) throws(MoneyError) -> Money {
        let (product, overflow) = self.minor.multipliedReportingOverflow(by: Int64(count))
        guard !overflow else { throw .tooLarge(self.currency) }
        return Money(minor: product, self.currency)
    }

    public var isPositive: Bool { self.minor > 0 }
}

/// Why there is no such amount.
public enum MoneyError: Error, Hashable, Sendable {
    /// Amounts of two currencies have no sum.
    case mixedCurrencies(Currency, Currency)
    /// The text is no decimal number without exponent, or has more decimals than the currency.
    case malformed(Currency)
    /// The amount is larger than ``Money`` holds.
    case tooLarge(Currency)
}

extension MoneyError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .mixedCurrencies(let left, let right): "amounts in \(left) and \(right) cannot be added"
        case .malformed(let currency):
            "a decimal number with at most \(currency.exponent) decimals is expected for \(currency)"
        case .tooLarge(let currency):
            "the amount is too large: at most \(Money(minor: .max, currency).decimal) \(currency) can be represented"
        }
    }
}

extension Money: CustomStringConvertible {
    public var description: String { "\(self.decimal) \(self.currency)" }

    /// The amount in whole units with all decimals of the currency: `12.50`, `-3`, `0.005`.
    public var decimal: String {
        let exponent = self.currency.exponent
        let digits = String(self.minor.magnitude)
        let sign = self.minor < 0 ? "-" : ""
        guard exponent > 0 else { return sign + digits }
        let padded = String(repeating: "0", count: max(0, exponent + 1 - digits.count)) + digits
        return "\(sign)\(padded.dropLast(exponent)).\(padded.suffix(exponent))"
    }

    /// Reads a decimal number without exponent, with at most as many decimals as the currency has.
    /// - Throws: ``MoneyError``.
    public init(decimal text: String, _ currency: Currency) throws(MoneyError) {
        var rest = text[...]
        let isNegative = rest.first == "-"
        if isNegative { rest = rest.dropFirst() }
        let parts = rest.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }) else {
            throw .malformed(currency)
        }
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        guard fraction.count <= currency.exponent else { throw .malformed(currency) }
        let digits = String(parts[0]) + fraction + String(repeating: "0", count: currency.exponent - fraction.count)
        guard let minor = Int64(isNegative ? "-\(digits)" : digits) else { throw .tooLarge(currency) }
        self.init(minor: minor, currency)
    }
}
