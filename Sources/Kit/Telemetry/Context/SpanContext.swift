public import Tracing

/// Where in which trace the code stands: what travels in `InstrumentationContext` and, by headers, between processes.
public struct SpanContext: Hashable, Sendable {
    public var parent: TraceParent
    public var state: TraceState
    /// Came from another process.
    public var isRemote: Bool
    /// Nanoseconds since 1970 at the origin of the ticks. All spans below a local root share it: a jump of the wall clock
    /// moves none of them against the others.
    var epoch: Int64?
    /// Spans are recorded, be it only for those who decide at the end of the trace.
    public internal(set) var isRecorded: Bool

    /// A context as it is received from another process.
    public init(remote parent: TraceParent, state: TraceState = .empty) {
        self.init(parent: parent, state: state, isRemote: true, epoch: nil, isRecorded: parent.flags.contains(.sampled))
    }

    init(parent: TraceParent, state: TraceState, isRemote: Bool, epoch: Int64?, isRecorded: Bool) {
        self.parent = parent
        self.state = state
        self.isRemote = isRemote
        self.epoch = epoch
        self.isRecorded = isRecorded
    }

    public var traceID: TraceID { self.parent.traceID }
    public var spanID: SpanID { self.parent.spanID }
    public var isSampled: Bool { self.parent.flags.contains(.sampled) }
}

private enum SpanContextKey: InstrumentationContextKey {
    typealias Value = SpanContext
    static let nameOverride: String? = "mainstay.span"
}

private enum BaggageKey: InstrumentationContextKey {
    typealias Value = Baggage
    static let nameOverride: String? = "mainstay.baggage"
}

extension InstrumentationContext {
    /// The span of this context, if it is in a trace.
    public var span: SpanContext? {
        get { self[SpanContextKey.self] }
        set { self[SpanContextKey.self] = newValue }
    }

    /// What the application passes along.
    public var baggage: Baggage? {
        get { self[BaggageKey.self] }
        set { self[BaggageKey.self] = newValue }
    }
}

/// Reads and writes the headers of W3C Trace Context and W3C Baggage.
public enum Propagation {
    public static let traceparent = "traceparent"
    public static let tracestate = "tracestate"
    public static let baggage = "baggage"

    /// Puts what the carrier says into the context. Without a valid `traceparent` there is no trace, whatever else is there.
    static func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        if let parent = extractor.extract(key: self.traceparent, from: carrier).flatMap({ TraceParent(header: $0) }) {
            let state = extractor.extract(key: self.tracestate, from: carrier).flatMap { TraceState(header: $0) }
            context.span = SpanContext(remote: parent, state: state ?? .empty)
        }
        if let header = extractor.extract(key: self.baggage, from: carrier) {
            let baggage = Baggage(header: header)
            if !baggage.isEmpty { context.baggage = baggage }
        }
    }

    static func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        if let span = context.span {
            injector.inject(span.parent.header, forKey: self.traceparent, into: &carrier)
            let state = span.state.header
            if !state.isEmpty { injector.inject(state, forKey: self.tracestate, into: &carrier) }
        }
        let baggage = context.baggage?.header ?? ""
        if !baggage.isEmpty { injector.inject(baggage, forKey: self.baggage, into: &carrier) }
    }
}
