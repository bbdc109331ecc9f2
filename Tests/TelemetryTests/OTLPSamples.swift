import Essentials

@testable import Telemetry

/// Telemetry by chance, in every shape that OTLP has.
struct OTLPSamples {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        self.generator = SeededGenerator(seed: seed)
    }

    private mutating func below(_ bound: UInt64) -> UInt64 { self.generator.next(upperBound: bound) }

    private mutating func text() -> String {
        ["", "orders", "GET /v1/orders/{id}", "é\u{1F600}\n\"", "a b=c"][Int(self.below(5))]
    }

    private mutating func value(_ depth: Int = 0) -> AttributeValue {
        switch self.below(depth < 2 ? 8 : 5) {
        case 0: .string(self.text())
        case 1: .bool(self.below(2) == 0)
        case 2: .int(Int64(bitPattern: self.generator.next()))
        case 3: .double(Double(Int64(self.below(2_000)) - 1_000) / 8)
        case 4: .bytes((0..<self.below(5)).map { UInt8($0) })
        case 5: .array((0..<self.below(3)).map { _ in self.value(depth + 1) })
        case 6: .map(self.attributes(depth + 1))
        default: .empty
        }
    }

    private mutating func attributes(_ depth: Int = 0) -> [Attribute] {
        (0..<self.below(4)).map { Attribute("k\($0)", self.value(depth)) }
    }

    private mutating func resource() -> Resource { Resource(service: "s\(self.below(3))", version: "1") }
    private mutating func scope() -> Scope {
        Scope(name: "scope\(self.below(2))", version: self.below(2) == 0 ? "" : "2")
    }
    private mutating func trace() -> TraceID { TraceID(high: self.generator.next(), low: self.generator.next())! }
    private mutating func id() -> SpanID { SpanID(self.generator.next())! }
    private mutating func moment() -> Int64 { 1_767_225_600_000_000_000 + Int64(self.below(1_000_000_000)) }

    mutating func spans(_ count: Int) -> [SpanRecord] {
        (0..<count).map { _ in
            let start = self.moment()
            var span = SpanRecord(
                traceID: self.trace(), spanID: self.id(), parentID: self.below(2) == 0 ? nil : self.id(),
                name: self.text(), kind: SpanRecord.Kind.allCases[Int(self.below(6))], start: start,
                end: start + Int64(self.below(1_000_000)), resource: self.resource(), scope: self.scope())
            span.parentIsRemote = span.parentID != nil && self.below(2) == 0
            span.isSampled = self.below(2) == 0
            span.state = TraceState(header: ["", "a=1,b=2"][Int(self.below(2))])!
            span.status = [.unset, .ok, .error(self.text())][Int(self.below(3))]
            span.attributes = self.attributes()
            span.events = (0..<self.below(3)).map { _ in
                SpanRecord.Event(name: self.text(), time: self.moment(), attributes: self.attributes())
            }
            span.links = (0..<self.below(2)).map { _ in
                SpanRecord.Link(traceID: self.trace(), spanID: self.id(), attributes: self.attributes())
            }
            span.droppedAttributes = Int(self.below(3))
            span.droppedEvents = Int(self.below(3))
            span.droppedLinks = Int(self.below(3))
            return span
        }
    }

    mutating func logs(_ count: Int) -> [LogRecord] {
        (0..<count).map { _ in
            let isTraced = self.below(2) == 0
            return LogRecord(
                time: self.moment(), severity: LogRecord.Severity.allCases[Int(self.below(8))],
                severityText: self.text(), body: self.value(), attributes: self.attributes(),
                traceID: isTraced ? self.trace() : nil, spanID: isTraced ? self.id() : nil, resource: self.resource(),
                scope: self.scope())
        }
    }

    private mutating func exponential() -> MetricValue {
        var histogram = ExponentialHistogram()
        for _ in 0..<self.below(50) { histogram.record(Double(Int64(self.below(4_000)) - 500) / 16) }
        return .exponential(histogram)
    }

    private mutating func explicit() -> MetricValue {
        .explicit(
            ExplicitHistogram(count: 6, sum: 7.5, minimum: 0.5, maximum: 3, bounds: [1, 2], counts: [1, 2, 3]))
    }

    private mutating func point(_ kind: MetricFamily.Kind, isExplicit: Bool) -> MetricFamily.Point {
        let value: MetricValue =
            switch kind {
            case .gauge, .upDownCounter: .double(Double(self.below(1_000)) / 4)
            case .counter: .int(Int64(self.below(1_000)))
            case .histogram: isExplicit ? self.explicit() : self.exponential()
            case .summary:
                .summary(count: 3, sum: 4.5, quantiles: [MetricValue.Quantile(quantile: 0.5, value: 1.5)])
            }
        let exemplar = Exemplar(value: 1.5, time: self.moment(), traceID: self.trace(), spanID: self.id())
        return MetricFamily.Point(
            labels: self.attributes(), start: self.moment(), time: self.moment(), value: value,
            exemplars: kind == .summary || self.below(2) == 0 ? [] : [exemplar])
    }

    mutating func metrics(_ count: Int) -> [MetricFamily] {
        (0..<count).map { number in
            let kind: MetricFamily.Kind = [.gauge, .counter, .upDownCounter, .histogram, .summary][Int(self.below(5))]
            let isExplicit = self.below(2) == 0
            return MetricFamily(
                name: "metric.\(number)", kind: kind, unit: ["", "s", "By"][Int(self.below(3))], help: self.text(),
                isCumulative: kind == .gauge || kind == .summary || self.below(2) == 0,
                points: (0...self.below(3)).map { _ in self.point(kind, isExplicit: isExplicit) },
                resource: self.resource(), scope: self.scope())
        }
    }
}
