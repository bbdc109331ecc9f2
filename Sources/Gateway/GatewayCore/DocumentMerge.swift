public import Essentials

/// One OpenAPI document out of those of the services.
public enum DocumentMerge {
    /// - Parameters:
    ///   - documents: OpenAPI 3.1, each with paths and schemas of its own; equal names mean equal schemas.
    ///   - routes: only routed paths are taken.
    public static func merge(
        _ documents: [JSONValue], title: String, version: String, routes: RoutingTable
    ) -> JSONValue {
        var paths = JSONObject()
        var schemas = JSONObject()
        var tags: Set<String> = []
        for document in documents {
            for path in document["paths"]?.object?.members ?? [] {
                guard let request = try? RequestText("GET", path.name.replacingBraces),
                    routes.decide(request).group != nil
                else { continue }
                paths[path.name] = path.value
                for operation in path.value.object?.members ?? [] {
                    for tag in operation.value["tags"]?.array ?? [] { if let name = tag.string { tags.insert(name) } }
                }
            }
            for schema in document["components"]?["schemas"]?.object?.members ?? [] {
                schemas[schema.name] = schema.value
            }
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": .string(title), "version": .string(version),
                "description": .string(
                    "The public API of the shop. Orders are created with an `Idempotency-Key`; refusals are problem details (RFC 9457)."
                ),
            ],
            "servers": [["url": "/"]],
            "tags": .array(tags.sorted().map { ["name": .string($0)] }),
            "paths": .object(paths.sorted),
            "components": [
                "schemas": .object(schemas.sorted),
                "securitySchemes": ["bearer": ["type": "http", "scheme": "bearer", "bearerFormat": "JWT"]],
            ],
        ]
    }

    /// The document as OpenAPI 3.0.3: where 3.1 uses a keyword that 3.0 lacks, the nearest one.
    public static func downgraded(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let values): return .array(values.map(Self.downgraded))
        case .object(let object):
            var copy = JSONObject()
            for member in object.members {
                switch member.name {
                case "openapi": copy["openapi"] = "3.0.3"
                case "examples":
                    if let first = member.value.array?.first {
                        copy["example"] = first
                    } else {
                        copy["examples"] = member.value
                    }
                default: copy[member.name] = Self.downgraded(member.value)
                }
            }
            return .object(copy)
        case .null, .bool, .number, .string: return value
        }
    }
}

extension JSONObject {
    /// The members by name.
    fileprivate var sorted: JSONObject {
        var copy = JSONObject()
        for member in self.members.sorted(by: { $0.name < $1.name }) { copy[member.name] = member.value }
        return copy
    }
}

extension String {
    /// A path template with every name in braces replaced by a plain part.
    fileprivate var replacingBraces: String {
        self.split(separator: "/").map { $0.hasPrefix("{") ? "x" : String($0) }.reduce("") { "\($0)/\($1)" }
    }
}
