import Chassis
import Essentials

/// Numbers and moments as people read them.
enum Format {
    /// At most three digits that say something: `1,234`, `12.3`, `0.045`.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let size = abs(value)
        if size >= 100 || size == 0 { return self.count(Int64(value.rounded())) }
        return self.fixed(value, size >= 10 ? 1 : size >= 1 ? 2 : 3)
    }

    /// With separators of thousands.
    static func count(_ value: Int64) -> String {
        let digits = Array(String(value.magnitude))
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return text
    }

    static func milliseconds(_ value: Double) -> String {
        if value >= 60_000 { return self.duration(value / 1_000) }
        if value >= 1_000 { return "\(self.number(value / 1_000)) s" }
        return value >= 1 ? "\(self.number(value)) ms" : "\(self.number(value * 1_000)) µs"
    }

    /// The two largest units: `3 d 4 h`, `12 min 5 s`.
    static func duration(_ seconds: Double) -> String {
        let all = Int64(max(0, seconds))
        let units: [(Int64, String)] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")]
        guard let first = units.firstIndex(where: { all >= $0.0 }) else { return "0 s" }
        var rest = all
        return units[first...].prefix(2).compactMap { length, name in
            defer { rest %= length }
            return rest >= length ? "\(rest / length) \(name)" : nil
        }.joined(separator: " ")
    }

    static func percent(_ ratio: Double) -> String { "\(self.number(ratio * 100)) %" }

    static func bytes(_ value: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var (size, unit) = (Double(value), 0)
        while size >= 1_024, unit < units.count - 1 { (size, unit) = (size / 1_024, unit + 1) }
        return "\(self.number(size)) \(units[unit])"
    }

    private static func fixed(_ value: Double, _ digits: Int) -> String {
        let scale = [1.0, 10, 100, 1_000][digits]
        let rounded = (value * scale).rounded() / scale
        let text = "\(rounded)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// A moment as a time of day in the reader's words: how long ago, with the date behind it.
    static func ago(_ moment: Timestamp?, now: Timestamp) -> HTML {
        guard let moment else { return "–" }
        let seconds = (now - moment).fractionalSeconds
        let text = seconds < 1 ? "just now" : "\(self.duration(seconds)) ago"
        return "<time datetime=\"\(moment.rfc3339)\" title=\"\(moment.rfc3339)\">\(text)</time>"
    }

    /// Hours, minutes, seconds and milliseconds, in UTC.
    static func clock(_ moment: Timestamp) -> HTML {
        let text = moment.rfc3339
        return "<time datetime=\"\(text)\" title=\"\(text)\">\(String(text.dropFirst(11).prefix(12)))</time>"
    }
}
