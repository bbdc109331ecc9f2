/// All series of one metric at one moment, in OpenTelemetry's data model.
public struct MetricFamily: Hashable, Sendable {
    /// What kind of metric it is.
    public enum Kind: Hashable, Sendable {
        case gauge
        /// Sums since their start.
        case counter
        /// Sums that may fall.
        case upDownCounter
        case histogram
        /// Quantiles that somebody else computed. Only received, never made here.
        case summary
    }

    /// One value at one moment for one set of labels.
    public struct Point: Hashable, Sendable {
        /// Sorted by key when they are our own.
        public var labels: [Attribute]
        /// Nanoseconds since 1970: since when the value counts. Zero when unknown.
        public var start: Int64
        /// Nanoseconds since 1970.
        public var time: Int64
        public var value: MetricValue
        public var exemplars: [Exemplar]

        public init(labels: [Attribute], start: Int64, time: Int64, value: MetricValue, exemplars: [Exemplar] = []) {
            self.labels = labels
            self.start = start
            self.time = time
            self.value = value
            self.exemplars = exemplars
        }
    }

    public var name: String
    public var kind: Kind
    /// By UCUM: `s`, `By`, `{request}`. Empty when unknown.
    public var unit: String
    public var help: String
    /// Sums and histograms count since their start, not since the last report.
    public var isCumulative: Bool
    public var points: [Point]
    public var resource: Resource
    public var scope: Scope

    public init(
        name: String, kind: Kind, unit: String = "", help: String = "", isCumulative: Bool = true, points: [Point] = [],
        resource: Resource, scope: Scope = Scope(name: "")
    ) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.help = help
        self.isCumulative = isCumulative
        self.points = points
        self.resource = resource
        self.scope = scope
    }
}

public indirect enum MetricValue: Hashable, Sendable {
    case int(Int64)
    case double(Double)
    case exponential(ExponentialHistogram)
    case explicit(ExplicitHistogram)
    case summary(count: UInt64, sum: Double, quantiles: [Quantile])

    public struct Quantile: Hashable, Sendable {
        public var quantile: Double
        public var value: Double

        public init(quantile: Double, value: Double) {
            self.quantile = quantile
            self.value = value
        }
    }
}

/// A histogram with bounds that its sender chose. Only received, never made here.
public struct ExplicitHistogram: Hashable, Sendable {
    public var count: UInt64
    public var sum: Double?
    public var minimum: Double?
    public var maximum: Double?
    /// Ascending upper bounds.
    public var bounds: [Double]
    /// One more than bounds, or none.
    public var counts: [UInt64]

    public init(
        count: UInt64, sum: Double? = nil, minimum: Double? = nil, maximum: Double? = nil, bounds: [Double],
        counts: [UInt64]
    ) {
        self.count = count
        self.sum = sum
        self.minimum = minimum
        self.maximum = maximum
        self.bounds = bounds
        self.counts = counts
    }
}

/// One measured value and the trace in which it was measured.
public struct Exemplar: Hashable, Sendable {
    public var value: Double
    /// Nanoseconds since 1970.
    public var time: Int64
    public var traceID: TraceID?
    public var spanID: SpanID?

    public init(value: Double, time: Int64, traceID: TraceID?, spanID: SpanID?) {
        self.value = value
        self.time = time
        self.traceID = traceID
        self.spanID = spanID
    }
}
