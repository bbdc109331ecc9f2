public import Essentials
import EventSourcing
import HTTPTypes
public import Telemetry
import Tracing

/// What a service tells about itself: spans and metrics.
public struct ServiceTelemetry: Sendable {
    /// Makes the spans. Nil: none are made, and trace contexts are passed on as they came.
    public let tracer: TelemetryTracer?
    public let metrics: MetricRegistry
    /// A request that took this long is recorded even when its trace is not. Default: 1 second.
    public var slow = Duration.seconds(1)

    public init(tracer: TelemetryTracer?, metrics: MetricRegistry) {
        self.tracer = tracer
        self.metrics = metrics
    }

    /// Metrics, and no spans.
    public init(service: ServiceName, version: String, wallClock: WallClock) {
        let resource = Resource(service: service.rawValue, version: version)
        self.init(tracer: nil, metrics: MetricRegistry(resource: resource, wallClock: wallClock))
    }

    /// Runs `body` within a span when the code stands in a trace that is recorded; else just runs it.
    /// - Parameter attributes: asked only for a span that is recorded.
    func within<Value>(
        _ name: @autoclosure () -> String, _ kind: SpanKind = .internal, _ attributes: () -> SpanAttributes,
        _ body: () async throws -> Value,
    ) async rethrows -> Value {
        guard let tracer, let context = InstrumentationContext.current, context.span?.isRecorded == true else {
            return try await body()
        }
        return try await Self.run(tracer.begin(name(), kind, context, attributes), body)
    }

    /// Runs `body` within a span below the one that a message or a stored request came from, or begins nothing when that
    /// trace is not recorded.
    func below<Value>(
        _ traceparent: String?, _ name: @autoclosure () -> String, _ kind: SpanKind = .internal,
        _ attributes: () -> SpanAttributes, _ body: () async throws -> Value,
    ) async rethrows -> Value {
        guard let tracer, let context = Self.context(of: traceparent), context.span?.isSampled == true else {
            return try await body()
        }
        return try await Self.run(tracer.begin(name(), kind, context, attributes), body)
    }

    /// The context that a header speaks of.
    static func context(of traceparent: String?) -> InstrumentationContext? {
        guard let parent = traceparent.flatMap({ TraceParent(header: $0) }) else { return nil }
        var context = InstrumentationContext.topLevel
        context.span = SpanContext(remote: parent)
        return context
    }

    private static func run<Value>(
        _ span: TelemetrySpan, _ body: () async throws -> Value,
    ) async rethrows -> Value {
        defer { span.end() }
        return try await InstrumentationContext.$current.withValue(span.context) {
            do {
                return try await body()
            } catch {
                span.failed(error)
                throw error
            }
        }
    }
}

extension TelemetryTracer {
    func begin(
        _ name: String, _ kind: SpanKind, _ context: InstrumentationContext, _ attributes: () -> SpanAttributes,
    ) -> TelemetrySpan {
        let span = self.startSpan(name, context: context, ofKind: kind)
        if span.isRecording { span.attributes = attributes() }
        return span
    }
}

extension TelemetrySpan {
    /// Ends with an error, unless somebody only stopped waiting.
    func failed(_ error: any Error) {
        guard !(error is CancellationError) else { return }
        self.recordError(error)
        self.setStatus(SpanStatus(code: .error, message: "\(error)"))
    }
}

extension EventMetadata {
    /// For what is done now: the span at hand is the parent of what follows from it.
    static func traceparent(or received: String?) -> String? {
        InstrumentationContext.current?.span?.parent.header ?? received
    }
}
