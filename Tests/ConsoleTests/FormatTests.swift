import Testing

@testable import Console

@Suite struct FormatTests {
    @Test(arguments: [
        (0.0, "0"), (0.045, "0.045"), (1.5, "1.5"), (12.34, "12.3"), (123.4, "123"), (1_234_567, "1,234,567"),
    ])
    func `a number shows three digits that say something`(value: Double, text: String) {
        #expect(Format.number(value) == text)
    }

    @Test(arguments: [(0.25, "250 µs"), (12.5, "12.5 ms"), (1_500.0, "1.5 s"), (125_000.0, "2 min 5 s")])
    func `a time has the unit that fits it`(milliseconds: Double, text: String) {
        #expect(Format.milliseconds(milliseconds) == text)
    }
}
