import Essentials
import EssentialsTesting
import Foundation
import Testing

private enum OrderSubject {}

@Suite("An identifier")
struct UniqueIDTests {
    let text = "0195a1f0-7b3c-7def-89ab-0123456789ab"

    @Test func `is read in either case and written in lower case`() throws {
        let id = try #require(UniqueID(self.text))
        #expect(id.description == self.text)
        #expect(UniqueID(self.text.uppercased()) == id)
        #expect("\(id)" == self.text)
        #expect(id.version == 7)
    }

    @Test func `is sixteen bytes, the first ones first`() throws {
        let id = try #require(UniqueID(self.text))
        #expect(
            id.bytes == [
                0x01, 0x95, 0xA1, 0xF0, 0x7B, 0x3C, 0x7D, 0xEF, 0x89, 0xAB, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB,
            ])
        #expect(UniqueID(bytes: id.bytes) == id)
        #expect(UniqueID(bytes: id.bytes.dropLast()) == nil)
        #expect(UniqueID(bytes: id.bytes + [0]) == nil)
    }

    @Test(arguments: [
        "", "0195a1f07b3c7def89ab0123456789ab", "{0195a1f0-7b3c-7def-89ab-0123456789ab}",
        "0195a1f0-7b3c-7def-89ab-0123456789a",
        "0195a1f0-7b3c-7def-89ab-0123456789abc", "0195a1f0_7b3c-7def-89ab-0123456789ab",
        "0195a1g0-7b3c-7def-89ab-0123456789ab",
        "0195a1f-07b3c-7def-89ab-0123456789ab", " 195a1f0-7b3c-7def-89ab-0123456789ab",
        "0195a1f0-7b3c-7def-89ab-0123456789é",
    ])
    func `is not read from anything else`(text: String) {
        #expect(UniqueID(text) == nil)
        #expect(Identifier<OrderSubject>(text) == nil)
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func `survives text, bytes and JSON, and sorts like its text`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let ids = (0..<200).map { _ in UniqueID(high: generator.next(), low: generator.next()) }
        for id in ids {
            #expect(UniqueID(id.description) == id)
            #expect(UniqueID(bytes: id.bytes) == id)
        }
        #expect(try JSONDecoder().decode([UniqueID].self, from: JSONEncoder().encode(ids)) == ids)
        #expect(ids.sorted().map(\.description) == ids.map(\.description).sorted())
    }

    @Test func `in JSON is its text, and a bad one is an error`() throws {
        let id = try #require(Identifier<OrderSubject>(self.text))
        #expect(String(decoding: try JSONEncoder().encode([id]), as: UTF8.self) == "[\"\(self.text)\"]")
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([UniqueID].self, from: Data(#"["nonsense"]"#.utf8))
        }
    }
}

@Suite("A source of identifiers")
struct IDSourceTests {
    @Test(arguments: 0..<8 as Range<UInt64>)
    func `makes version 7 with the time in front`(seed: UInt64) {
        let clock = ManualWallClock(Timestamp(milliseconds: 0x0195_A1F0_7B3C))
        let id: UniqueID = IDSource.seeded(seed, wallClock: clock).next()
        #expect(id.description.hasPrefix("0195a1f0-7b3c-7"))
        #expect(id.version == 7)
        #expect(id.low >> 62 == 0b10)
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `always goes up, though the clock stands still, jumps or goes back`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let clock = ManualWallClock()
        let source = IDSource.seeded(seed, wallClock: clock)
        var last: UniqueID = source.next()
        for _ in 0..<10_000 {
            switch Int.random(in: 0..<200, using: &generator) {
            case 0: clock.advance(by: .milliseconds(Int.random(in: 1...50, using: &generator)))
            case 1: clock.advance(by: .milliseconds(-Int.random(in: 1...5_000, using: &generator)))
            default: break
            }
            let next: UniqueID = source.next()
            #expect(next > last)
            #expect(next.version == 7)
            last = next
        }
    }

    @Test func `borrows from the next millisecond when one is used up`() {
        let clock = ManualWallClock()
        let source = IDSource.seeded(1, wallClock: clock)
        let ids = (0..<10_000).map { _ -> UniqueID in source.next() }
        #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
        #expect(ids.last!.high >> 16 > UInt64(clock.now.milliseconds))
    }

    @Test func `is strictly ordered for each of many tasks and never repeats`() async {
        let source = IDSource.seeded(1)
        let batches = await withTaskGroup(of: [UniqueID].self) { group in
            for _ in 0..<8 { group.addTask { (0..<1_000).map { _ in source.next() } } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for batch in batches { #expect(zip(batch, batch.dropFirst()).allSatisfy { $0 < $1 }) }
        #expect(Set(batches.joined()).count == 8_000)
    }

    @Test func `follows from its seed`() {
        let first: UniqueID = IDSource.seeded(5).next()
        let second: UniqueID = IDSource.seeded(5).next()
        let other: UniqueID = IDSource.seeded(6).next()
        #expect(first == second)
        #expect(first != other)
    }
}
