public import Essentials
public import Logging
import Tracing

/// Where log records go, redacted. It must be quick and not block.
public protocol LogSink: Sendable {
    func log(_ record: LogRecord)
}

/// The logging backend for swift-log: records with the ids of the trace they were written in, redacted before anything
/// else sees them.
public struct TelemetryLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var logLevel: Logger.Level
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let resource: Resource
    private let sinks: [any LogSink]
    private let redactor: Redactor
    private let wallClock: WallClock

    /// - Parameters:
    ///   - label: the logger's; it becomes the instrumentation scope.
    ///   - sinks: all of them get every record.
    public init(
        label: String, resource: Resource, sinks: [any LogSink], level: Logger.Level = .info,
        redactor: Redactor = Redactor(), wallClock: WallClock = .system
    ) {
        self.label = label
        self.resource = resource
        self.sinks = sinks
        self.logLevel = level
        self.redactor = redactor
        self.wallClock = wallClock
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var metadata = self.metadata
        if let provided = self.metadataProvider?.get() { metadata.merge(provided) { _, last in last } }
        if let given = event.metadata { metadata.merge(given) { _, last in last } }
        var attributes = metadata.map { Attribute($0.key, AttributeValue($0.value)) }
        if let error = event.error {
            attributes.append(
                Attribute(SemanticConventions.exceptionType, .string(String(reflecting: type(of: error)))))
            attributes.append(Attribute(SemanticConventions.exceptionMessage, .string("\(error)")))
        }
        attributes.sort { $0.key < $1.key }
        let span = InstrumentationContext.current?.span
        let record = LogRecord(
            time: self.wallClock.now.microseconds &* 1_000, severity: LogRecord.Severity(event.level),
            severityText: event.level.rawValue, body: .string(event.message.description), attributes: attributes,
            traceID: span?.traceID, spanID: span?.spanID, resource: self.resource, scope: Scope(name: self.label)
        ).redacted(by: self.redactor)
        for sink in self.sinks { sink.log(record) }
    }
}

extension AttributeValue {
    init(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): self = .string(text)
        case .stringConvertible(let value): self = Self.plain(value)
        case .array(let values): self = .array(values.map { AttributeValue($0) })
        case .dictionary(let members):
            self = .map(members.sorted { $0.key < $1.key }.map { Attribute($0.key, AttributeValue($0.value)) })
        }
    }

    /// Numbers stay numbers.
    private static func plain(_ value: any CustomStringConvertible & Sendable) -> AttributeValue {
        switch value {
        case let value as Int: .int(Int64(value))
        case let value as Int64: .int(value)
        case let value as Bool: .bool(value)
        case let value as Double: .double(value)
        default: .string(value.description)
        }
    }
}
