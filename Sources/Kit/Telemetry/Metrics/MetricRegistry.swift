public import CoreMetrics
public import Essentials
import Synchronization

/// The metrics backend of one service for swift-metrics.
///
/// A metric has a bounded number of series; what comes after counts in one series with the label
/// `otel.metric.overflow="true"`. Two metrics whose names would be one in OpenMetrics cannot both be there: the second
/// one counts nothing, and ``conflicts`` tells.
public final class MetricRegistry: MetricsFactory {
    public struct Configuration: Sendable {
        /// How many series a metric may have. Default: 2,000.
        public var maximumSeries = 2_000
        /// How many metrics there may be. Default: 2,000.
        public var maximumFamilies = 2_000
        /// After how many characters a label's value is cut. Default: 256.
        public var maximumLength = 256
        /// How many buckets a histogram has. Default: 160.
        public var histogramSize = 160
        /// What is known of metrics beforehand, by label: unit by UCUM and a sentence.
        public var descriptions: [String: (unit: String, help: String)] = [:]
        /// The instrumentation scope of all metrics. Default: `mainstay`.
        public var scope = Scope(name: "mainstay")

        public init() {}
    }

    private struct State {
        var families: [String: Family] = [:]
        /// The names of OpenMetrics that are taken, and by which metric.
        var names: [String: String] = [:]
        var conflicts: [String] = []
    }

    private let state = Mutex(State())
    private let configuration: Configuration
    private let resource: Resource
    private let redactor: Redactor
    private let wallClock: WallClock
    private let start: Int64

    public init(
        resource: Resource, configuration: Configuration = Configuration(), redactor: Redactor = Redactor(),
        wallClock: WallClock = .system
    ) {
        self.resource = Resource(attributes: resource.attributes.map(redactor.attribute))
        self.configuration = configuration
        self.redactor = redactor
        self.wallClock = wallClock
        self.start = wallClock.now.microseconds &* 1_000
    }

