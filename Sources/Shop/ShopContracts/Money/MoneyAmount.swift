public import Chassis
import Essentials

/// Money as clients read it, and as services tell each other: `{"amount": "12.50", "currency": "EUR"}`.
public struct MoneyAmount: WrittenMoney, Hashable {
    /// A decimal number, as text, with all decimals of the currency.
    public var amount: String
    /// ISO 4217.
    public var currency: String

    public init(_ money: Money) {
        self.amount = money.decimal
        self.currency = money.currency.code
    }

    public static let schemaName = "Money"
    /// Holds whatever ``Money`` can, sums and balances as well.
    public static let schema = Schema.object([
        .init("amount", .string(.decimal(wholeDigits: 19))), .init("currency", .string(.currency)),
    ]).example(["amount": "12.50", "currency": "EUR"])
}

extension TextFormat {
    /// A decimal number of at most so many digits before the point, and 4 behind it.
    public static func decimal(wholeDigits: Int) -> TextFormat {
        TextFormat(
            accepted: "a decimal number such as \"12.50\", of at most \(wholeDigits) digits and 4 decimals,",
            pattern: #"^-?[0-9]{1,\#(wholeDigits)}(\.[0-9]{1,4})?$"#,
            matches: { text in
                let parts = (text.hasPrefix("-") ? text.dropFirst() : text[...])
                    .split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
                let areDigits = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }
                return areDigits && parts[0].utf8.count <= wholeDigits && (parts.count == 1 || parts[1].utf8.count <= 4)
            })
    }

    /// A currency in circulation.
    public static let currency: TextFormat = {
        var format = TextFormat.oneOf(Currency.codes)
        format.accepted = "a currency of ISO 4217 such as \"EUR\""
        return format
    }()
}
