import Essentials
public import EventSourcing

/// Events as they go over the wire: CloudEvents 1.0 in its JSON format, one object an event.
///
/// `source` is `service/epoch`, `subject` the aggregate's id, `dataschema` names type and version. Extension
/// attributes carry the rest of the envelope; `position` and `streamversion` are strings because a CloudEvents integer
/// has 32 bits. Members are sorted. `time` has milliseconds.
public enum CloudEventCoding {
    /// The media type of one event.
    public static let eventMediaType = "application/cloudevents+json"
    /// The media type of a page.
    public static let pageMediaType = "application/json"

    // MARK: Writing

    public static func encode(_ event: RecordedEvent) -> [UInt8] {
        var bytes: [UInt8] = []
        self.write(event, to: &bytes)
        return bytes
    }

    /// `{"events":[…],"next":"cursor"}`.
    public static func encode(_ page: FeedPage) -> [UInt8] {
        var bytes = Array("{\"events\":[".utf8)
        bytes.reserveCapacity(64 + page.events.count * 1_024)
        for (index, event) in page.events.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            self.write(event, to: &bytes)
        }
        bytes += "],\"next\":\"\(page.next)\"}".utf8
        return bytes
    }

    private static func write(_ event: RecordedEvent, to bytes: inout [UInt8]) {
        let metadata = event.metadata
        let schemaVersion = event.event.schemaVersion
        var separator = UInt8(ascii: "{")
        func member(_ name: String, raw value: some Sequence<UInt8>) {
            bytes.append(separator)
            separator = UInt8(ascii: ",")
            bytes += "\"\(name)\":".utf8
            bytes += value
        }
        func member(_ name: String, _ value: String?) {
            guard let value else { return }
            member(name, raw: JSONValue.string(value).serialized)
        }
        member("actor", metadata.actor)
        member("causationid", metadata.causationID?.description)
        member("correlationid", metadata.correlationID.description)
        member("data", raw: event.event.data)
        member("datacontenttype", "application/json")
        member("dataschema", "urn:mainstay:event:\(event.type):\(schemaVersion)")
        member("id", event.id.description)
        member("position", event.position.description)
        member("schemaversion", raw: String(schemaVersion).utf8)
        member("source", event.source.description)
        member("specversion", "1.0")
        member("stream", event.stream.description)
        member("streamversion", event.version.description)
        member("subject", event.aggregateID.description)
        member("tenant", metadata.tenant)
        member("time", event.timestamp.rfc3339)
        member("traceparent", metadata.traceparent)
        member("type", event.type)
        bytes.append(UInt8(ascii: "}"))
    }

    // MARK: Reading

    /// How large a page may be that is read.
    static let limits = JSONReader.Limits(depth: 64, count: 10_000)

    public static func decodeEvent(_ bytes: [UInt8]) throws(CloudEventError) -> RecordedEvent {
        try self.event(try self.parse(bytes))
    }

    public static func decodePage(_ bytes: [UInt8]) throws(CloudEventError) -> FeedPage {
        let page = try self.parse(bytes)
        guard let values = page["events"]?.array else {
            throw CloudEventError(attribute: "events", reason: "it is missing or no array")
        }
        guard let next = page["next"]?.string.flatMap({ Cursor($0) }) else {
            throw CloudEventError(attribute: "next", reason: "it is missing or no cursor")
        }
        var events: [RecordedEvent] = []
        events.reserveCapacity(values.count)
        for value in values { events.append(try self.event(value)) }
        return FeedPage(events: events, next: next)
    }

    private static func parse(_ bytes: [UInt8]) throws(CloudEventError) -> JSONValue {
        do {
            return try JSONReader.parse(bytes, limits: self.limits)
        } catch {
            throw CloudEventError(attribute: "", reason: error.description)
        }
    }

    private static func event(_ value: JSONValue) throws(CloudEventError) -> RecordedEvent {
        let reader = try AttributeReader(value)
        guard try reader.text("specversion") == "1.0" else {
            throw CloudEventError(attribute: "specversion", reason: "only 1.0 is understood")
        }
        let metadata = EventMetadata(
            correlationID: try reader.required("correlationid", as: "a UUID") { UniqueID($0) },
            causationID: try reader.optional("causationid", as: "a UUID") { UniqueID($0) },
            traceparent: try reader.optional("traceparent", as: "a text") { $0 },
            tenant: try reader.optional("tenant", as: "a text") { $0 },
            actor: try reader.optional("actor", as: "a text") { $0 })
        guard let schemaVersion = value["schemaversion"]?.integer, (1...Int64(Int32.max)).contains(schemaVersion) else {
            throw CloudEventError(attribute: "schemaversion", reason: "it is missing or no version")
        }
        guard let data = value["data"] else { throw CloudEventError(attribute: "data", reason: "it is missing") }
        let event = NewEvent(
            id: try reader.required("id", as: "a UUID") { UniqueID($0) }, type: try reader.text("type"),
            schemaVersion: Int(schemaVersion),
            timestamp: try reader.required("time", as: "an RFC 3339 timestamp") { Timestamp(rfc3339: $0) },
            metadata: metadata, data: data.serialized)
        return RecordedEvent(
            event: event, source: try reader.required("source", as: "service/epoch") { EventSource($0) },
            stream: try reader.required("stream", as: "category-uuid") { StreamID($0) },
            version: StreamVersion(try reader.count("streamversion")), position: Position(try reader.count("position")))
    }
}

/// Why something is not one of our CloudEvents.
public struct CloudEventError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The attribute that is missing or wrong; empty when the text is no JSON at all.
    public var attribute: String
    public var reason: String

    public var description: String {
        self.attribute.isEmpty ? "no CloudEvent: \(self.reason)" : "attribute '\(self.attribute)': \(self.reason)"
    }
}

private struct AttributeReader {
    private let value: JSONValue

    init(_ value: JSONValue) throws(CloudEventError) {
        guard value.object != nil else { throw CloudEventError(attribute: "", reason: "it is no object") }
        self.value = value
    }

    func text(_ name: String) throws(CloudEventError) -> String {
        try self.required(name, as: "a text that is not empty") { $0.isEmpty ? nil : $0 }
    }

    func count(_ name: String) throws(CloudEventError) -> Int64 {
        try self.required(name, as: "a number above 0 in a string") { Int64($0).flatMap { $0 > 0 ? $0 : nil } }
    }

    func required<Value>(
        _ name: String, as kind: String, _ read: (String) -> Value?,
    ) throws(CloudEventError) -> Value {
        guard let value = try self.optional(name, as: kind, read) else {
            throw CloudEventError(attribute: name, reason: "it is missing")
        }
        return value
    }

    func optional<Value>(
        _ name: String, as kind: String, _ read: (String) -> Value?,
    ) throws(CloudEventError) -> Value? {
        guard let member = self.value[name], member != .null else { return nil }
        guard let value = member.string.flatMap(read) else {
            throw CloudEventError(attribute: name, reason: "it is not \(kind)")
        }
        return value
    }
}
