public import Essentials

/// Writes log records as JSON, one object a line.
///
/// ```json
/// {"timestamp":"2026-03-01T09:30:00.125Z","level":"info","service":"orders","logger":"checkout","message":"placed",
///  "trace_id":"…","span_id":"…","order.id":"…"}
/// ```
/// Metadata stands beside the fixed members; what would take the name of one stands under `metadata.NAME`.
public struct JSONLogLines: LogSink {
    private static let fixed: Set<String> = [
        "timestamp", "level", "service", "logger", "message", "trace_id", "span_id",
    ]

    private let write: @Sendable ([UInt8]) -> Void

    /// - Parameter write: gets a whole line with its end, in one piece.
    public init(_ write: @escaping @Sendable ([UInt8]) -> Void) {
        self.write = write
    }

    public func log(_ record: LogRecord) { self.write(Self.line(record)) }

    /// One line, with its end.
    public static func line(_ record: LogRecord) -> [UInt8] {
        var object = JSONObject()
        var members: [(String, JSONValue)] = [
            ("timestamp", .string(Timestamp(microseconds: record.time / 1_000).rfc3339)),
            ("level", .string(record.severityText)), ("service", .string(record.resource.service)),
        ]
        if !record.scope.name.isEmpty { members.append(("logger", .string(record.scope.name))) }
        members.append(("message", JSONValue(record.body)))
        if let trace = record.traceID { members.append(("trace_id", .string(trace.description))) }
        if let span = record.spanID { members.append(("span_id", .string(span.description))) }
        for attribute in record.attributes {
            let name = self.fixed.contains(attribute.key) ? "metadata.\(attribute.key)" : attribute.key
            members.append((name, JSONValue(attribute.value)))
        }
        for (name, value) in members { object[name] = value }
        return JSONValue.object(object).serializedInOrder + [UInt8(ascii: "\n")]
    }
}

extension JSONValue {
    /// JSON has no bytes and no infinity: bytes are written in hexadecimal, such numbers as texts.
    public init(_ value: AttributeValue) {
        switch value {
        case .string(let text): self = .string(text)
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .integer(number)
        case .double(let number): self = number.isFinite ? .number("\(number)") : .string("\(number)")
        case .array(let values): self = .array(values.map { JSONValue($0) })
        case .map(let members):
            var object = JSONObject()
            for member in members { object[member.key] = JSONValue(member.value) }
            self = .object(object)
        case .bytes: self = .string(value.description)
        case .empty: self = .null
        }
    }
}
