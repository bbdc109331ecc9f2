/// Takes the requests of OTLP/HTTP apart.
public struct OTLPDecoder: Sendable {
    /// What was read, and what of it was refused while the rest was taken.
    public struct Batch<Record: Sendable & Hashable>: Hashable, Sendable {
        public var records: [Record] = []
        /// Records without valid ids or names, or data of a kind that is not taken.
        public var rejected = 0
        /// Why the last one was.
        public var reason = ""

        mutating func reject(_ reason: String) {
            self.rejected += 1
            self.reason = reason
        }
    }

    public let limits: OTLPLimits
    private let redactor: Redactor

    /// - Parameter redactor: what is read is redacted at once.
    public init(limits: OTLPLimits = OTLPLimits(), redactor: Redactor = Redactor()) {
        self.limits = limits
        self.redactor = redactor
    }

    /// An `ExportTraceServiceRequest`.
    /// - Parameters:
    ///   - contentType: `application/x-protobuf` or `application/json`.
    ///   - contentEncoding: anything but nothing and `identity` is refused.
    public func traces(
        _ body: [UInt8], contentType: String, contentEncoding: String? = nil
    ) throws(OTLPIngestError) -> Batch<SpanRecord> {
        try self.batch(body, contentType, contentEncoding, .traces) { message, source, batch in
            guard let span = Self.span(message, source) else { return batch.reject("a span without ids, name or end") }
            batch.records.append(span.redacted(by: self.redactor))
        }
    }

    /// An `ExportLogsServiceRequest`.
    public func logs(
        _ body: [UInt8], contentType: String, contentEncoding: String? = nil
    ) throws(OTLPIngestError) -> Batch<LogRecord> {
        try self.batch(body, contentType, contentEncoding, .logs) { message, source, batch in
            batch.records.append(Self.log(message, source).redacted(by: self.redactor))
        }
    }

    /// An `ExportMetricsServiceRequest`.
    public func metrics(
        _ body: [UInt8], contentType: String, contentEncoding: String? = nil
    ) throws(OTLPIngestError) -> Batch<MetricFamily> {
        try self.batch(body, contentType, contentEncoding, .metrics) { message, source, batch in
            guard let family = OTLPMetricReader.family(message, source, redactor: self.redactor) else {
                return batch.reject("a metric without name or of an unknown kind")
            }
            batch.records.append(family)
        }
    }

    /// Who sent a record.
    struct Source {
        var resource: Resource
        var scope: Scope
    }

    private func batch<Record>(
        _ body: [UInt8], _ contentType: String, _ contentEncoding: String?, _ schema: OTLPSchema,
        _ read: (OTLPMessage, Source, inout Batch<Record>) -> Void
    ) throws(OTLPIngestError) -> Batch<Record> {
        var batch = Batch<Record>()
        for resourceMessage in try self.message(body, contentType, contentEncoding, schema).messages(1) {
            let attributes = resourceMessage.message(1)?.messages(1) ?? []
            let resource = Resource(attributes: Self.attributes(attributes).map(self.redactor.attribute))
            for scopeMessage in resourceMessage.messages(2) {
                let scope = scopeMessage.message(1)
                let source = Source(
                    resource: resource,
                    scope: Scope(name: self.redactor.text(scope?.string(1) ?? ""), version: scope?.string(2) ?? ""))
                for record in scopeMessage.messages(2) { read(record, source, &batch) }
            }
        }
        return batch
    }

    private func message(
        _ body: [UInt8], _ contentType: String, _ contentEncoding: String?, _ schema: OTLPSchema
    ) throws(OTLPIngestError) -> OTLPMessage {
        if let contentEncoding, contentEncoding.lowercased() != "identity" {
            throw OTLPIngestError(.unsupported, "the encoding '\(contentEncoding)' is not understood")
        }
        guard body.count <= self.limits.maximumBytes else {
            throw OTLPIngestError(.tooLarge, "more than \(self.limits.maximumBytes) bytes")
        }
        switch OTLPFormat(contentType: contentType) {
        case .protobuf: return try OTLPProtobufReader.read(body, as: schema, limits: self.limits)
        case .json: return try OTLPJSONReader.read(body, as: schema, limits: self.limits)
        case nil: throw OTLPIngestError(.unsupported, "the media type '\(contentType)' is not understood")
        }
    }

