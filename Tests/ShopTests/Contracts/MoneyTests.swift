import Chassis
import Essentials
import Foundation
import ShopContracts
import Testing

@Suite struct MoneyTests {
    /// A currency of each number of decimals.
    static let currencies = ["JPY", "EUR", "BHD", "CLF"].compactMap { Currency($0) }

    private func amount(_ amount: JSONValue, _ currency: String = "EUR") -> JSONValue {
        ["amount": amount, "currency": .string(currency)]
    }

    /// What a service makes of an amount in a request: its schema first, then the exact amount.
    private func accepted(_ json: JSONValue) throws -> Money {
        if let violation = MoneyInput.schema.violations(in: json).first {
            throw Problem(.validationFailed, "\(violation.pointer): \(violation.message)")
        }
        return try JSONDecoder().decode(MoneyInput.self, from: Data(json.serialized)).money(at: "/price")
    }

    @Test(arguments: currencies, [Int64.min, -1_000, -5, 0, 7, 1_234, .max])
    func `whatever an amount can be is documented, and reads back as itself`(_ currency: Currency, minor: Int64) throws
    {
        let money = Money(minor: minor, currency)
        let shown = MoneyAmount(money)
        #expect(
            MoneyAmount.schema.violations(in: self.amount(.string(shown.amount), shown.currency)).isEmpty, "\(money)")
        #expect(try shown.money(at: "amount") == money)
    }

    @Test(
        arguments: [
            .string("999999999999999.99"), .string("-999999999999999.99"), .number("999999999999999"), .number("12.5"),
            .number("1e14"), .string("000000000000001.10"), .number("0"),
        ] as [JSONValue])
    func `what is accepted from a client is within what is documented`(_ written: JSONValue) throws {
        let shown = MoneyAmount(try self.accepted(self.amount(written)))
        #expect(MoneyAmount.schema.violations(in: self.amount(.string(shown.amount), shown.currency)).isEmpty)
    }

    @Test(
        arguments: [
            (.number("1000000000000000"), "too large"), (.number("-1e15"), "too large"),
            (.number("1e400"), "too large"),
            (.string("1000000000000000"), "at most 15 digits"), (.string("1.00000"), "and 4 decimals"),
            (.string("1e3"), "a decimal number"), (.string(""), "a decimal number"), (true, "a number"),
            (.string("1.005"), "at most 2 decimals"), (.number("1.005"), "at most 2 decimals"),
        ] as [(JSONValue, String)])
    func `an amount that is refused tells why`(_ written: JSONValue, reason: String) throws {
        let problem = #expect(throws: Problem.self) { try self.accepted(self.amount(written)) }
        #expect(problem?.type == .validationFailed)
        #expect(problem?.detail.contains(reason) == true, "\(problem?.detail ?? "")")
        #expect(problem?.detail.contains("/amount") == true, "\(problem?.detail ?? "")")
    }

    @Test func `what 64 bits do not hold is too large, not malformed`() {
        for currency in Self.currencies {
            #expect(throws: MoneyError.tooLarge(currency)) { try Money(decimal: "9999999999999999999", currency) }
            #expect(throws: MoneyError.malformed(currency)) { try Money(decimal: "1.00001", currency) }
            #expect(throws: MoneyError.malformed(currency)) { try Money(decimal: "1e3", currency) }
        }
    }

    @Test func `amounts add up and multiply exactly, within one currency and 64 bits`() throws {
        #expect(try Money(minor: 1_250, .eur).adding(Money(minor: -1, .eur)) == Money(minor: 1_249, .eur))
        #expect(try Money(minor: 1_250, .eur).multiplied(by: 3) == Money(minor: 3_750, .eur))
        #expect(Money(minor: 1_250, .eur) != Money(minor: 1_250, .usd))
        #expect(throws: MoneyError.mixedCurrencies(.eur, .usd)) { try Money.zero(.eur).adding(.zero(.usd)) }
        #expect(throws: MoneyError.tooLarge(.eur)) { try Money(minor: .max, .eur).adding(Money(minor: 1, .eur)) }
        #expect(throws: MoneyError.tooLarge(.eur)) { try Money(minor: .max, .eur).multiplied(by: 2) }
    }

    @Test func `nothing and less are no amounts to pay`() throws {
        let input = try JSONDecoder().decode(MoneyInput.self, from: Data(self.amount("-0.01").serialized))
        #expect(throws: Problem.self) { try input.positive(at: "/price") }
        #expect(try input.money(at: "/price") == Money(minor: -1, .eur))
    }
}