    /// Metrics that count nothing because another one has their name, or because there are too many. Sorted.
    public var conflicts: [String] { self.state.withLock { $0.conflicts.sorted() } }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        self.series(label, .counter, dimensions, CounterSeries.self) { CounterSeries() }
    }

    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        self.series(label, .counter, dimensions, FractionSeries.self) { FractionSeries(isMonotonic: true) }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        self.series(label, .gauge, dimensions, FractionSeries.self) { FractionSeries(isMonotonic: false) }
    }

    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else {
            return self.series(label, .gauge, dimensions, LastValueSeries.self) { LastValueSeries() }
        }
        return self.series(label, .histogram, dimensions, HistogramSeries.self) { self.makeHistogram() }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        self.series(label, .histogram, dimensions, HistogramSeries.self, unit: "s") { self.makeHistogram() }
    }

    public func destroyCounter(_ handler: any CounterHandler) { self.forget(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { self.forget(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { self.forget(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { self.forget(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { self.forget(handler) }

    /// Everything as it stands, metrics by name and series by labels. Texts in it are redacted.
    public func snapshot() -> [MetricFamily] {
        let now = self.wallClock.now.microseconds &* 1_000
        let families = self.state.withLock { Array($0.families.values) }.sorted { $0.label < $1.label }
        return families.map { family in
            MetricFamily(
                name: self.redactor.text(family.label), kind: family.kind, unit: family.unit, help: family.help,
                points: family.points(start: self.start, now: now), resource: self.resource,
                scope: self.configuration.scope)
        }
    }

    private func makeHistogram() -> HistogramSeries {
        HistogramSeries(maximumSize: self.configuration.histogramSize, wallClock: self.wallClock)
    }

    private func series<Series: AnyObject & Sendable>(
        _ label: String, _ kind: MetricFamily.Kind, _ dimensions: [(String, String)], _: Series.Type, unit: String = "",
        make: () -> Series
    ) -> Series {
        let family = self.state.withLock { state in
            if let family = state.families[label] { return family.kind == kind ? family : nil }
            return self.add(label, kind, unit: unit, to: &state)
        }
        let series = family?.series(
            dimensions, maximum: self.configuration.maximumSeries, canonical: self.canonical, make: make)
        // One that is known to nobody: its metric could not be added, or is of another type.
        return series as? Series ?? make()
    }

    private func add(_ label: String, _ kind: MetricFamily.Kind, unit: String, to state: inout State) -> Family? {
        let known = self.configuration.descriptions[label]
        let family = Family(label: label, kind: kind, unit: known?.unit ?? unit, help: known?.help ?? "")
        let names = OpenMetricsText.names(label, kind, unit: family.unit)
        guard state.families.count < self.configuration.maximumFamilies,
            names.allSatisfy({ state.names[$0] == nil })
        else {
            if !state.conflicts.contains(label), state.conflicts.count < 100 { state.conflicts.append(label) }
            return nil
        }
        for name in names { state.names[name] = label }
        state.families[label] = family
        return family
    }

    /// Labels as they are kept: redacted, cut, sorted, no name twice.
    private func canonical(_ dimensions: [(String, String)]) -> [Attribute] {
        var labels: [String: String] = [:]
        for (name, value) in dimensions {
            let value = self.redactor.isSensitive(name) ? Redactor.mark : self.redactor.text(value)
            labels[name] = String(value.prefix(self.configuration.maximumLength))
        }
        return labels.sorted { $0.key < $1.key }.map { Attribute($0.key, .string($0.value)) }
    }

    private func forget(_ handler: AnyObject) {
        let families = self.state.withLock { Array($0.families.values) }
        for family in families { family.forget(handler) }
    }
}

/// The series of one metric.
private final class Family: Sendable {
    let label: String
    let kind: MetricFamily.Kind
    let unit: String
    let help: String
    private let series = Mutex<[[Attribute]: any AnyObject & Sendable]>([:])

    static let overflow = [Attribute(SemanticConventions.metricOverflow, "true")]

    init(label: String, kind: MetricFamily.Kind, unit: String, help: String) {
        self.label = label
        self.kind = kind
        self.unit = unit
        self.help = help
    }

    /// The series of these labels. Those that are canonical already are found at the first look.
    func series(
        _ dimensions: [(String, String)], maximum: Int, canonical: ([(String, String)]) -> [Attribute],
        make: () -> any AnyObject & Sendable
    ) -> any AnyObject & Sendable {
        let given = dimensions.map { Attribute($0.0, .string($0.1)) }
        if let known = self.series.withLock({ $0[given] }) { return known }
        let labels = canonical(dimensions)
        return self.series.withLock { series in
            if let known = series[labels] { return known }
            let isFull = series.count >= maximum && series[Self.overflow] == nil || series.count > maximum
            let key = isFull ? Self.overflow : labels
            if let known = series[key] { return known }
            let new = make()
            series[key] = new
            return new
        }
    }

    func forget(_ handler: AnyObject) {
        self.series.withLock { series in
            guard let labels = series.first(where: { $0.value === handler })?.key, labels != Self.overflow else {
                return
            }
            series[labels] = nil
        }
    }

    func points(start: Int64, now: Int64) -> [MetricFamily.Point] {
        let series = self.series.withLock { $0 }
        let sorted = series.sorted { left, right in
            left.key.lexicographicallyPrecedes(right.key) {
                ($0.key, $0.value.description) < ($1.key, $1.value.description)
            }
        }
        return sorted.compactMap { labels, series in
            let (value, exemplars): (MetricValue, [Exemplar])
            switch series {
            case let counter as CounterSeries: (value, exemplars) = (.int(counter.current), [])
            case let fraction as FractionSeries: (value, exemplars) = (.double(fraction.current), [])
            case let last as LastValueSeries: (value, exemplars) = (.double(last.series.current), [])
            case let histogram as HistogramSeries:
                let current = histogram.current
                (value, exemplars) = (.exponential(current.histogram), current.exemplars)
            default: return nil
            }
            return MetricFamily.Point(labels: labels, start: start, time: now, value: value, exemplars: exemplars)
        }
    }
}
