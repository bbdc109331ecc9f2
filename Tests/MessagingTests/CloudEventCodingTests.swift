import Essentials
import EventSourcing
import Messaging
import Testing

struct CloudEventCodingTests {
    private static let source = EventSource(
        service: "orders", epoch: UniqueID("01936000-0000-7000-8000-000000000001")!)

    private static let event = RecordedEvent(
        event: NewEvent(
            id: UniqueID("01936000-0000-7000-8000-00000000000a")!, type: "OrderPlaced", schemaVersion: 2,
            timestamp: Timestamp(rfc3339: "2026-03-01T09:30:00.125Z")!,
            metadata: EventMetadata(
                correlationID: UniqueID("01936000-0000-7000-8000-00000000000b")!,
                causationID: UniqueID("01936000-0000-7000-8000-00000000000c")!,
                traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tenant: "acme",
                actor: "user:\"ü\"\n"),
            data: Array(#"{"lines":[{"quantity":2}],"ratio":1.50,"total":{"currency":"EUR","minor":1250}}"#.utf8)),
        source: Self.source,
        stream: StreamID(category: "order", aggregateID: UniqueID("01936000-0000-7000-8000-00000000000d")!),
        version: StreamVersion(3), position: Position(9_007_199_254_740_993))

    /// The form on the wire. Other services read it: change it only by adding.
    private static let golden = #"""
        {"actor":"user:\"ü\"\u000a","causationid":"01936000-0000-7000-8000-00000000000c",
        "correlationid":"01936000-0000-7000-8000-00000000000b",
        "data":{"lines":[{"quantity":2}],"ratio":1.50,"total":{"currency":"EUR","minor":1250}},
        "datacontenttype":"application/json","dataschema":"urn:mainstay:event:OrderPlaced:2",
        "id":"01936000-0000-7000-8000-00000000000a","position":"9007199254740993","schemaversion":2,
        "source":"orders/01936000-0000-7000-8000-000000000001","specversion":"1.0",
        "stream":"order-01936000-0000-7000-8000-00000000000d","streamversion":"3",
        "subject":"01936000-0000-7000-8000-00000000000d","tenant":"acme","time":"2026-03-01T09:30:00.125Z",
        "traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","type":"OrderPlaced"}
        """#.split(separator: "\n").joined()

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `an event is written as the golden CloudEvent`() {
        #expect(self.text(CloudEventCoding.encode(Self.event)) == Self.golden)
    }

    @Test func `the golden CloudEvent is read back whole`() throws {
        #expect(try CloudEventCoding.decodeEvent(Array(Self.golden.utf8)) == Self.event)
    }

    @Test func `attributes that are not known are passed over`() throws {
        let text = Self.golden.replacing("{\"actor\"", with: "{\"extra\":[1,{\"a\":null}],\"actor\"")
        #expect(try CloudEventCoding.decodeEvent(Array(text.utf8)) == Self.event)
    }

    @Test func `optional attributes are left out when there is nothing to say`() throws {
        var event = Self.event
        event.event.metadata = EventMetadata(correlationID: Self.event.metadata.correlationID)
        let bytes = CloudEventCoding.encode(event)
        for name in ["actor", "causationid", "tenant", "traceparent"] {
            #expect(!self.text(bytes).contains("\"\(name)\""))
        }
        #expect(try CloudEventCoding.decodeEvent(bytes) == event)
    }

    @Test(arguments: 0..<4)
    func `a page is read back whole`(_ count: Int64) throws {
        let events = (0..<count).map { offset in
            var event = Self.event
            event.position.value += offset
            return event
        }
        let page = FeedPage(events: events, next: Cursor(epoch: Self.source.epoch, position: Position(7 + count)))
        #expect(try CloudEventCoding.decodePage(CloudEventCoding.encode(page)) == page)
    }

    @Test(arguments: [
        "correlationid", "data", "id", "position", "schemaversion", "source", "specversion", "stream",
        "streamversion", "time", "type",
    ])
    func `a missing attribute is refused by name`(_ name: String) throws {
        let text = Self.golden.replacing("\"\(name)\":", with: "\"x\(name)\":")
        let error = #expect(throws: CloudEventError.self) { try CloudEventCoding.decodeEvent(Array(text.utf8)) }
        #expect(error?.attribute == name)
    }

    @Test(arguments: [
        ("\"position\":\"9007199254740993\"", "\"position\":\"0\"", "position"),
        ("\"position\":\"9007199254740993\"", "\"position\":9007199254740993", "position"),
        ("\"specversion\":\"1.0\"", "\"specversion\":\"0.3\"", "specversion"),
        ("\"schemaversion\":2", "\"schemaversion\":0", "schemaversion"),
        ("\"schemaversion\":2", "\"schemaversion\":4294967296", "schemaversion"),
        ("2026-03-01T", "2026-13-01T", "time"), ("\"tenant\":\"acme\"", "\"tenant\":7", "tenant"),
        ("\"source\":\"orders/", "\"source\":\"orders-", "source"), ("{\"actor\"", "[\"actor\"", ""),
    ])
    func `a wrong attribute is refused by name`(_ part: String, _ wrong: String, _ attribute: String) throws {
        let text = Self.golden.replacing(part, with: wrong)
        let error = #expect(throws: CloudEventError.self) { try CloudEventCoding.decodeEvent(Array(text.utf8)) }
        #expect(error?.attribute == attribute)
    }

    @Test func `no prefix of a page is taken for a page`() {
        let page = FeedPage(events: [Self.event], next: Self.event.cursor)
        let bytes = CloudEventCoding.encode(page)
        for count in 0..<bytes.count {
            #expect(throws: CloudEventError.self) { try CloudEventCoding.decodePage(Array(bytes.prefix(count))) }
        }
    }
}
