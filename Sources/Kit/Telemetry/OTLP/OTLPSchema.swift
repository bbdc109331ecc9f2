/// The messages of OTLP as tables: one walk reads any of them from protobuf, another from JSON.
final class OTLPSchema: Sendable {
    enum Kind: Sendable {
        case string, bytes, bool
        /// int64 and enumerations, as varints.
        case signed
        case unsigned
        /// sint32.
        case zigzag
        case fixed64, signedFixed64, fixed32, double
        case message(OTLPSchema)
        /// Its own message again, some levels down: `AnyValue` holds lists of itself.
        case anyValue
    }

    struct Field: Sendable {
        var number: Int
        var name: String
        var kind: Kind
        var isRepeated = false
        /// A trace or span id: hexadecimal in JSON, where other bytes are base64.
        var isID = false
    }

    let name: String
    private let byNumber: [Int: Field]
    private let byName: [String: Field]

    init(_ name: String, _ fields: [Field]) {
        self.name = name
        self.byNumber = Dictionary(uniqueKeysWithValues: fields.map { ($0.number, $0) })
        self.byName = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0) })
    }

    func field(_ number: Int) -> Field? { self.byNumber[number] }
    func field(named name: String) -> Field? { self.byName[name] }

    private static func one(_ number: Int, _ name: String, _ kind: Kind) -> Field {
        Field(number: number, name: name, kind: kind)
    }

    private static func many(_ number: Int, _ name: String, _ kind: Kind) -> Field {
        Field(number: number, name: name, kind: kind, isRepeated: true)
    }

    private static func id(_ number: Int, _ name: String) -> Field {
        Field(number: number, name: name, kind: .bytes, isID: true)
    }

    static let keyValue = OTLPSchema("KeyValue", [one(1, "key", .string), one(2, "value", .anyValue)])
    static let anyValue = OTLPSchema(
        "AnyValue",
        [
            one(1, "stringValue", .string), one(2, "boolValue", .bool), one(3, "intValue", .signed),
            one(4, "doubleValue", .double),
            one(5, "arrayValue", .message(OTLPSchema("ArrayValue", [many(1, "values", .anyValue)]))),
            one(6, "kvlistValue", .message(OTLPSchema("KeyValueList", [many(1, "values", .message(keyValue))]))),
            one(7, "bytesValue", .bytes),
        ])
    private static let attributes = Kind.message(keyValue)

    /// Requests of all three signals have the same shape.
    private static func request(_ signal: String, _ records: String, _ record: OTLPSchema) -> OTLPSchema {
        let resource = OTLPSchema("Resource", [many(1, "attributes", attributes)])
        let scope = OTLPSchema("InstrumentationScope", [one(1, "name", .string), one(2, "version", .string)])
        let scopes = OTLPSchema(
            "Scope\(signal)", [one(1, "scope", .message(scope)), many(2, records, .message(record))])
        let resources = OTLPSchema(
            "Resource\(signal)", [one(1, "resource", .message(resource)), many(2, "scope\(signal)", .message(scopes))])
        return OTLPSchema("Export\(signal)ServiceRequest", [many(1, "resource\(signal)", .message(resources))])
    }

    static let traces = request(
        "Spans", "spans",
        OTLPSchema(
            "Span",
            [
                id(1, "traceId"), id(2, "spanId"), one(3, "traceState", .string), id(4, "parentSpanId"),
                one(5, "name", .string), one(6, "kind", .signed), one(7, "startTimeUnixNano", .fixed64),
                one(8, "endTimeUnixNano", .fixed64), many(9, "attributes", attributes),
                one(10, "droppedAttributesCount", .unsigned),
                many(
                    11, "events",
                    .message(
                        OTLPSchema(
                            "Event",
                            [
                                one(1, "timeUnixNano", .fixed64), one(2, "name", .string),
                                many(3, "attributes", attributes),
                            ]))),
                one(12, "droppedEventsCount", .unsigned),
                many(
                    13, "links",
                    .message(
                        OTLPSchema("Link", [id(1, "traceId"), id(2, "spanId"), many(4, "attributes", attributes)]))),
                one(14, "droppedLinksCount", .unsigned),
                one(
                    15, "status", .message(OTLPSchema("Status", [one(2, "message", .string), one(3, "code", .signed)]))),
                one(16, "flags", .fixed32),
            ]))

    static let logs = request(
        "Logs", "logRecords",
        OTLPSchema(
            "LogRecord",
            [
                one(1, "timeUnixNano", .fixed64), one(2, "severityNumber", .signed), one(3, "severityText", .string),
                one(5, "body", .anyValue), many(6, "attributes", attributes), id(9, "traceId"), id(10, "spanId"),
                one(11, "observedTimeUnixNano", .fixed64),
            ]))

    private static let exemplar = OTLPSchema(
        "Exemplar",
        [
            one(2, "timeUnixNano", .fixed64), one(3, "asDouble", .double), id(4, "spanId"), id(5, "traceId"),
            one(6, "asInt", .signedFixed64),
        ])
    private static let number = OTLPSchema(
        "NumberDataPoint",
        [
            one(2, "startTimeUnixNano", .fixed64), one(3, "timeUnixNano", .fixed64), one(4, "asDouble", .double),
            many(5, "exemplars", .message(exemplar)), one(6, "asInt", .signedFixed64),
            many(7, "attributes", attributes),
        ])
    private static let histogram = OTLPSchema(
        "HistogramDataPoint",
        [
            one(2, "startTimeUnixNano", .fixed64), one(3, "timeUnixNano", .fixed64), one(4, "count", .fixed64),
            one(5, "sum", .double), many(6, "bucketCounts", .fixed64), many(7, "explicitBounds", .double),
            many(8, "exemplars", .message(exemplar)), many(9, "attributes", attributes), one(11, "min", .double),
            one(12, "max", .double),
        ])
    private static let buckets = OTLPSchema(
        "Buckets", [one(1, "offset", .zigzag), many(2, "bucketCounts", .unsigned)])
    private static let exponential = OTLPSchema(
        "ExponentialHistogramDataPoint",
        [
            many(1, "attributes", attributes), one(2, "startTimeUnixNano", .fixed64), one(3, "timeUnixNano", .fixed64),
            one(4, "count", .fixed64), one(5, "sum", .double), one(6, "scale", .zigzag), one(7, "zeroCount", .fixed64),
            one(8, "positive", .message(buckets)), one(9, "negative", .message(buckets)),
            many(11, "exemplars", .message(exemplar)), one(12, "min", .double), one(13, "max", .double),
        ])
    private static let summary = OTLPSchema(
        "SummaryDataPoint",
        [
            one(2, "startTimeUnixNano", .fixed64), one(3, "timeUnixNano", .fixed64), one(4, "count", .fixed64),
            one(5, "sum", .double),
            many(
                6, "quantileValues",
                .message(OTLPSchema("ValueAtQuantile", [one(1, "quantile", .double), one(2, "value", .double)]))),
            many(7, "attributes", attributes),
        ])

    private static func data(_ name: String, _ point: OTLPSchema) -> Kind {
        .message(
            OTLPSchema(
                name,
                [
                    many(1, "dataPoints", .message(point)), one(2, "aggregationTemporality", .signed),
                    one(3, "isMonotonic", .bool),
                ]))
    }

    /// The answer to a request of any signal.
    static let response = OTLPSchema(
        "ExportServiceResponse",
        [
            one(
                1, "partialSuccess",
                .message(OTLPSchema("PartialSuccess", [one(1, "rejected", .signed), one(2, "errorMessage", .string)])))
        ])

    static let metrics = request(
        "Metrics", "metrics",
        OTLPSchema(
            "Metric",
            [
                one(1, "name", .string), one(2, "description", .string), one(3, "unit", .string),
                one(5, "gauge", data("Gauge", number)), one(7, "sum", data("Sum", number)),
                one(9, "histogram", data("Histogram", histogram)),
                one(10, "exponentialHistogram", data("ExponentialHistogram", exponential)),
                one(11, "summary", data("Summary", summary)),
            ]))
}

