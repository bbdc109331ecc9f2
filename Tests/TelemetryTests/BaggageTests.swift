import Telemetry
import Testing

@Suite struct BaggageTests {
    @Test func `members are read with their properties and written again`() {
        let baggage = Baggage(
            header: "key1=value1;property1;property2, key2 = value2, key3=value3; propertyKey=propertyValue")
        #expect(baggage["key1"] == "value1")
        #expect(baggage.members.map(\.key) == ["key1", "key2", "key3"])
        #expect(baggage.members[2].properties == ["propertyKey=propertyValue"])
        #expect(baggage.header == "key1=value1;property1;property2,key2=value2,key3=value3;propertyKey=propertyValue")
    }

    @Test func `any text goes through a value`() {
        var baggage = Baggage()
        baggage["user"] = "Amélie, 100 % \"sure\"; \\ ok\u{1F600}"
        #expect(Baggage(header: baggage.header) == baggage)
        #expect(baggage.header.utf8.allSatisfy { (0x21...0x7E).contains($0) })
        #expect(Baggage(header: "k=%41%zz%2")["k"] == "A%zz%2")
    }

    @Test(arguments: ["", "novalue", "bad key=1", "k=a b", "k=\"q\"", "=1", "k=1;bad prop", "é=1"])
    func `a member that breaks the grammar is left out and the others count`(_ member: String) {
        #expect(Baggage(header: "a=1,\(member),b=2").members.map(\.key) == ["a", "b"])
    }

    @Test func `no more than 64 members and 8192 bytes leave`() {
        let many = (0..<100).map { "k\($0)=1" }.joined(separator: ",")
        #expect(Baggage(header: many).members.count == 64)
        var long = Baggage()
        for index in 0..<20 { long["k\(index)"] = String(repeating: "x", count: 1_000) }
        #expect(long.header.utf8.count <= 8_192)
        #expect(Baggage(header: long.header).members.count == 8)
    }

    @Test func `of two with one key the later one wins`() {
        #expect(Baggage(header: "a=1,a=2").members.map(\.value) == ["2"])
    }
}
