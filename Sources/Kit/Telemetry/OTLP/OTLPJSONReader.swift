import Essentials
import Foundation

/// Reads a message of OTLP from its JSON form: ids in hexadecimal, whole numbers of 64 bits as texts or numbers,
/// enumerations as numbers, names in lowerCamelCase. Members that are not in the table are skipped.
struct OTLPJSONReader {
    private var budget: OTLPBudget

    static func read(
        _ bytes: [UInt8], as schema: OTLPSchema, limits: OTLPLimits
    ) throws(OTLPIngestError) -> OTLPMessage {
        let value: JSONValue
        do throws(JSONError) {
            // A message is an object, often in an array; the messages' own bound is reached first.
            value = try JSONReader.parse(
                bytes, limits: JSONReader.Limits(depth: 4 * limits.maximumDepth, count: limits.maximumValues))
        } catch {
            throw OTLPIngestError(.malformed, error.description)
        }
        var reader = OTLPJSONReader(budget: OTLPBudget(limits))
        return try reader.message(value, schema)
    }

    private mutating func message(_ value: JSONValue, _ schema: OTLPSchema) throws(OTLPIngestError) -> OTLPMessage {
        guard let object = value.object else { throw OTLPIngestError(.malformed, "\(schema.name) is no object") }
        try self.budget.enter()
        defer { self.budget.leave() }
        var message = OTLPMessage()
        for member in object.members where member.value != .null {
            guard let field = schema.field(named: member.name) else { continue }
            guard field.isRepeated else {
                message.fields[field.number] = [try self.value(member.value, field)]
                continue
            }
            guard let elements = member.value.array else {
                throw OTLPIngestError(.malformed, "\(field.name) is no array")
            }
            var values: [OTLPMessage.Value] = []
            for element in elements { values.append(try self.value(element, field)) }
            if !values.isEmpty { message.fields[field.number] = values }
        }
        return message
    }

    private mutating func value(
        _ value: JSONValue, _ field: OTLPSchema.Field
    ) throws(OTLPIngestError) -> OTLPMessage.Value {
        try self.budget.takeValue()
        switch field.kind {
        case .message(let schema): return .message(try self.message(value, schema))
        case .anyValue: return .message(try self.message(value, .anyValue))
        case .string: if let text = value.string { return .string(text) }
        case .bool: if let flag = value.bool { return .bool(flag) }
        case .bytes:
            if let bytes = value.string.flatMap({ field.isID ? Self.hexadecimal($0) : Self.base64($0) }) {
                return .bytes(bytes)
            }
        case .signed, .zigzag, .signedFixed64:
            if let number = Self.integer(value, Int64.self) { return .signed(number) }
        case .unsigned, .fixed64: if let number = Self.integer(value, UInt64.self) { return .unsigned(number) }
        case .fixed32: if let number = Self.integer(value, UInt32.self) { return .unsigned(UInt64(number)) }
        case .double: if let number = Self.double(value) { return .double(number) }
        }
        throw OTLPIngestError(.malformed, "\(field.name) is of another type")
    }

    private static func integer<Number: FixedWidthInteger>(_ value: JSONValue, _: Number.Type) -> Number? {
        switch value {
        case .string(let text): Number(text)
        // A whole number may be written with exponent or fraction.
        case .number(let text): Number(text) ?? Double(text).flatMap { Number(exactly: $0) }
        default: nil
        }
    }

    private static func double(_ value: JSONValue) -> Double? {
        switch value {
        case .number(let text): Double(text)
        case .string("NaN"): .nan
        case .string("Infinity"): .infinity
        case .string("-Infinity"): -.infinity
        default: nil
        }
    }

    private static func base64(_ text: String) -> [UInt8]? { Data(base64Encoded: text).map { Array($0) } }

    private static func hexadecimal(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count % 2 == 0, digits.allSatisfy({ $0 != nil }) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8((digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0))
        }
    }
}
