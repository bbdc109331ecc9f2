import Essentials

/// `250ms`, `10s`, `5m`, `12h`, `30d`.
enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    static func duration(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard let count = Int64(digits), let scale = Self.units.first(where: { $0.name == unit })?.milliseconds else {
            return nil
        }
        let (milliseconds, overflow) = count.multipliedReportingOverflow(by: scale)
        return overflow ? nil : .milliseconds(milliseconds)
    }

    /// In the largest unit that divides it.
    static func text(_ duration: Duration) -> String {
        let milliseconds = duration.milliseconds
        for unit in Self.units where milliseconds != 0 && milliseconds % unit.milliseconds == 0 {
            return "\(milliseconds / unit.milliseconds)\(unit.name)"
        }
        return "0s"
    }
}

/// `512`, `64KiB`, `10MiB`, `1GiB`.
enum ByteText {
    static func count(_ text: String) -> ByteCount? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int(digits), count <= 1 << 30 else { return nil }
        switch text.dropFirst(digits.count) {
        case "": return .bytes(count)
        case "KiB": return .kibibytes(count)
        case "MiB": return .mebibytes(count)
        case "GiB": return .mebibytes(count * 1_024)
        default: return nil
        }
    }
}

enum DateText {
    /// A day is its begin in UTC.
    static func timestamp(_ text: String) -> Timestamp? {
        Timestamp(rfc3339: text) ?? Timestamp(rfc3339: "\(text)T00:00:00Z")
    }
}

/// Finds the word that was meant.
package enum Spelling {
    /// The most alike of `words`; nil when none is much like `word`.
    package static func nearest(to word: String, among words: [String]) -> String? {
        words.map { ($0, Self.distance($0, word)) }.filter { $0.1 <= max(2, word.count / 3) }
            .min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
    }

    /// How many insertions, deletions and replacements lie between two words (Levenshtein 1966).
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a == b ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
