import Essentials
import Synchronization

/// Holds finished spans and log records until somebody fetches them. Handing over never waits: what finds the buffer full
/// is dropped and counted.
public final class TelemetryBuffer: SpanSink, LogSink {
    private struct State {
        var spans: ExportQueue<SpanRecord>
        var logs: ExportQueue<LogRecord>
    }

    private let state: Mutex<State>
    private let redactor: Redactor

    /// - Parameters:
    ///   - capacity: how many spans, and how many log records, wait at most. Default: 8,192.
    ///   - redactor: what is fetched has no secrets.
    public init(capacity: Int = 8_192, redactor: Redactor = Redactor()) {
        precondition(capacity > 0, "a buffer has room")
        self.redactor = redactor
        self.state = Mutex(State(spans: ExportQueue(capacity: capacity), logs: ExportQueue(capacity: capacity)))
    }

    public func ended(_ span: SpanRecord) { self.state.withLock { $0.spans.add([span]) } }

    public func log(_ record: LogRecord) { self.state.withLock { $0.logs.add([record]) } }

    /// How many spans and log records were dropped.
    public var dropped: Int { self.state.withLock { $0.spans.dropped + $0.logs.dropped } }

    /// The oldest spans, redacted, at most `count`. They are gone from the buffer.
    public func takeSpans(_ count: Int) -> [SpanRecord] {
        self.state.withLock { $0.spans.take(count) }.map { $0.redacted(by: self.redactor) }
    }

    /// The oldest log records, at most `count`. They are gone from the buffer.
    public func takeLogs(_ count: Int) -> [LogRecord] {
        self.state.withLock { $0.logs.take(count) }.map { $0.redacted(by: self.redactor) }
    }
}