/// A message that was read: its fields by number.
struct OTLPMessage {
    enum Value {
        case string(String)
        case bytes([UInt8])
        case bool(Bool)
        case signed(Int64)
        case unsigned(UInt64)
        case double(Double)
        case message(OTLPMessage)
    }

    var fields: [Int: [Value]] = [:]

    subscript(_ number: Int) -> Value? { self.fields[number]?.last }

    func has(_ number: Int) -> Bool { self.fields[number] != nil }

    func string(_ number: Int) -> String {
        guard case .string(let text) = self[number] else { return "" }
        return text
    }

    func bytes(_ number: Int) -> [UInt8] {
        guard case .bytes(let bytes) = self[number] else { return [] }
        return bytes
    }

    func signed(_ number: Int) -> Int64 {
        guard case .signed(let value) = self[number] else { return 0 }
        return value
    }

    func unsigned(_ number: Int) -> UInt64 {
        guard case .unsigned(let value) = self[number] else { return 0 }
        return value
    }

    func double(_ number: Int) -> Double? {
        guard case .double(let value) = self[number] else { return nil }
        return value
    }

    func message(_ number: Int) -> OTLPMessage? {
        guard case .message(let message) = self[number] else { return nil }
        return message
    }

    func messages(_ number: Int) -> [OTLPMessage] {
        (self.fields[number] ?? []).compactMap { value in
            guard case .message(let message) = value else { return nil }
            return message
        }
    }
}
