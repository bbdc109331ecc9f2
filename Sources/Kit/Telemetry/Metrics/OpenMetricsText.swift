/// Writes metrics as OpenMetrics 1.0 text, for `GET /metrics`.
///
/// Names are those of the conventions with underscores and the unit behind them: `http.server.request.duration` in
/// seconds is `http_server_request_duration_seconds`. Exponential histograms become classic ones with powers of two as
/// bounds, which are bounds of theirs too: the counts are exact.
public enum OpenMetricsText {
    /// The media type of the answer.
    public static let mediaType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    /// The powers of two that are bounds of a histogram in seconds, from 122 µs to 64 s, and of any other, from 1 to 2^30.
    static let secondExponents = Array(-13...6)
    static let otherExponents = Array(stride(from: 0, through: 30, by: 2))

    /// - Parameter families: as from ``MetricRegistry/snapshot()``. Of two with the same name only the first is written;
    ///   summaries and histograms that do not count since their start are left out.
    public static func write(_ families: [MetricFamily]) -> String {
        var text = ""
        var taken: Set<String> = []
        for family in families where family.isCumulative {
            let names = self.names(family.name, family.kind, unit: family.unit)
            guard !names.isEmpty, taken.isDisjoint(with: names) else { continue }
            taken.formUnion(names)
            self.write(family, to: &text)
        }
        return text + "# EOF\n"
    }

    /// All names that a metric takes in the text; another one may have none of them.
    static func names(_ label: String, _ kind: MetricFamily.Kind, unit: String) -> [String] {
        let base = self.base(label, kind, unit: unit)
        switch kind {
        case .gauge, .upDownCounter: return [base]
        case .counter: return [base, base + "_total", base + "_created"]
        case .histogram: return ["", "_bucket", "_count", "_sum", "_created"].map { base + $0 }
        case .summary: return []
        }
    }

    /// The metric's name without the suffixes of its samples.
    private static func base(_ label: String, _ kind: MetricFamily.Kind, unit: String) -> String {
        var name = self.sanitized(label, allowsColon: true)
        let suffix = self.suffix(ofUnit: unit)
        if kind == .counter, name.hasSuffix("_total") { name.removeLast(6) }
        if !suffix.isEmpty, !name.hasSuffix("_\(suffix)") { name += "_\(suffix)" }
        return name
    }

    /// UCUM's unit as a word. What is in braces only explains.
    private static func suffix(ofUnit unit: String) -> String {
        switch unit {
        case "s": "seconds"
        case "ms": "milliseconds"
        case "By": "bytes"
        case "%": "percent"
        case "1", "": ""
        default: unit.hasPrefix("{") ? "" : self.sanitized(unit, allowsColon: false)
        }
    }

    static func sanitized(_ name: String, allowsColon: Bool) -> String {
        var bytes: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case 65...90, 97...122, UInt8(ascii: "_"): bytes.append(byte)
            case UInt8(ascii: ":") where allowsColon: bytes.append(byte)
            case 48...57:
                if bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
                bytes.append(byte)
            default: bytes.append(UInt8(ascii: "_"))
            }
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }

    private static func write(_ family: MetricFamily, to text: inout String) {
        let base = self.base(family.name, family.kind, unit: family.unit)
        let suffix = self.suffix(ofUnit: family.unit)
        let type =
            switch family.kind {
            case .counter: "counter"
            case .histogram: "histogram"
            case .gauge, .upDownCounter, .summary: "gauge"
            }
        text += "# TYPE \(base) \(type)\n"
        if !suffix.isEmpty { text += "# UNIT \(base) \(suffix)\n" }
        if !family.help.isEmpty { text += "# HELP \(base) \(self.escaped(family.help))\n" }
        var written: Set<String> = []
        for point in family.points {
            let labels = self.labels(point.labels, reserved: family.kind == .histogram ? "le" : nil)
            guard written.insert(labels).inserted else { continue }
            switch point.value {
            case .int(let value): self.sample(base, family.kind, labels, "\(value)", to: &text)
            case .double(let value): self.sample(base, family.kind, labels, self.number(value), to: &text)
            case .exponential(let histogram):
                let isSeconds = suffix == "seconds"
                let exponents = isSeconds ? self.secondExponents : self.otherExponents
                self.write(histogram, exponents, point.exemplars, base, labels, to: &text)
            case .explicit, .summary: continue
            }
        }
    }

    private static func sample(
        _ base: String, _ kind: MetricFamily.Kind, _ labels: String, _ value: String, to text: inout String,
    ) {
        text += "\(base)\(kind == .counter ? "_total" : "")\(labels.isEmpty ? "" : "{\(labels)}") \(value)\n"
    }

    private static func write(
        _ histogram: ExponentialHistogram, _ exponents: [Int], _ exemplars: [Exemplar], _ base: String,
        _ labels: String,
        to text: inout String,
    ) {
        let comma = labels.isEmpty ? "" : ","
        var lower = -Double.infinity
        for exponent in exponents {
            let bound = Double(sign: .plus, exponent: exponent, significand: 1)
            text += "\(base)_bucket{\(labels)\(comma)le=\"\(self.number(bound))\"} "
            text += "\(histogram.count(upToPowerOfTwo: exponent))"
            text += self.exemplar(exemplars, above: lower, upTo: bound) + "\n"
            lower = bound
        }
        text += "\(base)_bucket{\(labels)\(comma)le=\"+Inf\"} \(histogram.count)"
        text += self.exemplar(exemplars, above: lower, upTo: .infinity) + "\n"
        let set = labels.isEmpty ? "" : "{\(labels)}"
        // A sum that may fall is not allowed, and neither is a count without a sum.
        guard histogram.negative.counts.isEmpty else { return }
        text += "\(base)_count\(set) \(histogram.count)\n\(base)_sum\(set) \(self.number(histogram.sum))\n"
    }

    private static func exemplar(_ exemplars: [Exemplar], above lower: Double, upTo upper: Double) -> String {
        guard let found = exemplars.last(where: { $0.value > lower && $0.value <= upper }), let trace = found.traceID
        else { return "" }
        let span = found.spanID.map { ",span_id=\"\($0)\"" } ?? ""
        let milliseconds = found.time / 1_000_000
        let fraction = String(milliseconds % 1_000 + 1_000).dropFirst()
        return " # {trace_id=\"\(trace)\"\(span)} \(self.number(found.value)) \(milliseconds / 1_000).\(fraction)"
    }

    /// Labels in the text's form, without braces. A name that two labels have in this form is given once.
    private static func labels(_ labels: [Attribute], reserved: String?) -> String {
        var names: Set<String> = reserved.map { [$0] } ?? []
        return labels.compactMap { label in
            let name = self.sanitized(label.key, allowsColon: false)
            guard names.insert(name).inserted else { return nil }
            return "\(name)=\"\(self.escaped(label.value.description))\""
        }.joined(separator: ",")
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return "\(value)"
    }
}
