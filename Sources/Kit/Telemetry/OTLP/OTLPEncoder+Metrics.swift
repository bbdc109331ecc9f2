extension OTLPEncoder {
    static func metric(_ family: MetricFamily, to writer: inout ProtobufWriter) {
        writer.string(1, family.name)
        writer.string(2, family.help)
        writer.string(3, family.unit)
        let temporality: UInt64 = family.isCumulative ? 2 : 1
        switch family.kind {
        case .gauge:
            writer.message(5) { gauge in
                for point in family.points { gauge.message(1) { self.number(point, to: &$0) } }
            }
        case .counter, .upDownCounter:
            writer.message(7) { sum in
                for point in family.points { sum.message(1) { self.number(point, to: &$0) } }
                sum.unsigned(2, temporality)
                if family.kind == .counter { sum.bool(3, true) }
            }
        case .histogram: self.histograms(family, temporality, to: &writer)
        case .summary:
            writer.message(11) { summary in
                for point in family.points { summary.message(1) { self.summary(point, to: &$0) } }
            }
        }
    }

    /// The points of one metric are of one type; those that received ones may mix are split by their sender already.
    private static func histograms(
        _ family: MetricFamily, _ temporality: UInt64, to writer: inout ProtobufWriter,
    ) {
        let isExplicit =
            if case .explicit = family.points.first?.value { true } else { false }
        writer.message(isExplicit ? 9 : 10) { data in
            for point in family.points {
                switch point.value {
                case .exponential(let histogram): data.message(1) { self.exponential(histogram, point, to: &$0) }
                case .explicit(let histogram): data.message(1) { self.explicit(histogram, point, to: &$0) }
                case .int, .double, .summary: continue
                }
            }
            data.unsigned(2, temporality)
        }
    }

    private static func times(_ point: MetricFamily.Point, to writer: inout ProtobufWriter) {
        if point.start > 0 { writer.fixed64(2, UInt64(point.start)) }
        writer.fixed64(3, UInt64(clamping: point.time))
    }

    private static func number(_ point: MetricFamily.Point, to writer: inout ProtobufWriter) {
        self.times(point, to: &writer)
        switch point.value {
        case .int(let value): writer.fixed64(6, UInt64(bitPattern: value))
        case .double(let value): writer.double(4, value)
        case .exponential, .explicit, .summary: break
        }
        self.exemplars(point.exemplars, as: 5, to: &writer)
        self.attributes(point.labels, as: 7, to: &writer)
    }

    private static func exponential(
        _ histogram: ExponentialHistogram, _ point: MetricFamily.Point, to writer: inout ProtobufWriter,
    ) {
        self.attributes(point.labels, as: 1, to: &writer)
        self.times(point, to: &writer)
        writer.fixed64(4, histogram.count)
        writer.double(5, histogram.sum)
        writer.zigzag(6, Int64(histogram.scale))
        writer.fixed64(7, histogram.zeroCount)
        for (field, buckets) in [(8, histogram.positive), (9, histogram.negative)] {
            writer.message(field) {
                if buckets.offset != 0 { $0.zigzag(1, Int64(buckets.offset)) }
                $0.packedVarints(2, buckets.counts)
            }
        }
        self.exemplars(point.exemplars, as: 11, to: &writer)
        guard histogram.count > 0 else { return }
        writer.double(12, histogram.minimum)
        writer.double(13, histogram.maximum)
    }

    private static func explicit(
        _ histogram: ExplicitHistogram, _ point: MetricFamily.Point, to writer: inout ProtobufWriter,
    ) {
        self.times(point, to: &writer)
        writer.fixed64(4, histogram.count)
        if let sum = histogram.sum { writer.double(5, sum) }
        writer.packedFixed64(6, histogram.counts)
        writer.packedFixed64(7, histogram.bounds.map(\.bitPattern))
        self.exemplars(point.exemplars, as: 8, to: &writer)
        self.attributes(point.labels, as: 9, to: &writer)
        if let minimum = histogram.minimum { writer.double(11, minimum) }
        if let maximum = histogram.maximum { writer.double(12, maximum) }
    }

    private static func summary(_ point: MetricFamily.Point, to writer: inout ProtobufWriter) {
        guard case .summary(let count, let sum, let quantiles) = point.value else { return }
        self.times(point, to: &writer)
        writer.fixed64(4, count)
        writer.double(5, sum)
        for quantile in quantiles {
            writer.message(6) {
                $0.double(1, quantile.quantile)
                $0.double(2, quantile.value)
            }
        }
        self.attributes(point.labels, as: 7, to: &writer)
    }

    private static func exemplars(_ exemplars: [Exemplar], as field: Int, to writer: inout ProtobufWriter) {
        for exemplar in exemplars {
            writer.message(field) {
                $0.fixed64(2, UInt64(clamping: exemplar.time))
                $0.double(3, exemplar.value)
                if let span = exemplar.spanID { $0.bytes(4, span.bytes) }
                if let trace = exemplar.traceID { $0.bytes(5, trace.bytes) }
            }
        }
    }
}
