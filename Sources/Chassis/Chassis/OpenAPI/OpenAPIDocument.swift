public import Essentials
import HTTPTypes

/// The OpenAPI 3.1 document of a set of routes.
public struct OpenAPIDocument: Sendable {
    public var title: String
    public var version: String
    public var about: String
    public var routes: [Route]

    /// - Parameter routes: public ones; others are left out.
    public init(title: String, version: String, about: String, routes: [Route]) {
        self.title = title
        self.version = version
        self.about = about
        self.routes = routes.filter(\.isPublic)
    }

    /// The document, its members in the usual order.
    public var json: JSONValue {
        var paths = JSONObject()
        for route in self.routes.sorted(by: { $0.path.description < $1.path.description }) {
            let path = paths[route.path.description] ?? .object([:])
            paths[route.path.description] = path.setting(
                route.method.rawValue.lowercased(), to: self.operation(route))
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": .string(self.title), "version": .string(self.version), "description": .string(self.about),
            ],
            "servers": [["url": "/"]],
            "tags": .array(Set(self.routes.map(\.tag)).sorted().map { ["name": .string($0)] }),
            "paths": .object(paths),
            "components": [
                "schemas": self.schemas,
                "securitySchemes": ["bearer": ["type": "http", "scheme": "bearer", "bearerFormat": "JWT"]],
            ],
        ]
    }

    private var schemas: JSONValue {
        var models: [String: Schema] = [:]
        for route in self.routes {
            route.body?.collectModels(into: &models)
            for answer in route.answers { answer.schema?.collectModels(into: &models) }
            for parameter in route.parameters { parameter.schema.collectModels(into: &models) }
        }
        models["Error"] = Self.errorSchema
        var schemas = JSONObject()
        for name in models.keys.sorted() { schemas[name] = models[name]?.openAPI }
        return .object(schemas)
    }

    /// Problem details (RFC 9457) with the members `code`, `message` and `details`.
    public static let errorSchema = Schema.object([
        .init("type", .text(1...200).about("A reference to the documentation of this kind of problem.")),
        .init("title", .text(1...200)), .init("status", .integer(400...599)), .init("code", .text(1...100)),
        .init("detail", .text(0...Problem.maximumDetail)), .init("message", .text(0...Problem.maximumDetail)),
        .init("details", .freeObject),
        .init("instance", .text(1...200), required: false),
    ])

    private func operation(_ route: Route) -> JSONValue {
        var operation: JSONValue = [
            "operationId": .string(route.operation), "tags": [.string(route.tag)], "summary": .string(route.summary),
        ]
        if !route.parameters.isEmpty {
            operation = operation.setting("parameters", to: .array(route.parameters.map(Self.parameter)))
        }
        if let body = route.body {
            operation = operation.setting(
                "requestBody",
                to: ["required": true, "content": ["application/json": ["schema": body.openAPI]]])
        }
        operation = operation.setting("responses", to: Self.responses(route))
        return operation.setting("security", to: route.access == .anyone ? [] : [["bearer": []]])
    }

    private static func parameter(_ parameter: Parameter) -> JSONValue {
        [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
            "required": .bool(parameter.isRequired), "description": .string(parameter.about),
            "schema": parameter.schema.openAPI,
        ]
    }

    private static func responses(_ route: Route) -> JSONValue {
        var responses: [Int: JSONValue] = [:]
        for answer in route.answers {
            var content: JSONValue = .object([:])
            if let schema = answer.schema {
                content = content.setting(answer.mediaType, to: ["schema": schema.openAPI])
            }
            responses[answer.status.code] = ["description": .string(answer.about), "content": content]
        }
        let reference: JSONValue = ["schema": ["$ref": "#/components/schemas/Error"]]
        for (status, types) in Dictionary(grouping: route.possibleProblems, by: \.status) {
            let about = types.map { "\($0.title) (`\($0.code)`)" }.sorted().joined(separator: " ")
            var response = responses[status] ?? ["description": .string(about), "content": .object([:])]
            let content = (response["content"] ?? .object([:])).setting("application/problem+json", to: reference)
            response = response.setting("content", to: content)
            responses[status] = response
        }
        var json = JSONObject()
        for status in responses.keys.sorted() { json[String(status)] = responses[status] }
        return .object(json)
    }
}

extension Route {
    /// The kinds of refusal that this route can answer with: declared ones and those that follow from its shape.
    public var possibleProblems: [ProblemType] {
        var types = self.problems + [.unavailable]
        if self.body != nil {
            types += [.malformedBody, .validationFailed, .unsupportedMediaType, .bodyTooLarge]
        }
        types.append(.validationFailed)
        // A path whose named part cannot be decoded leads nowhere.
        if !self.path.parameters.isEmpty { types.append(.notFound) }
        switch self.access {
        case .anyone: break
        case .signedIn: types += [.unauthenticated, .forbidden]
        case .roles, .services: types += [.unauthenticated, .forbidden]
        }
        return Array(Set(types)).sorted { ($0.status, $0.code) < ($1.status, $1.code) }
    }
}
