import Essentials
import Synchronization
public import Tracing

/// A span of ``TelemetryTracer``. One that is not recorded costs no memory of its own.
public struct TelemetrySpan: Span {
    public let context: InstrumentationContext
    /// The span's place in its trace.
    public let spanContext: SpanContext
    private let name: String
    private let recording: SpanRecording?

    init(context: InstrumentationContext, spanContext: SpanContext, name: String, recording: SpanRecording?) {
        self.context = context
        self.spanContext = spanContext
        self.name = name
        self.recording = recording
    }

    public var isRecording: Bool { self.recording?.isOpen ?? false }

    public var operationName: String {
        get { self.recording?.name ?? self.name }
        nonmutating set { self.recording?.name = newValue }
    }

    public var attributes: SpanAttributes {
        get { self.recording?.attributes ?? [:] }
        nonmutating set { self.recording?.attributes = newValue }
    }

    /// `ok` is final: no later error takes its place (OpenTelemetry trace API, Set Status).
    public func setStatus(_ status: SpanStatus) { self.recording?.setStatus(status) }

    /// The event counts from this moment, whatever clock it was made by.
    public func addEvent(_ event: SpanEvent) { self.recording?.addEvent(event) }

    public func addLink(_ link: SpanLink) { self.recording?.addLink(link) }

    /// Adds an `exception` event with type and description, as the semantic conventions have it. The status is the
    /// caller's to set.
    public func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        self.recording?.recordError(error, attributes: attributes, at: instant())
    }

    /// Ends the span. A second time does nothing.
    public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        self.recording?.end(at: instant())
    }
}

/// What a span has gathered until it ends.
final class SpanRecording: Sendable {
    private struct State {
        /// Nil once it has been handed on.
        var record: SpanRecord?
        var attributes = SpanAttributes([:])
    }

    private let state: Mutex<State>
    private let tracer: TelemetryTracer
    private let epoch: Int64

    init(_ record: SpanRecord, tracer: TelemetryTracer, epoch: Int64) {
        self.state = Mutex(State(record: record))
        self.tracer = tracer
        self.epoch = epoch
    }

    var isOpen: Bool { self.state.withLock { $0.record != nil } }

    var name: String? {
        get { self.state.withLock { $0.record?.name } }
        set { self.state.withLock { if let newValue { $0.record?.name = newValue } } }
    }

    var attributes: SpanAttributes {
        get { self.state.withLock(\.attributes) }
        set { self.state.withLock { $0.attributes = newValue } }
    }

    func setStatus(_ status: SpanStatus) {
        self.state.withLock { state in
            guard state.record?.status != .ok else { return }
            switch status.code {
            case .ok: state.record?.status = .ok
            case .error: state.record?.status = .error(status.message ?? "")
            }
        }
    }

    func addEvent(_ event: SpanEvent) {
        self.add(event.name, at: self.epoch &+ self.tracer.time.now.nanoseconds, event.attributes)
    }

    func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        var attributes = attributes
        attributes[SemanticConventions.exceptionType] = String(reflecting: type(of: error))
        attributes[SemanticConventions.exceptionMessage] = "\(error)"
        self.add(
            SemanticConventions.exceptionEvent, at: self.tracer.moment(instant(), epoch: self.epoch), attributes)
    }

    private func add(_ name: String, at moment: Int64, _ attributes: SpanAttributes) {
        let limits = self.tracer.configuration
        self.state.withLock { state in
            guard state.record != nil else { return }
            guard (state.record?.events.count ?? 0) < limits.maximumEvents else {
                state.record?.droppedEvents += 1
                return
            }
            state.record?.events.append(
                SpanRecord.Event(name: name, time: moment, attributes: attributes.list(limits).attributes))
        }
    }

    func addLink(_ link: SpanLink) {
        guard let target = link.context.span else { return }
        let limits = self.tracer.configuration
        self.state.withLock { state in
            guard state.record != nil else { return }
            guard (state.record?.links.count ?? 0) < limits.maximumLinks else {
                state.record?.droppedLinks += 1
                return
            }
            state.record?.links.append(
                SpanRecord.Link(
                    traceID: target.traceID, spanID: target.spanID, attributes: link.attributes.list(limits).attributes)
            )
        }
    }

    func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let taken = self.state.withLock { state in
            defer { state.record = nil }
            return state.record.map { ($0, state.attributes) }
        }
        guard var record = taken?.0, let gathered = taken?.1 else { return }
        record.end = max(record.start, self.tracer.moment(instant(), epoch: self.epoch))
        (record.attributes, record.droppedAttributes) = gathered.list(self.tracer.configuration)
        self.tracer.sink.ended(record)
    }
}

extension SpanAttributes {
    /// The attributes by key, as many as are allowed, and how many are not.
    fileprivate func list(_ limits: TelemetryTracer.Configuration) -> (attributes: [Attribute], dropped: Int) {
        guard !self.isEmpty else { return ([], 0) }
        var list: [Attribute] = []
        list.reserveCapacity(self.count)
        self.forEach { list.append(Attribute($0, AttributeValue($1, maximumLength: limits.maximumLength))) }
        list.sort { $0.key < $1.key }
        let dropped = max(0, list.count - limits.maximumAttributes)
        list.removeLast(dropped)
        return (list, dropped)
    }
}

extension AttributeValue {
    init(_ attribute: SpanAttribute, maximumLength: Int) {
        func text(_ value: String) -> AttributeValue {
            .string(value.utf8.count > maximumLength ? String(value.prefix(maximumLength)) : value)
        }
        switch attribute {
        case .int32(let value): self = .int(Int64(value))
        case .int64(let value): self = .int(value)
        case .double(let value): self = .double(value)
        case .bool(let value): self = .bool(value)
        case .string(let value): self = text(value)
        case .stringConvertible(let value): self = text("\(value)")
        case .int32Array(let values): self = .array(values.map { .int(Int64($0)) })
        case .int64Array(let values): self = .array(values.map { .int($0) })
        case .doubleArray(let values): self = .array(values.map { .double($0) })
        case .boolArray(let values): self = .array(values.map { .bool($0) })
        case .stringArray(let values): self = .array(values.map(text))
        case .stringConvertibleArray(let values): self = .array(values.map { text("\($0)") })
        default: self = .empty
        }
    }
}
