import Logging

/// One line of a log, in OpenTelemetry's data model.
public struct LogRecord: Hashable, Sendable {
    /// The first number of each range of OpenTelemetry's severities.
    public enum Severity: Int, Hashable, Sendable, Comparable, CaseIterable {
        case unspecified = 0
        case trace = 1
        case debug = 5
        case info = 9
        /// swift-log's `notice`.
        case info2 = 10
        case warning = 13
        case error = 17
        /// swift-log's `critical`.
        case fatal = 21

        public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }

        /// The severity of a number in `0...24`: the greatest of these that is not above it.
        public init(number: Int) {
            self = Self.allCases.last { $0.rawValue <= number } ?? .unspecified
        }
    }

    /// Nanoseconds since 1970.
    public var time: Int64
    public var severity: Severity
    /// The level's name as its source writes it: `info`, `WARN`.
    public var severityText: String
    public var body: AttributeValue
    /// Sorted by key when the record is our own.
    public var attributes: [Attribute]
    public var traceID: TraceID?
    public var spanID: SpanID?
    public var resource: Resource
    public var scope: Scope

    public init(
        time: Int64, severity: Severity, severityText: String, body: AttributeValue, attributes: [Attribute] = [],
        traceID: TraceID? = nil, spanID: SpanID? = nil, resource: Resource, scope: Scope = Scope(name: "")
    ) {
        self.time = time
        self.severity = severity
        self.severityText = severityText
        self.body = body
        self.attributes = attributes
        self.traceID = traceID
        self.spanID = spanID
        self.resource = resource
        self.scope = scope
    }

    /// The record without secrets.
    public func redacted(by redactor: Redactor) -> LogRecord {
        var record = self
        record.severityText = redactor.text(self.severityText)
        record.body = redactor.value(self.body)
        record.attributes = self.attributes.map(redactor.attribute)
        record.resource = Resource(attributes: self.resource.attributes.map(redactor.attribute))
        return record
    }
}

extension LogRecord.Severity {
    init(_ level: Logger.Level) {
        switch level {
        case .trace: self = .trace
        case .debug: self = .debug
        case .info: self = .info
        case .notice: self = .info2
        case .warning: self = .warning
        case .error: self = .error
        case .critical: self = .fatal
        }
    }
}
