import Essentials
import Synchronization
import Telemetry

/// Keeps all that it is given.
final class CollectingSink: SpanSink, LogSink {
    private let state = Mutex<(spans: [SpanRecord], logs: [LogRecord])>(([], []))

    var spans: [SpanRecord] { self.state.withLock(\.spans) }
    var logs: [LogRecord] { self.state.withLock(\.logs) }

    func ended(_ span: SpanRecord) { self.state.withLock { $0.spans.append(span) } }
    func log(_ record: LogRecord) { self.state.withLock { $0.logs.append(record) } }
}

extension TraceID {
    static func numbered(_ number: UInt64) -> TraceID { TraceID(high: number, low: number << 40 | 1)! }
}

extension SpanRecord {
    /// A span between two moments in milliseconds.
    static func sample(
        _ name: String, trace: UInt64 = 1, id: UInt64, parent: UInt64? = nil, _ milliseconds: ClosedRange<Int64>,
        service: String = "orders", kind: SpanRecord.Kind = .server, remote: Bool = false, error: String? = nil,
        attributes: [Attribute] = []
    ) -> SpanRecord {
        var span = SpanRecord(
            traceID: .numbered(trace), spanID: SpanID(id)!, parentID: parent.flatMap { SpanID($0) }, name: name,
            kind: kind, start: milliseconds.lowerBound * 1_000_000, end: milliseconds.upperBound * 1_000_000,
            resource: Resource(service: service))
        span.parentIsRemote = remote
        span.attributes = attributes
        if let error { span.status = .error(error) }
        return span
    }
}
