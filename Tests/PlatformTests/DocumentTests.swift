import Essentials
import Testing

/// Reads the OpenAPI document that the gateway serves, as a client's generator and the fuzzer do.
@Suite(.serialized) struct DocumentTests {
    /// One operation and where it stands.
    private struct Operation {
        var name: String
        var json: JSONValue

        var responses: [JSONObject.Member] { self.json["responses"]?.object?.members ?? [] }
        /// The schemas of its bodies, in and out.
        var bodies: [JSONValue?] {
            ([self.json["requestBody"]] + self.responses.map(\.value)).flatMap { body in
                body?["content"]?.object?.members.map { $0.value["schema"] } ?? []
            }
        }
    }

    private let scratch = Scratch()

    private func document() async throws -> JSONValue {
        let platform = try await RunningPlatform(in: self.scratch.path)
        let document = try await platform.call("GET", "/openapi.json").json
        #expect(await platform.stop() == 0)
        return document
    }

    private func operations(of document: JSONValue) -> [Operation] {
        (document["paths"]?.object?.members ?? []).flatMap { path in
            (path.value.object?.members ?? []).map {
                Operation(name: "\($0.name.uppercased()) \(path.name)", json: $0.value)
            }
        }
    }

    /// The places under a schema that say nothing about their values. The facts of a problem are free by RFC 9457.
    private func untyped(_ schema: JSONValue?, at place: String) -> [String] {
        guard let schema, let object = schema.object else { return [place] }
        if schema["$ref"] != nil { return [] }
        if let alternatives = schema["anyOf"]?.array {
            return alternatives.enumerated().flatMap { self.untyped($1, at: "\(place)/anyOf/\($0)") }
        }
        switch schema["type"]?.string {
        case "object":
            guard schema["additionalProperties"] == false else {
                return place == "#/components/schemas/Error/details" ? [] : [place]
            }
            return (schema["properties"]?.object?.members ?? []).flatMap {
                self.untyped($0.value, at: "\(place)/\($0.name)")
            }
        case "array": return self.untyped(schema["items"], at: "\(place)/items")
        case "string", "integer", "number", "boolean": return []
        default: return ["\(place) of \(object.members.map(\.name))"]
        }
    }

    private func references(in value: JSONValue) -> [String] {
        switch value {
        case .object(let object):
            object.members.flatMap { member in
                if member.name == "$ref", let target = member.value.string {
                    [target]
                } else {
                    self.references(in: member.value)
                }
            }
        case .array(let values): values.flatMap { self.references(in: $0) }
        case .null, .bool, .number, .string: []
        }
    }

    @Test func `the document promises nothing vague`() async throws {
        let document = try await self.document()
        let operations = self.operations(of: document)
        #expect(operations.count >= 50)
        let names = operations.compactMap { $0.json["operationId"]?.string }
        #expect(Set(names).count == operations.count)
        for operation in operations {
            let statuses = operation.responses.map(\.name)
            #expect(!statuses.contains("default"), "\(operation.name)")
            #expect(statuses.filter { $0.hasPrefix("5") } == ["503"], "\(operation.name)")
            #expect(statuses.contains { $0.hasPrefix("2") }, "\(operation.name)")
            #expect(operation.json["security"] == .array([]) || statuses.contains("401"), "\(operation.name)")
            for body in operation.bodies { #expect(self.untyped(body, at: operation.name) == []) }
            for parameter in operation.json["parameters"]?.array ?? [] {
                let name = parameter["name"]?.string ?? "?"
                #expect(self.untyped(parameter["schema"], at: "\(operation.name) \(name)") == [])
            }
        }
        let schemas = document["components"]?["schemas"]?.object?.members ?? []
        for schema in schemas {
            #expect(self.untyped(schema.value, at: "#/components/schemas/\(schema.name)") == [])
        }
        let known = Set(schemas.map { "#/components/schemas/\($0.name)" })
        #expect(Set(self.references(in: document)).subtracting(known) == [])
    }
}
