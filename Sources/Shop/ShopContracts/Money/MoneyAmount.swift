public import Chassis
import Essentials
import Foundation

/// Money as clients write and read it: `{"amount": "12.50", "currency": "EUR"}`. A JSON number is read too.
public struct MoneyAmount: APIModel, Hashable {
    /// A decimal number, as text.
    public var amount: String
    /// ISO 4217.
    public var currency: String

    public init(_ money: Money) {
        self.amount = money.decimal
        self.currency = money.currency.code
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.currency = try container.decode(String.self, forKey: .currency)
        if let text = try? container.decode(String.self, forKey: .amount) {
            self.amount = text
        } else {
            self.amount = "\(try container.decode(Decimal.self, forKey: .amount))"
        }
    }

    /// The exact amount.
    /// - Parameter place: how an error names the member, such as `items/0/unitPrice`.
    /// - Throws: a ``Problem`` for an unknown currency, too many decimals, or an amount that is too large.
    public func money(at place: String) throws -> Money {
        guard let currency = Currency(self.currency) else {
            throw Problem(.validationFailed, "\(place)/currency: '\(self.currency)' is no currency of ISO 4217")
        }
        guard let money = Money(decimal: self.amount, currency) else {
            throw Problem(
                .validationFailed,
                "\(place)/amount: a decimal number with at most \(currency.exponent) decimals is expected for \(currency)"
            )
        }
        return money
    }

    public static let schemaName = "Money"
    public static let schema = Schema.object([
        .init("amount", .either(.string(.decimal), Schema(.number))),
        .init("currency", .string(.currency)),
    ]).example(["amount": "12.50", "currency": "EUR"])
}

extension TextFormat {
    /// A decimal number of at most 15 digits before and 4 behind the point.
    public static let decimal = TextFormat(
        accepted: "a decimal number such as \"12.50\"", pattern: #"^-?[0-9]{1,15}(\.[0-9]{1,4})?$"#,
        matches: { text in
            let parts = (text.hasPrefix("-") ? text.dropFirst() : text[...])
                .split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            let areDigits = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }
            return areDigits && parts[0].utf8.count <= 15 && (parts.count == 1 || parts[1].utf8.count <= 4)
        })

    /// A currency in circulation.
    public static let currency: TextFormat = {
        var format = TextFormat.oneOf(Currency.codes)
        format.accepted = "a currency of ISO 4217 such as \"EUR\""
        return format
    }()
}
