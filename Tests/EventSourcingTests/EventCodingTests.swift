import Essentials
import EssentialsTesting
import EventSourcing
import Foundation
import Testing

/// What `EventCoding` reads and writes is compared with what Foundation's coders read and write.
@Suite struct EventCodingTests {
    private enum Shape: Codable, Equatable {
        case circle(radius: Double)
        case named(String, size: Int)
        case empty
    }

    private struct Part: Codable, Equatable {
        var zebra: Int64
        var Apple: UInt8
        var apple: Bool
        var item10: Float
        var item9: Double
        var none: String?
        var shapes: [Shape]
        var byName: [String: [Int]]
        var byNumber: [Int: String]
    }

    private static let part = Part(
        zebra: .min, Apple: 255, apple: true, item10: 0.1, item9: 1e21, none: nil,
        shapes: [.circle(radius: 2), .named("a/b \"c\" \\ \u{7f}é\u{1F600}", size: -7), .empty],
        byName: ["": [], "b": [1, 2], "ab": [0], "B": [3]], byNumber: [-3: "x", 20: "y"])

    /// Nested containers, one value in the object of another, an array in an array.
    private struct Odd: Encodable {
        private enum Key: String, CodingKey { case z, a, inner, list }
        private struct Flat: Encodable { var m = 1 }

        func encode(to encoder: any Encoder) throws {
            var outer = encoder.container(keyedBy: Key.self)
            try outer.encode(1, forKey: .z)
            var inner = outer.nestedContainer(keyedBy: Key.self, forKey: .inner)
            try inner.encode("deep", forKey: .z)
            try inner.encodeNil(forKey: .a)
            var list = outer.nestedUnkeyedContainer(forKey: .list)
            try list.encode(list.count)
            var nested = list.nestedUnkeyedContainer()
            try nested.encode(list.count)
            try Flat().encode(to: encoder)
            try outer.encode(2.5, forKey: .a)
        }
    }

    /// Writes into an object after the one behind it was begun, and the same name twice.
    private struct Interleaved: Encodable {
        private enum Key: String, CodingKey { case a, b, c }

        func encode(to encoder: any Encoder) throws {
            var outer = encoder.container(keyedBy: Key.self)
            var inner = outer.nestedContainer(keyedBy: Key.self, forKey: .c)
            try outer.encode(1, forKey: .b)
            try inner.encode(2, forKey: .b)
            try outer.encode(3, forKey: .b)
            try [4].encode(to: outer.superEncoder(forKey: .a))
        }
    }

    private struct Nothing: Encodable { func encode(to _: any Encoder) {} }

    private struct Special: Codable, Equatable {
        var data = Data([1, 2, 250])
        var url = URL(string: "https://example.com/a?b=c")
        var decimal = Decimal(string: "12.50")
        var date = Date(timeIntervalSince1970: 1.5)
    }

    private static func foundation(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func ours(_ value: some Encodable) throws -> String {
        String(decoding: try EventCoding.encode(value), as: UTF8.self)
    }

    private static func same<Value: Codable & Equatable>(_ value: Value) throws -> Bool {
        let text = try Self.ours(value)
        return try text == Self.foundation(value)
            && EventCoding.decode(Value.self, from: Array(text.utf8))
                == JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }

    @Test func `values are written and read as Foundation does`() throws {
        #expect(try Self.same(Self.part))
        #expect(try Self.same([Self.part, Self.part]))
        #expect(try Self.same(Special()))
        #expect(try Self.same(["é": 1, "e\u{301}x": 2, "a\"b": 3]))
        #expect(try Self.same(Dictionary(uniqueKeysWithValues: (0..<300).map { ("key\($0)", $0) })))
        #expect(
            try Self.same([UInt64.max, 0, 1 << 63]) && Self.same([Int8.min, 127]) && Self.same("top") && Self.same(7))
        #expect(try Self.same([[[Int]]]()) && Self.same([[[1], []], []]) && Self.same([nil, 1, nil] as [Int?]))
        #expect(try Self.same(UniqueID(high: .max, low: 7)) && Self.same(Timestamp(milliseconds: -1)))
    }

