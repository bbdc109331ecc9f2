public import Essentials

/// One place where a value breaks its schema.
public struct Violation: Hashable, Sendable {
    /// A JSON Pointer (RFC 6901) to the place; empty for the whole value.
    public var pointer: String
    /// What was found and what would be accepted.
    public var message: String

    public init(_ pointer: String, _ message: String) {
        self.pointer = pointer
        self.message = message
    }
}

extension Schema {
    /// Where `value` breaks this schema, in document order, at most 20 places.
    public func violations(in value: JSONValue, at pointer: String = "") -> [Violation] {
        Array(self.allViolations(in: value, at: pointer).prefix(20))
    }

    private func allViolations(in value: JSONValue, at pointer: String) -> [Violation] {
        switch self.shape {
        case .boolean:
            return value.bool == nil ? [Violation(pointer, "true or false is expected, not \(value.kind)")] : []
        case .integer(let range):
            return Self.integerViolations(value, range, at: pointer)
        case .number:
            return Self.numberViolations(value, at: pointer)
        case .string(let format):
            guard let text = value.string else {
                return [Violation(pointer, "\(format.accepted) is expected, not \(value.kind)")]
            }
            return format.violation(of: text).map { [Violation(pointer, $0)] } ?? []
        case .array(let element, let count):
            return Self.arrayViolations(value, element, count, at: pointer)
        case .object(let fields):
            return Self.objectViolations(value, fields, at: pointer)
        case .freeObject:
            return value.object == nil ? [Violation(pointer, "an object is expected, not \(value.kind)")] : []
        case .model(_, let schema):
            return schema().allViolations(in: value, at: pointer)
        case .either(let schemas):
            return Self.eitherViolations(value, schemas, at: pointer)
        }
    }

    /// The magnitude that no number of the API goes beyond.
    static let largestNumber: Int64 = 999_999_999_999_999

    private static func numberViolations(_ value: JSONValue, at pointer: String) -> [Violation] {
        guard case .number(let text) = value else {
            return [Violation(pointer, "a number is expected, not \(value.kind)")]
        }
        guard let number = Double(text), number.magnitude <= Double(Self.largestNumber) else {
            return [Violation(pointer, "the number is too large: at most \(Self.largestNumber) either way is expected")]
        }
        return []
    }

    private static func integerViolations(
        _ value: JSONValue, _ range: ClosedRange<Int64>, at pointer: String,
    ) -> [Violation] {
        let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound) is expected"
        guard case .number(let text) = value else { return [Violation(pointer, "\(wanted), not \(value.kind)")] }
        guard let number = value.wholeNumber, range.contains(number) else {
            return [Violation(pointer, "\(wanted), not \(text)")]
        }
        return []
    }

    private static func arrayViolations(
        _ value: JSONValue, _ element: Schema, _ count: ClosedRange<Int>, at pointer: String,
    ) -> [Violation] {
        guard let values = value.array else { return [Violation(pointer, "an array is expected, not \(value.kind)")] }
        guard count.contains(values.count) else {
            return [
                Violation(
                    pointer, "\(count.lowerBound) to \(count.upperBound) elements are expected, not \(values.count)")
            ]
        }
        return values.enumerated().flatMap { element.allViolations(in: $1, at: "\(pointer)/\($0)") }
    }

    private static func objectViolations(_ value: JSONValue, _ fields: [Field], at pointer: String) -> [Violation] {
        guard let object = value.object else { return [Violation(pointer, "an object is expected, not \(value.kind)")] }
        var violations: [Violation] = []
        for field in fields {
            let place = "\(pointer)/\(field.name)"
            if let member = object[field.name] {
                violations += field.schema.allViolations(in: member, at: place)
            } else if field.isRequired {
                violations.append(Violation(place, "this member is required"))
            }
        }
        let known = Set(fields.map(\.name))
        for member in object.members where !known.contains(member.name) {
            let escaped = member.name.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
                .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
            violations.append(Violation("\(pointer)/\(escaped)", "this member is not known here"))
        }
        return violations
    }

    /// Of several shapes, those of the value's kind alone tell what is wrong with it, if there are any.
    private static func eitherViolations(_ value: JSONValue, _ schemas: [Schema], at pointer: String) -> [Violation] {
        let near = schemas.filter { $0.isOfKind(of: value) }
        let attempts = (near.isEmpty ? schemas : near).map { $0.allViolations(in: value, at: pointer) }
        if attempts.contains(where: \.isEmpty) { return [] }
        let reasons = attempts.compactMap(\.first?.message)
        return [Violation(pointer, reasons.joined(separator: "; or "))]
    }

    private func isOfKind(of value: JSONValue) -> Bool {
        switch self.shape {
        case .boolean: value.bool != nil
        case .integer, .number: value.isNumber
        case .string: value.string != nil
        case .array: value.array != nil
        case .object, .freeObject: value.object != nil
        case .model(_, let schema): schema().isOfKind(of: value)
        case .either(let schemas): schemas.contains { $0.isOfKind(of: value) }
        }
    }
}

extension TextFormat {
    /// What is wrong with a text; nil when it is of this format.
    public func violation(of text: String) -> String? {
        if let length, !length.contains(text.unicodeScalars.count) {
            return "\(self.accepted) is expected, not one of \(text.unicodeScalars.count) characters"
        }
        return self.matches(text) ? nil : "\(self.accepted) is expected"
    }
}

extension JSONValue {
    var isNumber: Bool {
        if case .number = self { true } else { false }
    }

    /// The number, if it is whole, however it is written: JSON Schema takes `91.0` and `9e1` for integers too.
    var wholeNumber: Int64? {
        guard case .number(let text) = self else { return nil }
        // Below 2^53 a binary fraction is exact.
        return Int64(text)
            ?? Double(text).flatMap { $0.magnitude < 9_007_199_254_740_992 ? Int64(exactly: $0) : nil }
    }

    /// What this value is, for a sentence.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
