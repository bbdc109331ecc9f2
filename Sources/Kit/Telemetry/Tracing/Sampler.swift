/// Decides at the beginning of a span whether it is recorded.
public struct Sampler: Hashable, Sendable {
    /// What happens to a span.
    public enum Decision: Hashable, Sendable {
        /// Not recorded; the ids travel on.
        case drop
        /// Recorded for those who decide at the end of the trace; callees are not told to sample it.
        case record
        /// Recorded, and callees are told.
        case sample
    }

    /// The share of traces sampled among those that begin here, in `0...1`. Default: 1.
    public var ratio: Double
    /// What becomes of the others. Default: `record`, so that a tail sampler sees errors and slow traces among them.
    public var otherwise: Decision
    /// What becomes of the spans of a trace that the caller did not sample. Default: `record`.
    public var whenCallerDoesNot: Decision

    public init(ratio: Double = 1, otherwise: Decision = .record, whenCallerDoesNot: Decision = .record) {
        self.ratio = min(1, max(0, ratio))
        self.otherwise = otherwise
        self.whenCallerDoesNot = whenCallerDoesNot
    }

    public static let always = Sampler()
    public static let never = Sampler(ratio: 0, otherwise: .drop, whenCallerDoesNot: .drop)

    /// - Parameter parent: the caller's context, or that of the span around this one.
    func decide(_ trace: TraceID, parent: SpanContext?) -> Decision {
        guard let parent else { return trace.fraction < self.ratio ? .sample : self.otherwise }
        if parent.isSampled { return .sample }
        return parent.isRemote ? self.whenCallerDoesNot : parent.isRecorded ? .record : .drop
    }
}