    @Test func `odd ways of encoding give the bytes that Foundation gives`() throws {
        #expect(try Self.ours(Odd()) == Self.foundation(Odd()))
        #expect(try Self.ours(Interleaved()) == Self.foundation(Interleaved()))
        #expect(try Self.ours([Nothing()]) == Self.foundation([Nothing()]))
        #expect(throws: EncodingError.self) { try EventCoding.encode(Nothing()) }
        #expect(throws: EncodingError.self) { try EventCoding.encode([Double.nan]) }
    }

    @Test func `every character is escaped as Foundation does`() throws {
        let scalars = (0..<0x300).compactMap { Unicode.Scalar(UInt32($0)) }
        for scalar in scalars + ["\u{2028}", "\u{FEFF}", "\u{FFFF}", "\u{10FFFF}"] {
            #expect(try Self.same("a\(Character(scalar))b"), "U+\(String(scalar.value, radix: 16))")
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `numbers of every size are written and read as Foundation does`(seed: UInt64) throws {
        var chance = Chance(seed: seed)
        for _ in 0..<200 {
            let number = Double(bitPattern: chance.next())
            if number.isFinite { #expect(try Self.same([number])) }
            #expect(try Self.same([Int64(bitPattern: chance.next() >> UInt64.random(in: 0..<64, using: &chance))]))
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `any text, sound or broken, is read as Foundation reads it`(seed: UInt64) throws {
        var chance = Chance(seed: seed)
        let parts = [
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "\"\"", "\"\\n\\u00e9\"", "\"é\"", "\"\\q\"", "1", "-0",
            "1.0",
            "1e2", "01", "1e400", "12345678901234567890", "true", "null", " ", "\t", "\u{1}", "nul", "\"a\":",
            "\"a\":1,",
        ]
        for round in 0..<400 {
            var text = round % 2 == 0 ? Self.text(depth: 3, &chance) : ""
            if round % 2 == 1 {
                for _ in 0..<Int.random(in: 1...6, using: &chance) { text += parts.randomElement(using: &chance)! }
            }
            if round % 4 == 2, let cut = text.indices.randomElement(using: &chance) { text.remove(at: cut) }
            let bytes = Array(text.utf8)
            #expect(
                (try? EventCoding.decode(JSONValue.self, from: bytes))
                    == (try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))), "\(text)")
            #expect(
                (try? EventCoding.decode([String: Int].self, from: bytes))
                    == (try? JSONDecoder().decode([String: Int].self, from: Data(bytes))), "\(text)")
        }
    }

    private static func text(depth: Int, _ chance: inout Chance) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &chance) {
        case 0: "null"
        case 1: Bool.random(using: &chance) ? "true" : "false"
        case 2: "\(Int.random(in: -1000...1000, using: &chance))"
        case 3: "\(Double.random(in: -10...10, using: &chance))"
        case 4: "\"\(Int.random(in: 0...9, using: &chance))é\\\"\\/\""
        case 5: "\"plain\""
        case 6: "[" + (0..<3).map { _ in self.text(depth: depth - 1, &chance) }.joined(separator: ", ") + "]"
        default:
            "{"
                + (0..<3).map { _ in
                    "\"k\(Int.random(in: 0...5, using: &chance))\" : \(self.text(depth: depth - 1, &chance))"
                }
                .joined(separator: ",") + "}"
        }
    }

    @Test func `an error tells the place in the text`() throws {
        let error = #expect(throws: DecodingError.self) {
            try EventCoding.decode([[String: Int]].self, from: Array(#"[{"a":1},{"b":"x"}]"#.utf8))
        }
        guard case .typeMismatch(_, let context)? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue } == ["1", "b"])
    }
}
