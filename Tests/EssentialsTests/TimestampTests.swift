import Essentials
import Foundation
import Testing

@Suite("A timestamp")
struct TimestampTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00.000Z", 0), ("1969-12-31T23:59:59.999Z", -1_000),
            ("2000-02-29T12:00:00.000Z", 951_825_600_000_000),
            ("2026-01-01T00:00:00.000Z", 1_767_225_600_000_000), ("0000-01-01T00:00:00.000Z", -62_167_219_200_000_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999_000), ("1900-03-01T00:00:00.000Z", -2_203_891_200_000_000),
            ("2038-01-19T03:14:08.000Z", 2_147_483_648_000_000),
        ] as [(String, Int64)])
    func `is written and read as RFC 3339`(text: String, microseconds: Int64) {
        #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
        #expect(Timestamp(rfc3339: text) == Timestamp(microseconds: microseconds))
    }

    @Test func `of more milliseconds than it can hold is the first or the last there is`() {
        #expect(Timestamp(milliseconds: .max) == Timestamp(microseconds: .max))
        #expect(Timestamp(milliseconds: .min) == Timestamp(microseconds: .min))
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `survives writing and reading, whatever the year`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let milliseconds = Int64.random(in: -62_167_219_200_000...253_402_300_799_999, using: &generator)
            let moment = Timestamp(milliseconds: milliseconds)
            #expect(Timestamp(rfc3339: moment.rfc3339) == moment)
        }
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func `agrees with the calendar of Foundation`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let seconds = Int64.random(in: -8_000_000_000...8_000_000_000, using: &generator)
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            let theirs = Date(timeIntervalSince1970: Double(seconds)).formatted(style)
            #expect(Timestamp(microseconds: seconds * 1_000_000).rfc3339 == theirs)
        }
    }

    @Test(arguments: [
        ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00.000Z"), ("2026-03-01T09:30:00.1Z", "2026-03-01T09:30:00.100Z"),
        ("2026-03-01t09:30:00.125z", "2026-03-01T09:30:00.125Z"), ("2026-03-01 09:30:00Z", "2026-03-01T09:30:00.000Z"),
        ("2026-03-01T09:30:00+02:00", "2026-03-01T07:30:00.000Z"),
        ("2026-12-31T23:30:00-01:30", "2027-01-01T01:00:00.000Z"),
        ("2026-03-01T09:30:00-00:00", "2026-03-01T09:30:00.000Z"),
        ("2026-03-01T09:30:00.999999999Z", "2026-03-01T09:30:00.999Z"),
    ])
    func `is read with any offset and up to nine decimals`(text: String, expected: String) {
        #expect(Timestamp(rfc3339: text)?.rfc3339 == expected)
    }

    @Test func `keeps microseconds and cuts off what is finer`() {
        #expect(Timestamp(rfc3339: "1970-01-01T00:00:00.123456789Z") == Timestamp(microseconds: 123_456))
        #expect(Timestamp(rfc3339: "1969-12-31T23:59:59.000001Z") == Timestamp(microseconds: -999_999))
    }

    @Test(arguments: [
        "", "2026", "2026-03-01", "2026-03-01T09:30Z", "2026-03-01T09:30:00", "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-03-01T24:00:00Z", "2026-03-01T09:60:00Z", "2026-03-01T09:30:60Z", "2026-03-01T09:30:00.Z",
        "2026-03-01T09:30:00.1234567890Z", "2026-03-01T09:30:00+2:00", "2026-03-01T09:30:00+24:00",
        "2026-03-01T09:30:00+0200", "2026-03-01T09:30:00Z ", " 2026-03-01T09:30:00Z", "2026/03/01T09:30:00Z",
        "+2026-03-01T09:30:00Z", "２026-03-01T09:30:00Z", "2026-03-01T09:30:00ZZ", "2026-03-01T09:30:00,5Z",
    ])
    func `is not read from anything else`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func `leap years are those of the Gregorian calendar`() {
        let leapYears = ["1600", "1996", "2000", "2024", "2400"]
        let others = ["1700", "1900", "2023", "2026", "2100"]
        #expect(leapYears.allSatisfy { Timestamp(rfc3339: "\($0)-02-29T00:00:00Z") != nil })
        #expect(others.allSatisfy { Timestamp(rfc3339: "\($0)-02-29T00:00:00Z") == nil })
    }

    @Test func `rounds down before 1970 as well`() {
        let moment = Timestamp(microseconds: -1)
        #expect(moment.milliseconds == -1)
        #expect(moment.seconds == -1)
        #expect(moment.rfc3339 == "1969-12-31T23:59:59.999Z")
    }

    @Test func `moves by durations of any length and sign`() {
        let start = Timestamp(microseconds: 10)
        #expect(start + .microseconds(5) == Timestamp(microseconds: 15))
        #expect(start + .microseconds(-15) == Timestamp(microseconds: -5))
        #expect(start + .nanoseconds(-1) == Timestamp(microseconds: 9))
        #expect(Timestamp(microseconds: 15) - start == .microseconds(5))
        let thousandYears = Timestamp(microseconds: 0) + .seconds(365_243 * 86_400)
        #expect(thousandYears.rfc3339 == "2970-01-01T00:00:00.000Z")
    }

    @Test func `is a string in JSON, and a bad one says what it should be`() throws {
        let moment = Timestamp(milliseconds: 1_772_357_400_125)
        let json = try JSONEncoder().encode([moment])
        #expect(String(decoding: json, as: UTF8.self) == #"["2026-03-01T09:30:00.125Z"]"#)
        #expect(try JSONDecoder().decode([Timestamp].self, from: json) == [moment])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Timestamp].self, from: Data(#"["yesterday"]"#.utf8))
        }
    }
}
