import Essentials

extension Shape {
    /// As JSON Schema (draft 2020-12).
    var schema: JSONValue {
        switch self {
        case .text(let example): return ["type": "string", "minLength": 1, "examples": [.string(example)]]
        case .word(let words): return ["enum": .array(words.map { .string($0) })]
        case .integer(let range):
            var schema: JSONValue = ["type": "integer", "minimum": .integer(range.lowerBound)]
            if range.upperBound != .max { schema = schema.setting("maximum", to: .integer(range.upperBound)) }
            return schema
        case .number(let range):
            return [
                "type": "number", "minimum": .number("\(range.lowerBound)"), "maximum": .number("\(range.upperBound)"),
            ]
        case .boolean: return ["type": "boolean"]
        case .duration(let range):
            return [
                "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$",
                "description": .string(
                    "From \(DurationText.text(range.lowerBound)) to \(DurationText.text(range.upperBound))."),
            ]
        case .bytes: return ["type": ["string", "integer"], "pattern": "^[0-9]+(KiB|MiB|GiB)?$"]
        case .date: return ["type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.*)?$"]
        case .list(let shape): return ["type": "array", "minItems": 1, "items": shape.schema]
        case .map(let shape):
            return ["type": "object", "minProperties": 1, "additionalProperties": shape.schema]
        case .object(let fields): return Self.schema(fields)
        case .either(let one, let other): return ["anyOf": [one.schema, other.schema]]
        }
    }

    private static func schema(_ fields: [Field]) -> JSONValue {
        var properties = JSONObject()
        for field in fields {
            var schema = field.shape.schema
            let about = schema["description"]?.string.map { "\(field.about) \($0)" } ?? field.about
            schema = schema.setting("description", to: .string(about))
            properties[field.name] = schema
        }
        var schema: JSONValue = ["type": "object", "properties": .object(properties), "additionalProperties": false]
        let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { schema = schema.setting("required", to: .array(required)) }
        return schema
    }
}
