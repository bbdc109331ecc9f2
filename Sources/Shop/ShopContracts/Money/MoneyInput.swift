public import Chassis
import Essentials
import Foundation

/// Money as clients write it: as ``MoneyAmount``, or with a JSON number for the amount. At most 15 digits before the
/// point, so that what is made of it by adding up stays within what ``Money`` holds.
public struct MoneyInput: WrittenMoney, Hashable {
    /// A decimal number, as text.
    public var amount: String
    /// ISO 4217.
    public var currency: String

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.currency = try container.decode(String.self, forKey: .currency)
        if let text = try? container.decode(String.self, forKey: .amount) {
            self.amount = text
        } else {
            self.amount = "\(try container.decode(Decimal.self, forKey: .amount))"
        }
    }

    public static let schema = Schema.object([
        .init("amount", .either(.string(.decimal(wholeDigits: 15)), Schema(.number))),
        .init("currency", .string(.currency)),
    ]).example(["amount": "12.50", "currency": "EUR"])
}
