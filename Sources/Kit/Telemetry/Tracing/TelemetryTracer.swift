public import Essentials
import Synchronization
public import Tracing

/// The tracing backend of one service for swift-distributed-tracing.
///
/// Spans below one entry into the service share one reading of the wall clock and measure with `TimeSource`: none ends
/// after a parent that waited for it, even when the wall clock jumps.
///
/// Moments that callers pass count; the tracing API's own default clock is not asked, `time` is read in its place.
public final class TelemetryTracer: Tracer {
    public struct Configuration: Sendable {
        /// Default: ``Sampler/always``.
        public var sampler = Sampler.always
        /// How many of the traces that begin here may be sampled; beyond it they are treated as the sampler treats what it
        /// does not choose. Default: as many as the sampler says.
        public var budget: SamplingBudget?
        /// How many attributes a span, an event or a link may have. Default: 128.
        public var maximumAttributes = 128
        /// How many events a span may have. Default: 128.
        public var maximumEvents = 128
        /// How many links a span may have. Default: 128.
        public var maximumLinks = 128
        /// After how many characters a text is cut. Default: 4,096.
        public var maximumLength = 4_096
        /// The instrumentation scope of all spans. Default: `mainstay`.
        public var scope = Scope(name: "mainstay")

        public init() {}
    }

    let configuration: Configuration
    let resource: Resource
    let sink: any SpanSink
    let time: TimeSource
    private let wallClock: WallClock
    /// The state of a SplitMix64 generator: ids without a lock.
    private let ids: Atomic<UInt64>

    public init(
        resource: Resource, sink: any SpanSink, configuration: Configuration = Configuration(),
        wallClock: WallClock = .system, chance: Chance = .system, time: TimeSource = .system
    ) {
        self.resource = resource
        self.sink = sink
        self.configuration = configuration
        self.wallClock = wallClock
        self.ids = Atomic(chance.next())
        self.time = time
    }

    public func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> TelemetrySpan {
        var context = context()
        let parent = context.span
        let traceID = parent?.traceID ?? self.nextTraceID()
        var decision = self.configuration.sampler.decide(traceID, parent: parent)
        if parent == nil, decision == .sample, self.configuration.budget?.take() == false {
            decision = self.configuration.sampler.otherwise
        }
        if decision == .drop, let parent, !parent.isRemote, kind == .internal {
            return TelemetrySpan(context: context, spanContext: parent, name: operationName, recording: nil)
        }
        let epoch = parent?.epoch ?? self.epoch()
        var flags = parent?.parent.flags ?? .random
        if decision == .sample { flags.insert(.sampled) } else { flags.remove(.sampled) }
        let spanContext = SpanContext(
            parent: TraceParent(traceID: traceID, spanID: self.nextSpanID(), flags: flags),
            state: parent?.state ?? .empty, isRemote: false, epoch: epoch, isRecorded: decision != .drop)
        context.span = spanContext
        guard decision != .drop else {
            return TelemetrySpan(context: context, spanContext: spanContext, name: operationName, recording: nil)
        }
        var record = SpanRecord(
            traceID: traceID, spanID: spanContext.spanID, parentID: parent?.spanID, name: operationName,
            kind: SpanRecord.Kind(kind), start: self.moment(instant(), epoch: epoch), end: 0, resource: self.resource,
            scope: self.configuration.scope)
        record.parentIsRemote = parent?.isRemote ?? false
        record.isSampled = decision == .sample
        record.state = spanContext.state
        self.sink.began(traceID)
        return TelemetrySpan(
            context: context, spanContext: spanContext, name: operationName,
            recording: SpanRecording(record, tracer: self, epoch: epoch))
    }

    /// Records a span that was not sampled after all, because of what became of it: an error, or that it took long. Of its
    /// trace only such spans are known. One that is recorded already is left as it is.
    /// - Parameters:
    ///   - span: one of this tracer's that was just begun, and has not been sampled.
    ///   - parent: of the span; nil for a root.
    ///   - began: when it did. It ends now.
    public func recordAfterwards(
        _ span: TelemetrySpan, ofKind kind: SpanKind, parent: SpanContext?, began: Tick, status: SpanRecord.Status,
        attributes: [Attribute]
    ) {
        guard !span.spanContext.isRecorded else { return }
        let epoch = span.spanContext.epoch ?? self.epoch()
        var record = SpanRecord(
            traceID: span.spanContext.traceID, spanID: span.spanContext.spanID, parentID: parent?.spanID,
            name: span.operationName, kind: SpanRecord.Kind(kind), start: epoch &+ began.nanoseconds,
            end: epoch &+ self.time.now.nanoseconds, resource: self.resource, scope: self.configuration.scope)
        record.parentIsRemote = parent?.isRemote ?? false
        record.isSampled = false
        record.state = span.spanContext.state
        record.status = status
        record.attributes = attributes.sorted { $0.key < $1.key }
        self.sink.began(record.traceID)
        self.sink.ended(record)
    }

    public func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        Propagation.extract(carrier, into: &context, using: extractor)
    }

    public func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        Propagation.inject(context, into: &carrier, using: injector)
    }

    /// Sinks write by themselves; there is nothing to wait for here.
    public func forceFlush() {}

    /// The moment that a caller gave, or now when the tracing API would have asked the system's clock.
    func moment<Instant: TracerInstant>(_ instant: @autoclosure () -> Instant, epoch: Int64) -> Int64 {
        if Instant.self == DefaultTracerClock.Timestamp.self { return epoch &+ self.time.now.nanoseconds }
        return Int64(clamping: instant().nanosecondsSinceEpoch)
    }

    private func epoch() -> Int64 {
        self.wallClock.now.microseconds &* 1_000 &- self.time.now.nanoseconds
    }

    private func nextTraceID() -> TraceID {
        while true {
            if let id = TraceID(high: self.nextWord(), low: self.nextWord()) { return id }
        }
    }

    private func nextSpanID() -> SpanID {
        while true {
            if let id = SpanID(self.nextWord()) { return id }
        }
    }

    private func nextWord() -> UInt64 {
        let state = self.ids.wrappingAdd(SeededGenerator.increment, ordering: .relaxed).oldValue
        var generator = SeededGenerator(seed: state)
        return generator.next()
    }
}

extension SeededGenerator {
    /// By how much SplitMix64 moves its state for each number.
    fileprivate static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15
}

extension SpanRecord.Kind {
    init(_ kind: SpanKind) {
        switch kind {
        case .server: self = .server
        case .client: self = .client
        case .producer: self = .producer
        case .consumer: self = .consumer
        case .internal: self = .internal
        }
    }
}
