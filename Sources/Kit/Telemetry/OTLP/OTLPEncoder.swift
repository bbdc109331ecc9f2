/// Writes telemetry as the requests of OTLP/HTTP in protobuf. Field numbers are those of opentelemetry-proto 1.x.
public enum OTLPEncoder {
    /// An `ExportTraceServiceRequest`. Spans of one resource and scope stand together.
    public static func traces(_ spans: [SpanRecord]) -> [UInt8] {
        self.request(spans, source: { Source(resource: $0.resource, scope: $0.scope) }, write: self.span)
    }

    /// An `ExportMetricsServiceRequest`.
    public static func metrics(_ families: [MetricFamily]) -> [UInt8] {
        self.request(families, source: { Source(resource: $0.resource, scope: $0.scope) }, write: self.metric)
    }

    /// An `ExportLogsServiceRequest`.
    public static func logs(_ records: [LogRecord]) -> [UInt8] {
        self.request(records, source: { Source(resource: $0.resource, scope: $0.scope) }, write: self.log)
    }

    private struct Source: Hashable {
        var resource: Resource
        var scope: Scope
    }

    /// All three requests have the same shape: resources (1), each with itself (1) and its scopes (2), each with itself
    /// (1) and its records (2).
    private static func request<Record>(
        _ records: [Record], source: (Record) -> Source, write: (Record, inout ProtobufWriter) -> Void
    ) -> [UInt8] {
        var order: [Source] = []
        var groups: [Source: [Record]] = [:]
        for record in records {
            let source = source(record)
            if groups[source] == nil { order.append(source) }
            groups[source, default: []].append(record)
        }
        var resources: [Resource] = []
        for source in order where !resources.contains(source.resource) { resources.append(source.resource) }
        var writer = ProtobufWriter()
        for resource in resources {
            writer.message(1) { message in
                message.message(1) { Self.attributes(resource.attributes, as: 1, to: &$0) }
                for source in order where source.resource == resource {
                    message.message(2) { scope in
                        scope.message(1) {
                            $0.string(1, source.scope.name)
                            $0.string(2, source.scope.version)
                        }
                        for record in groups[source] ?? [] { scope.message(2) { write(record, &$0) } }
                    }
                }
            }
        }
        return writer.bytes
    }

    static func attributes(_ attributes: [Attribute], as field: Int, to writer: inout ProtobufWriter) {
        for attribute in attributes {
            writer.message(field) { pair in
                pair.string(1, attribute.key)
                pair.message(2) { Self.value(attribute.value, to: &$0) }
            }
        }
    }

    /// An `AnyValue`. It is a choice: the defaults are written too.
    static func value(_ value: AttributeValue, to writer: inout ProtobufWriter) {
        switch value {
        case .string(let text): writer.bytes(1, text.utf8)
        case .bool(let flag): writer.bool(2, flag)
        case .int(let number): writer.signed(3, number)
        case .double(let number): writer.double(4, number)
        case .array(let values):
            writer.message(5) { array in
                for value in values { array.message(1) { Self.value(value, to: &$0) } }
            }
        case .map(let members): writer.message(6) { Self.attributes(members, as: 1, to: &$0) }
        case .bytes(let bytes): writer.bytes(7, bytes)
        case .empty: break
        }
    }

    private static func span(_ span: SpanRecord, to writer: inout ProtobufWriter) {
        writer.bytes(1, span.traceID.bytes)
        writer.bytes(2, span.spanID.bytes)
        writer.string(3, span.state.header)
        if let parent = span.parentID { writer.bytes(4, parent.bytes) }
        writer.string(5, span.name)
        writer.unsigned(6, UInt64(span.kind.rawValue))
        writer.fixed64(7, UInt64(clamping: span.start))
        writer.fixed64(8, UInt64(clamping: span.end))
        self.attributes(span.attributes, as: 9, to: &writer)
        self.count(10, span.droppedAttributes, to: &writer)
        for event in span.events {
            writer.message(11) {
                $0.fixed64(1, UInt64(clamping: event.time))
                $0.string(2, event.name)
                Self.attributes(event.attributes, as: 3, to: &$0)
            }
        }
        self.count(12, span.droppedEvents, to: &writer)
        for link in span.links {
            writer.message(13) {
                $0.bytes(1, link.traceID.bytes)
                $0.bytes(2, link.spanID.bytes)
                Self.attributes(link.attributes, as: 4, to: &$0)
            }
        }
        self.count(14, span.droppedLinks, to: &writer)
        writer.message(15) { status in
            switch span.status {
            case .unset: break
            case .ok: status.unsigned(3, 1)
            case .error(let message):
                status.string(2, message)
                status.unsigned(3, 2)
            }
        }
        // The flags of W3C, and whether it is known (0x100) and true (0x200) that the parent is remote.
        writer.fixed32(16, (span.isSampled ? 1 : 0) | 0x100 | (span.parentIsRemote ? 0x200 : 0))
    }

    private static func count(_ field: Int, _ value: Int, to writer: inout ProtobufWriter) {
        if value > 0 { writer.unsigned(field, UInt64(value)) }
    }

    private static func log(_ record: LogRecord, to writer: inout ProtobufWriter) {
        writer.fixed64(1, UInt64(clamping: record.time))
        writer.unsigned(2, UInt64(record.severity.rawValue))
        writer.string(3, record.severityText)
        writer.message(5) { Self.value(record.body, to: &$0) }
        self.attributes(record.attributes, as: 6, to: &writer)
        if let trace = record.traceID { writer.bytes(9, trace.bytes) }
        if let span = record.spanID { writer.bytes(10, span.bytes) }
        writer.fixed64(11, UInt64(clamping: record.time))
    }
}
