/// A moment of calendar time: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// On the wire it is RFC 3339 in UTC with milliseconds, `2026-03-01T09:30:00.125Z`.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970, negative before it.
    public var microseconds: Int64

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// - Parameter milliseconds: since 1970; more than ``microseconds`` can hold is taken as the most that it can.
    public init(milliseconds: Int64) {
        let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000)
        self.microseconds = overflow ? (milliseconds < 0 ? .min : .max) : product
    }

    /// Whole milliseconds since 1970, rounded down.
    public var milliseconds: Int64 { self.microseconds.floorDivided(by: 1_000) }

    /// Whole seconds since 1970, rounded down.
    public var seconds: Int64 { self.microseconds.floorDivided(by: 1_000_000) }

    /// The moment `duration` later, in whole microseconds, rounded down.
    public func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let fraction = attoseconds.floorDivided(by: 1_000_000_000_000)
        return Timestamp(microseconds: self.microseconds + seconds * 1_000_000 + fraction)
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }
    public static func + (moment: Timestamp, duration: Duration) -> Timestamp { moment.advanced(by: duration) }
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .microseconds(left.microseconds - right.microseconds)
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let parsed = Timestamp(rfc3339: text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' is not an RFC 3339 timestamp such as 2026-03-01T09:30:00.125Z")
        }
        self = parsed
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.rfc3339)
    }
}

extension Timestamp: CustomStringConvertible {
    public var description: String { self.rfc3339 }

    /// RFC 3339, UTC, three decimals, the rest cut off: `2026-03-01T09:30:00.125Z`. The format knows the years 0 to 9999
    /// only.
    public var rfc3339: String {
        let day = self.microseconds.floorDivided(by: Self.microsecondsPerDay)
        let timeOfDay = (self.microseconds - day * Self.microsecondsPerDay) / 1_000
        let (year, month, dayOfMonth) = Self.civil(fromDay: day)
        var text = ""
        text.reserveCapacity(24)
        text.append(padded: year, to: 4)
        text += "-"
        text.append(padded: month, to: 2)
        text += "-"
        text.append(padded: dayOfMonth, to: 2)
        text += "T"
        text.append(padded: timeOfDay / 3_600_000, to: 2)
        text += ":"
        text.append(padded: timeOfDay / 60_000 % 60, to: 2)
        text += ":"
        text.append(padded: timeOfDay / 1_000 % 60, to: 2)
        text += "."
        text.append(padded: timeOfDay % 1_000, to: 3)
        return text + "Z"
    }

    /// Reads RFC 3339 with any offset and up to nine decimals; decimals beyond microseconds are cut off.
    public init?(rfc3339 text: String) {
        var reader = DigitReader(text)
        guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"),
            let day = reader.digits(2), reader.take("T") || reader.take("t") || reader.take(" "),
            let hour = reader.digits(2), reader.take(":"), let minute = reader.digits(2), reader.take(":"),
            let second = reader.digits(2), let fraction = reader.fraction(), let offset = reader.offset(),
            reader.isAtEnd,
            (1...12).contains(month), day >= 1, day <= Self.days(in: month, of: year), hour < 24, minute < 60,
            second < 60
        else { return nil }
        let days = Self.day(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }

    private static let microsecondsPerDay: Int64 = 86_400_000_000

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
        return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Int(month) - 1]
    }

    /// Days since 1970 of a date in the proleptic Gregorian calendar, after Howard Hinnant's `days_from_civil`.
    private static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.floorDivided(by: 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date of a day since 1970, after Howard Hinnant's `civil_from_days`.
    private static func civil(fromDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }
}

/// Reads fixed-width numbers off the front of an ASCII text.
private struct DigitReader {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        self.rest = Substring(text).utf8
    }

    var isAtEnd: Bool { self.rest.isEmpty }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.rest.first == UInt8(ascii: character) else { return false }
        self.rest.removeFirst()
        return true
    }

    mutating func digits(_ count: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<count {
            guard let byte = self.rest.first, (48...57).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 48)
            self.rest.removeFirst()
        }
        return value
    }

    /// Microseconds of an optional `.digits`; nil when a dot is followed by none or by more than nine.
    mutating func fraction() -> Int64? {
        guard self.take(".") else { return 0 }
        var value: Int64 = 0
        var count = 0
        while let byte = self.rest.first, (48...57).contains(byte) {
            if count < 6 { value = value * 10 + Int64(byte - 48) }
            count += 1
            self.rest.removeFirst()
        }
        guard (1...9).contains(count) else { return nil }
        for _ in 0..<max(0, 6 - count) { value *= 10 }
        return value
    }

    /// Seconds east of UTC.
    mutating func offset() -> Int64? {
        if self.take("Z") || self.take("z") { return 0 }
        let sign: Int64
        if self.take("+") { sign = 1 } else if self.take("-") { sign = -1 } else { return nil }
        guard let hours = self.digits(2), self.take(":"), let minutes = self.digits(2), hours < 24, minutes < 60 else {
            return nil
        }
        return sign * (hours * 3_600 + minutes * 60)
    }
}

extension Int64 {
    /// Division that rounds towards negative infinity.
    package func floorDivided(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

extension String {
    fileprivate mutating func append(padded value: Int64, to width: Int) {
        let digits = String(value)
        for _ in 0..<max(0, width - digits.count) { self += "0" }
        self += digits
    }
}