    static func attributes(_ messages: [OTLPMessage]) -> [Attribute] {
        messages.map { Attribute($0.string(1), self.value($0.message(2))) }
    }

    static func value(_ message: OTLPMessage?) -> AttributeValue {
        guard let message, let number = message.fields.keys.min() else { return .empty }
        switch message[number] {
        case .string(let text): return .string(text)
        case .bool(let flag): return .bool(flag)
        case .signed(let value): return .int(value)
        case .double(let value): return .double(value)
        case .bytes(let bytes): return .bytes(bytes)
        case .message(let inner):
            return number == 5
                ? .array(inner.messages(1).map { self.value($0) }) : .map(self.attributes(inner.messages(1)))
        case .unsigned, nil: return .empty
        }
    }

    private static func span(_ message: OTLPMessage, _ source: Source) -> SpanRecord? {
        let (start, end) = (message.unsigned(7), message.unsigned(8))
        let parent = message.bytes(4)
        guard let trace = TraceID(bytes: message.bytes(1)), let id = SpanID(bytes: message.bytes(2)),
            parent.isEmpty || parent.count == 8, start <= end, end <= UInt64(Int64.max)
        else { return nil }
        var span = SpanRecord(
            traceID: trace, spanID: id, parentID: SpanID(bytes: parent), name: message.string(5),
            kind: SpanRecord.Kind(rawValue: Int(truncatingIfNeeded: message.signed(6))) ?? .unspecified,
            start: Int64(start), end: Int64(end), resource: source.resource, scope: source.scope)
        span.state = TraceState(header: message.string(3)) ?? .empty
        span.attributes = self.attributes(message.messages(9))
        span.droppedAttributes = Int(clamping: message.unsigned(10))
        span.events = message.messages(11).map {
            SpanRecord.Event(
                name: $0.string(2), time: Int64(clamping: $0.unsigned(1)), attributes: self.attributes($0.messages(3)))
        }
        span.droppedEvents = Int(clamping: message.unsigned(12))
        span.links = message.messages(13).compactMap { link in
            guard let trace = TraceID(bytes: link.bytes(1)), let id = SpanID(bytes: link.bytes(2)) else { return nil }
            return SpanRecord.Link(traceID: trace, spanID: id, attributes: self.attributes(link.messages(4)))
        }
        span.droppedLinks = Int(clamping: message.unsigned(14))
        switch message.message(15)?.signed(3) {
        case 1: span.status = .ok
        case 2: span.status = .error(message.message(15)?.string(2) ?? "")
        default: span.status = .unset
        }
        // Who does not speak of flags is taken for one that samples: it sent the span.
        let flags = message.unsigned(16)
        span.isSampled = !message.has(16) || flags & 1 == 1
        span.parentIsRemote = flags & 0x300 == 0x300
        return span
    }

    private static func log(_ message: OTLPMessage, _ source: Source) -> LogRecord {
        let time = message.unsigned(1) == 0 ? message.unsigned(11) : message.unsigned(1)
        return LogRecord(
            time: Int64(clamping: time), severity: LogRecord.Severity(number: Int(clamping: message.signed(2))),
            severityText: message.string(3), body: self.value(message.message(5)),
            attributes: self.attributes(message.messages(6)), traceID: TraceID(bytes: message.bytes(9)),
            spanID: SpanID(bytes: message.bytes(10)), resource: source.resource, scope: source.scope)
    }
}

/// The two forms of OTLP/HTTP's bodies.
public enum OTLPFormat: String, Hashable, Sendable, CaseIterable {
    case protobuf = "application/x-protobuf"
    case json = "application/json"

    /// - Parameter contentType: parameters behind a semicolon do not matter.
    public init?(contentType: String) {
        let type = contentType.prefix { $0 != ";" }.lowercased()
        self.init(rawValue: String(Substring(type).utf8.trimmingOptionalWhiteSpace()) ?? "")
    }
}
