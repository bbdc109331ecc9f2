import Essentials
import HTTPTypes

/// The fields of a form that a browser sent (`application/x-www-form-urlencoded`).
public struct FormFields: Sendable {
    private let values: [String: String]

    /// - Throws: a ``Problem`` for another media type, and for what is not percent-encoded UTF-8.
    public init(_ request: RoutedRequest) throws {
        let type = request.header(.contentType) ?? ""
        guard type.prefix(while: { $0 != ";" }).lowercased() == "application/x-www-form-urlencoded" else {
            throw Problem(
                .unsupportedMediaType, type.isEmpty ? "Content-Type is missing" : "'\(type)' is not read here",
                details: ["accepted": ["application/x-www-form-urlencoded"]])
        }
        guard let text = String(validating: request.raw.body, as: UTF8.self),
            let values = PercentEncoding.fields(text)
        else { throw Problem(.malformedBody, "the form is not percent-encoded UTF-8") }
        self.values = values
    }

    /// The value of a field without blanks around it; nil for none, and for one that is blank.
    public subscript(_ name: String) -> String? {
        guard let value = self.values[name] else { return nil }
        let trimmed = value.drop { $0.isWhitespace }
        guard let last = trimmed.lastIndex(where: { !$0.isWhitespace }) else { return nil }
        return String(trimmed[...last])
    }

    /// The value as it was typed, such as a password.
    public func raw(_ name: String) -> String? { self.values[name] }
}

extension PercentEncoding {
    /// The fields of a query string or a form; the last wins where one is repeated. Nil when an escape is cut off or the
    /// bytes are not UTF-8.
    static func fields(_ text: some StringProtocol) -> [String: String]? {
        var values: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(parts[0], plusIsSpace: true),
                let value = Self.decode(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
            else { return nil }
            values[name] = value
        }
        return values
    }
}
