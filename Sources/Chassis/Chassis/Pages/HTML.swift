/// A piece of HTML. Whatever is interpolated into it is escaped, unless it is a piece of HTML itself, so that nobody's
/// text becomes markup by mistake.
///
/// ```swift
/// let row: HTML = "<li title=\"\(product.sku)\">\(product.name)</li>"
/// ```
public struct HTML: Hashable, Sendable, ExpressibleByStringInterpolation {
    /// The markup.
    public let text: String

    public init(stringLiteral value: String) {
        self.text = value
    }

    public init(stringInterpolation: StringInterpolation) {
        self.text = stringInterpolation.text
    }

    /// Text from anywhere, escaped.
    public init(escaping text: String) {
        self.text = Self.escaped(text)
    }

    /// Builds the markup: literals as they are, values escaped.
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        public init(literalCapacity: Int, interpolationCount: Int) {
            self.text.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) { self.text += literal }

        public mutating func appendInterpolation(_ piece: HTML) { self.text += piece.text }

        public mutating func appendInterpolation(_ piece: HTML?) { self.text += piece?.text ?? "" }

        public mutating func appendInterpolation(_ pieces: some Sequence<HTML>) {
            for piece in pieces { self.text += piece.text }
        }

        public mutating func appendInterpolation(_ text: String) { self.text += HTML.escaped(text) }

        public mutating func appendInterpolation(_ number: some BinaryInteger) { self.text += "\(number)" }
    }

    /// What has a meaning in text and in quoted attributes becomes a character reference.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
