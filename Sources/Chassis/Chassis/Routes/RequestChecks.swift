import Essentials
import HTTPTypes

/// Checks a request against what its route declares. Every refusal names each wrong place.
struct RequestChecks {
    let route: Route

    /// The body as JSON; nil for a route that takes none.
    func body(of request: ServiceRequest) throws -> JSONValue? {
        guard let schema = self.route.body else { return nil }
        try self.requireJSON(request)
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONReader.parse(request.body)
        } catch {
            throw Problem(
                .malformedBody, "the body is not JSON: \(error.reason)", details: ["offset": .integer(error.offset)])
        }
        try Self.refuse(schema.violations(in: value), in: "body")
        return value
    }

    private func requireJSON(_ request: ServiceRequest) throws {
        let type = request.head.headerFields[.contentType] ?? ""
        let essence = type.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        guard essence == "application/json" || (essence.hasPrefix("application/") && essence.hasSuffix("+json")) else {
            throw Problem(
                .unsupportedMediaType, type.isEmpty ? "Content-Type is missing" : "'\(type)' is not read here",
                details: ["accepted": ["application/json"]], headers: [.accept: "application/json"])
        }
    }

    func parameters(path: [String: String], query: [String: String], headers: HTTPFields) throws {
        var violations: [Violation] = []
        for parameter in self.route.parameters {
            let text: String? =
                switch parameter.place {
                case .path: path[parameter.name]
                case .query: query[parameter.name]
                case .header: HTTPField.Name(parameter.name).flatMap { headers[$0] }
                }
            if let text {
                violations += parameter.schema.violations(in: parameter.value(of: text), at: parameter.pointer)
            } else if parameter.isRequired {
                violations.append(
                    Violation(parameter.pointer, "this \(parameter.place.rawValue) parameter is required"))
            }
        }
        let known = Set(self.route.parameters.filter { $0.place == .query }.map(\.name))
        for name in query.keys.sorted() where !known.contains(name) {
            violations.append(Violation("query/\(name)", "this query parameter is not known here"))
        }
        try Self.refuse(violations, in: "parameters")
    }

    private static func refuse(_ violations: [Violation], in place: String) throws {
        guard let first = violations.first else { return }
        let more = violations.count > 1 ? " (and \(violations.count - 1) more)" : ""
        let at = first.pointer.isEmpty ? place : first.pointer
        throw Problem(
            .validationFailed, "\(at): \(first.message)\(more)",
            details: [
                "violations": .array(
                    violations.map { ["pointer": .string($0.pointer), "message": .string($0.message)] })
            ])
    }
}

extension Parameter {
    fileprivate var pointer: String { "\(self.place.rawValue)/\(self.name)" }

    /// The text as the JSON value that the schema expects: a number where it wants one.
    fileprivate func value(of text: String) -> JSONValue {
        switch self.schema.shape {
        case .integer, .number:
            if let value = try? JSONReader.parse(Array(text.utf8)), case .number = value { return value }
            return .string(text)
        case .boolean: return text == "true" ? true : text == "false" ? false : .string(text)
        case .string, .array, .object, .freeObject, .model, .either: return .string(text)
        }
    }
}
