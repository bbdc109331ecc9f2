/// A currency of ISO 4217.
public struct Currency: Hashable, Comparable, Sendable {
    /// Three capital letters.
    public let code: String

    /// - Returns: nil for a code that is not in the table.
    public init?(_ code: String) {
        guard Self.exponents[code] != nil else { return nil }
        self.code = code
    }

    private init(known code: String) {
        self.code = code
    }

    public static let eur = Currency(known: "EUR")
    public static let usd = Currency(known: "USD")
    public static let jpy = Currency(known: "JPY")
    public static let bhd = Currency(known: "BHD")

    /// How many decimals the currency has.
    public var exponent: Int { Self.exponents[self.code] ?? 2 }

    /// The indivisible units of one whole: 10 to the power of ``exponent``.
    public var minorUnits: Int64 { [1, 10, 100, 1_000, 10_000][self.exponent] }

    /// All codes of the table, sorted.
    public static var codes: [String] { self.exponents.keys.sorted() }

    public static func < (left: Currency, right: Currency) -> Bool { left.code < right.code }

    /// ISO 4217 exponents of the currencies in circulation.
    private static let exponents: [String: Int] = {
        let two = """
            AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP \
            CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR \
            JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN \
            NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP \
            SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW
            """
        let groups: [(String, Int)] = [
            (two, 2), ("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF", 0),
            ("BHD IQD JOD KWD LYD OMR TND", 3), ("CLF UYW", 4),
        ]
        var table: [String: Int] = [:]
        for (codes, exponent) in groups {
            for code in codes.split(separator: " ") { table[String(code)] = exponent }
        }
        return table
    }()
}

extension Currency: Codable, CustomStringConvertible {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let code = try container.decode(String.self)
        guard let currency = Currency(code) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(code)' is no currency of ISO 4217")
        }
        self = currency
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.code)
    }

    public var description: String { self.code }
}
