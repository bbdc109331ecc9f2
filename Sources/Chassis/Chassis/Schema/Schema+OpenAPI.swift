public import Essentials

extension Schema {
    /// This schema as JSON Schema 2020-12, models as references into `#/components/schemas`.
    public var openAPI: JSONValue {
        var json = self.openAPIShape
        if let about, json["$ref"] == nil { json = json.setting("description", to: .string(about)) }
        if let example, json["$ref"] == nil { json = json.setting("examples", to: .array([example])) }
        return json
    }

    private var openAPIShape: JSONValue {
        switch self.shape {
        case .boolean: ["type": "boolean"]
        case .integer(let range):
            [
                "type": "integer", "format": "int64", "minimum": .integer(range.lowerBound),
                "maximum": .integer(range.upperBound),
            ]
        case .number:
            [
                "type": "number", "minimum": .integer(-Self.largestNumber), "maximum": .integer(Self.largestNumber),
            ]
        case .string(let format): format.openAPI
        case .array(let element, let count):
            [
                "type": "array", "items": element.openAPI, "minItems": .integer(count.lowerBound),
                "maxItems": .integer(count.upperBound),
            ]
        case .object(let fields): Self.openAPI(fields)
        case .freeObject: ["type": "object", "additionalProperties": true]
        case .model(let name, _): ["$ref": .string("#/components/schemas/\(name)")]
        case .either(let schemas): ["anyOf": .array(schemas.map(\.openAPI))]
        }
    }

    private static func openAPI(_ fields: [Field]) -> JSONValue {
        var properties = JSONObject()
        for field in fields { properties[field.name] = field.schema.openAPI }
        let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
        var json: JSONValue = ["type": "object", "properties": .object(properties), "additionalProperties": false]
        if !required.isEmpty { json = json.setting("required", to: .array(required)) }
        return json
    }

    /// All models that this schema refers to, directly or through others, by name.
    public func collectModels(into models: inout [String: Schema]) {
        switch self.shape {
        case .boolean, .integer, .number, .string, .freeObject: break
        case .array(let element, _): element.collectModels(into: &models)
        case .object(let fields): for field in fields { field.schema.collectModels(into: &models) }
        case .either(let schemas): for schema in schemas { schema.collectModels(into: &models) }
        case .model(let name, let schema):
            guard models[name] == nil else { return }
            models[name] = schema()
            schema().collectModels(into: &models)
        }
    }
}

extension TextFormat {
    var openAPI: JSONValue {
        var json: JSONValue = ["type": "string"]
        if let format { json = json.setting("format", to: .string(format)) }
        if let pattern { json = json.setting("pattern", to: .string(pattern)) }
        if !self.values.isEmpty { json = json.setting("enum", to: .array(self.values.map(JSONValue.string))) }
        if let length {
            json = json.setting("minLength", to: .integer(length.lowerBound))
                .setting("maxLength", to: .integer(length.upperBound))
        }
        return json
    }
}
