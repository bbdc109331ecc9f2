import Chassis
import Essentials
import Foundation
import Testing

@Suite struct SchemaTests {
    let schema = Schema.object([
        .init("id", .uuid), .init("count", .integer(1...5)), .init("when", .timestamp, required: false),
        .init("tags", .array(.text(1...3), count: 0...2), required: false),
        .init("amount", .either(.text(1...5), Schema(.number)), required: false),
    ])
    let good: JSONValue = ["id": "0190a8f0-0000-7000-8000-000000000001", "count": 1]

    @Test func `a value that fits has no violations`() {
        #expect(self.schema.violations(in: self.good).isEmpty)
        let full = self.good.setting("when", to: "2026-01-01T00:00:00Z").setting("tags", to: ["a", "b"])
        #expect(self.schema.violations(in: full.setting("amount", to: "12")).isEmpty)
        #expect(self.schema.violations(in: full.setting("amount", to: .number("1.5"))).isEmpty)
    }

    @Test(
        arguments: [
            ("id", "x"), ("id", .null), ("count", 0), ("count", 6), ("count", .number("1.5")), ("count", "1"),
            ("count", .number("1e400")),
            ("when", "yesterday"), ("tags", ["a", "b", "c"]), ("tags", ["abcd"]), ("tags", .object([:])),
            ("amount", true), ("amount", .number("1e15")), ("amount", .number("-1e400")), ("unknown", 1),
        ] as [(String, JSONValue)])
    func `a member that does not fit is named`(_ name: String, _ value: JSONValue) {
        let violations = self.schema.violations(in: self.good.setting(name, to: value))
        #expect(violations.count == 1)
        #expect(violations.first?.pointer.hasPrefix("/\(name)") == true)
    }

    @Test(
        arguments: [
            (.number("1e15"), "the number is too large: at most 999999999999999 either way is expected"),
            ("123456", "a text of 1 to 5 characters without control characters is expected, not one of 6 characters"),
            (
                true,
                "a text of 1 to 5 characters without control characters is expected, not a boolean; or a number is "
                    + "expected, not a boolean"
            ),
        ] as [(JSONValue, String)])
    func `of several shapes, those of the value's kind tell what is wrong`(_ value: JSONValue, message: String) {
        #expect(self.schema.violations(in: self.good.setting("amount", to: value)).map(\.message) == [message])
    }

    @Test(arguments: ["2.0", "2e0", "20e-1", "0.2E1"])
    func `a whole number may be written in any way that JSON knows`(_ text: String) {
        #expect(self.schema.violations(in: self.good.setting("count", to: .number(text))).isEmpty)
    }

    @Test func `one of some texts is compared byte by byte`() {
        let schema = Schema.oneOf(["HKD"])
        #expect(schema.violations(in: "HKD").isEmpty)
        #expect(schema.violations(in: "H\u{212A}D").count == 1)
    }

    @Test func `a required member that is missing is named`() {
        #expect(self.schema.violations(in: .object([:])).map(\.pointer) == ["/id", "/count"])
    }

    @Test func `names with slashes and tildes are escaped in pointers`() {
        let violations = self.schema.violations(in: self.good.setting("a/b~c", to: 1))
        #expect(violations.map(\.pointer) == ["/a~1b~0c"])
    }

    @Test func `a text is counted in scalars and has no control characters`() {
        let text = Schema.text(1...3)
        #expect(text.violations(in: "äöü").isEmpty)
        #expect(!text.violations(in: "abcd").isEmpty)
        #expect(!text.violations(in: "a\nb").isEmpty)
        #expect(!text.violations(in: "").isEmpty)
    }

    @Test(arguments: [
        TextFormat.uuid, .cursor,
    ])
    func `the check in code and the pattern of the document agree`(_ format: TextFormat) throws {
        let pattern = try Regex(#require(format.pattern))
        let samples = [
            "0190a8f0-0000-7000-8000-000000000001", "0190A8F0-0000-7000-8000-00000000000F", "", "abc", "a-b_c", "a b",
            "ä",
            "0190a8f0000070008000000000000001", String(repeating: "a", count: 400), String(repeating: "a", count: 401),
        ]
        for sample in samples {
            #expect(format.matches(sample) == (sample.wholeMatch(of: pattern) != nil), "\(sample)")
        }
    }
}
