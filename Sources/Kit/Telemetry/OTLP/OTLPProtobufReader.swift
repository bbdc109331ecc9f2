/// Reads a message of OTLP from protobuf. Fields that are not in the table are skipped, as later versions have them.
struct OTLPProtobufReader {
    private let bytes: [UInt8]
    private var budget: OTLPBudget

    static func read(
        _ bytes: [UInt8], as schema: OTLPSchema, limits: OTLPLimits
    ) throws(OTLPIngestError) -> OTLPMessage {
        var reader = OTLPProtobufReader(bytes: bytes, budget: OTLPBudget(limits))
        return try reader.message(0..<bytes.count, schema)
    }

    private func malformed(_ reason: String) -> OTLPIngestError { OTLPIngestError(.malformed, reason) }

    private mutating func message(
        _ range: Range<Int>, _ schema: OTLPSchema
    ) throws(OTLPIngestError) -> OTLPMessage {
        try self.budget.enter()
        defer { self.budget.leave() }
        var message = OTLPMessage()
        var position = range.lowerBound
        while position < range.upperBound {
            let tag = try self.varint(&position, range.upperBound)
            let (number, wireType) = (Int(truncatingIfNeeded: tag >> 3), Int(tag & 7))
            guard number > 0, tag >> 3 < 1 << 29 else {
                throw self.malformed("a field without a number in \(schema.name)")
            }
            guard let field = schema.field(number) else {
                try self.skip(wireType, &position, range.upperBound)
                continue
            }
            try self.read(field, wireType, &position, range.upperBound, into: &message)
        }
        return message
    }

    private mutating func read(
        _ field: OTLPSchema.Field, _ wireType: Int, _ position: inout Int, _ end: Int, into message: inout OTLPMessage
    ) throws(OTLPIngestError) {
        if wireType == 2, field.isRepeated, let width = field.kind.packedWireType {
            let inner = try self.length(&position, end)
            var at = inner.lowerBound
            while at < inner.upperBound {
                message.fields[field.number, default: []].append(
                    try self.scalar(field.kind, width, &at, inner.upperBound, field.name))
            }
            return
        }
        let value = try self.scalar(field.kind, wireType, &position, end, field.name)
        if field.isRepeated {
            message.fields[field.number, default: []].append(value)
        } else if case .message(let new) = value, case .message(let old) = message[field.number] {
            // A message that comes in two pieces is both of them together.
            message.fields[field.number] = [
                .message(OTLPMessage(fields: old.fields.merging(new.fields) { $0 + $1 }))
            ]
        } else {
            message.fields[field.number] = [value]
        }
    }

    private mutating func scalar(
        _ kind: OTLPSchema.Kind, _ wireType: Int, _ position: inout Int, _ end: Int, _ name: String
    ) throws(OTLPIngestError) -> OTLPMessage.Value {
        try self.budget.takeValue()
        guard kind.wireType == wireType else { throw self.malformed("\(name) is of another type") }
        switch kind {
        case .string:
            let range = try self.length(&position, end)
            guard let text = String(validating: self.bytes[range], as: UTF8.self) else {
                throw self.malformed("\(name) is not UTF-8")
            }
            return .string(text)
        case .bytes: return .bytes(Array(self.bytes[try self.length(&position, end)]))
        case .bool: return .bool(try self.varint(&position, end) != 0)
        case .signed: return .signed(Int64(bitPattern: try self.varint(&position, end)))
        case .unsigned: return .unsigned(try self.varint(&position, end))
        case .zigzag:
            let raw = try self.varint(&position, end)
            return .signed(Int64(bitPattern: raw >> 1) ^ -Int64(raw & 1))
        case .fixed64: return .unsigned(try self.fixed(8, &position, end))
        case .signedFixed64: return .signed(Int64(bitPattern: try self.fixed(8, &position, end)))
        case .fixed32: return .unsigned(try self.fixed(4, &position, end))
        case .double: return .double(Double(bitPattern: try self.fixed(8, &position, end)))
        case .message(let schema):
            let range = try self.length(&position, end)
            return .message(try self.message(range, schema))
        case .anyValue:
            let range = try self.length(&position, end)
            return .message(try self.message(range, .anyValue))
        }
    }

    private func varint(_ position: inout Int, _ end: Int) throws(OTLPIngestError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < end else { throw self.malformed("it ends within a number") }
            let byte = self.bytes[position]
            position += 1
            if shift == 63, byte > 1 { throw self.malformed("a number of more than 64 bits") }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw self.malformed("a number of more than ten bytes")
    }

    private func fixed(_ width: Int, _ position: inout Int, _ end: Int) throws(OTLPIngestError) -> UInt64 {
        guard end - position >= width else { throw self.malformed("it ends within a number") }
        defer { position += width }
        return self.bytes[position..<position + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func length(_ position: inout Int, _ end: Int) throws(OTLPIngestError) -> Range<Int> {
        let length = try self.varint(&position, end)
        guard length <= UInt64(end - position) else { throw self.malformed("a length leads beyond the end") }
        defer { position += Int(length) }
        return position..<position + Int(length)
    }

    private func skip(_ wireType: Int, _ position: inout Int, _ end: Int) throws(OTLPIngestError) {
        switch wireType {
        case 0: _ = try self.varint(&position, end)
        case 1: _ = try self.fixed(8, &position, end)
        case 2: _ = try self.length(&position, end)
        case 5: _ = try self.fixed(4, &position, end)
        default: throw self.malformed("wire type \(wireType)")
        }
    }
}

extension OTLPSchema.Kind {
    fileprivate var wireType: Int {
        switch self {
        case .bool, .signed, .unsigned, .zigzag: 0
        case .fixed64, .signedFixed64, .double: 1
        case .string, .bytes, .message, .anyValue: 2
        case .fixed32: 5
        }
    }

    /// The wire type of one value within a packed field.
    fileprivate var packedWireType: Int? { self.wireType == 2 ? nil : self.wireType }
}
