/// Metrics from messages that were read.
enum OTLPMetricReader {
    static func family(_ message: OTLPMessage, _ source: OTLPDecoder.Source, redactor: Redactor) -> MetricFamily? {
        guard !message.string(1).isEmpty,
            let field = [5, 7, 9, 10, 11].first(where: { message.message($0) != nil }),
            let data = message.message(field)
        else { return nil }
        let kind: MetricFamily.Kind
        switch field {
        case 5: kind = .gauge
        case 7:
            let isMonotonic = if case .bool(true) = data[3] { true } else { false }
            kind = isMonotonic ? .counter : .upDownCounter
        case 11: kind = .summary
        default: kind = .histogram
        }
        var family = MetricFamily(
            name: redactor.text(message.string(1)), kind: kind, unit: message.string(3),
            help: redactor.text(message.string(2)), isCumulative: data.signed(2) != 1, resource: source.resource,
            scope: source.scope)
        family.points = data.messages(1).compactMap { point in
            guard let value = self.value(point, field: field) else { return nil }
            let labels = OTLPDecoder.attributes(point.messages(field == 9 ? 9 : field == 10 ? 1 : 7))
            return MetricFamily.Point(
                labels: labels.map(redactor.attribute), start: Int64(clamping: point.unsigned(2)),
                time: Int64(clamping: point.unsigned(3)), value: value,
                exemplars: field == 11 ? [] : self.exemplars(point.messages(field == 9 ? 8 : field == 10 ? 11 : 5)))
        }
        return family
    }

    private static func value(_ point: OTLPMessage, field: Int) -> MetricValue? {
        switch field {
        case 5, 7: self.number(point)
        case 9: self.explicit(point)
        case 10: self.exponential(point)
        default: self.summary(point)
        }
    }

    private static func number(_ point: OTLPMessage) -> MetricValue? {
        if let value = point.double(4) { return .double(value) }
        return point.has(6) ? .int(point.signed(6)) : nil
    }

    private static func explicit(_ point: OTLPMessage) -> MetricValue? {
        let bounds = (point.fields[7] ?? []).compactMap { if case .double(let bound) = $0 { bound } else { nil } }
        let counts = self.counts(point.fields[6])
        guard counts.isEmpty && bounds.isEmpty || counts.count == bounds.count + 1,
            zip(bounds, bounds.dropFirst()).allSatisfy({ $0 < $1 })
        else { return nil }
        return .explicit(
            ExplicitHistogram(
                count: point.unsigned(4), sum: point.double(5), minimum: point.double(11), maximum: point.double(12),
                bounds: bounds, counts: counts))
    }

    private static func exponential(_ point: OTLPMessage) -> MetricValue? {
        let scale = Int(truncatingIfNeeded: point.signed(6))
        guard let positive = self.buckets(point.message(8)), let negative = self.buckets(point.message(9)),
            (ExponentialHistogram.minimumScale...ExponentialHistogram.maximumScale).contains(scale)
        else { return nil }
        return .exponential(
            ExponentialHistogram(
                scale: scale, count: point.unsigned(4), sum: point.double(5) ?? 0,
                minimum: point.double(12) ?? .infinity, maximum: point.double(13) ?? -.infinity,
                zeroCount: point.unsigned(7), positive: positive, negative: negative))
    }

    /// - Returns: nil when an index would leave 32 bits.
    private static func buckets(_ message: OTLPMessage?) -> ExponentialHistogram.Buckets? {
        guard let message else { return ExponentialHistogram.Buckets() }
        guard Int32(exactly: message.signed(1)) != nil else { return nil }
        return ExponentialHistogram.Buckets(offset: Int(message.signed(1)), counts: self.counts(message.fields[2]))
    }

    private static func counts(_ values: [OTLPMessage.Value]?) -> [UInt64] {
        (values ?? []).compactMap { if case .unsigned(let count) = $0 { count } else { nil } }
    }

    private static func summary(_ point: OTLPMessage) -> MetricValue {
        .summary(
            count: point.unsigned(4), sum: point.double(5) ?? 0,
            quantiles: point.messages(6).map {
                MetricValue.Quantile(quantile: $0.double(1) ?? 0, value: $0.double(2) ?? 0)
            })
    }

    private static func exemplars(_ messages: [OTLPMessage]) -> [Exemplar] {
        messages.map {
            Exemplar(
                value: $0.double(3) ?? Double($0.signed(6)), time: Int64(clamping: $0.unsigned(2)),
                traceID: TraceID(bytes: $0.bytes(5)), spanID: SpanID(bytes: $0.bytes(4)))
        }
    }
}
