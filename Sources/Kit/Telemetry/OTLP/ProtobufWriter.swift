/// Writes the wire format of Protocol Buffers. Fields with the default value are the caller's to leave out.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            self.bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        self.bytes.append(UInt8(rest))
    }

    private mutating func tag(_ field: Int, _ wireType: UInt64) { self.varint(UInt64(field) << 3 | wireType) }

    mutating func unsigned(_ field: Int, _ value: UInt64) {
        self.tag(field, 0)
        self.varint(value)
    }

    mutating func signed(_ field: Int, _ value: Int64) { self.unsigned(field, UInt64(bitPattern: value)) }
    mutating func bool(_ field: Int, _ value: Bool) { self.unsigned(field, value ? 1 : 0) }

    mutating func zigzag(_ field: Int, _ value: Int64) {
        self.unsigned(field, UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    mutating func fixed64(_ field: Int, _ value: UInt64) {
        self.tag(field, 1)
        self.littleEndian(value, 8)
    }

    mutating func double(_ field: Int, _ value: Double) { self.fixed64(field, value.bitPattern) }

    mutating func fixed32(_ field: Int, _ value: UInt32) {
        self.tag(field, 5)
        self.littleEndian(UInt64(value), 4)
    }

    mutating func bytes(_ field: Int, _ value: some Collection<UInt8>) {
        self.tag(field, 2)
        self.varint(UInt64(value.count))
        self.bytes += value
    }

    /// A text; an empty one is the default and left out.
    mutating func string(_ field: Int, _ value: String) {
        if !value.isEmpty { self.bytes(field, value.utf8) }
    }

    mutating func message(_ field: Int, _ write: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        write(&inner)
        self.bytes(field, inner.bytes)
    }

    mutating func packedVarints(_ field: Int, _ values: [UInt64]) {
        guard !values.isEmpty else { return }
        self.message(field) { inner in
            for value in values { inner.varint(value) }
        }
    }

    mutating func packedFixed64(_ field: Int, _ values: [UInt64]) {
        guard !values.isEmpty else { return }
        self.message(field) { inner in
            for value in values { inner.littleEndian(value, 8) }
        }
    }

    private mutating func littleEndian(_ value: UInt64, _ count: Int) {
        for index in 0..<count { self.bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }
}
