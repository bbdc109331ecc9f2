#if PostgreSQL
    import EventSourcing

    /// The values of one statement in PostgreSQL's binary format, one behind the other.
    struct WireValues {
        /// Type numbers from the server's catalogue, `pg_type.dat`.
        enum TypeID {
            static let bool: UInt32 = 16
            static let bytea: UInt32 = 17
            static let int8: UInt32 = 20
            static let int2: UInt32 = 21
            static let int4: UInt32 = 23
            static let text: UInt32 = 25
            static let oid: UInt32 = 26
            static let float4: UInt32 = 700
            static let float8: UInt32 = 701
            static let numeric: UInt32 = 1700
            static let byteaArray: UInt32 = 1001
            static let textArray: UInt32 = 1009
            static let int8Array: UInt32 = 1016
            /// The server finds out by itself.
            static let any: UInt32 = 0
        }

        private(set) var bytes: [UInt8] = []
        /// Where each value begins; nil for NULL.
        private(set) var offsets: [Int?] = []
        private(set) var lengths: [Int32] = []
        private(set) var types: [UInt32] = []
        /// 1 for binary. Text whose type the server infers goes as text.
        private(set) var formats: [Int32] = []

        init() {}

        init(_ values: [SQLValue]) throws {
            for value in values { try self.append(value) }
        }

        mutating func append(_ value: SQLValue) throws {
            switch value {
            case .null: self.appendNull()
            case .integer(let number): self.append(number)
            case .real(let number): self.add(TypeID.float8) { $0.appendBigEndian(number.bitPattern) }
            case .text(let text): try self.append(text)
            case .blob(let bytes): self.append(bytes)
            }
        }

        mutating func appendNull(_ type: UInt32 = TypeID.any) {
            self.offsets.append(nil)
            self.lengths.append(0)
            self.types.append(type)
            self.formats.append(1)
        }

        mutating func append(_ number: Int64) {
            self.add(TypeID.int8) { $0.appendBigEndian(UInt64(bitPattern: number)) }
        }

        mutating func append(_ bytes: [UInt8]) { self.add(TypeID.bytea) { $0 += bytes } }

        /// - Throws: `corrupt` for text with a NUL, which PostgreSQL cannot hold.
        mutating func append(_ text: String) throws {
            guard !text.utf8.contains(0) else {
                throw EventStoreError(.corrupt, "PostgreSQL keeps no text with a NUL character")
            }
            // As text it may stand for any type; it ends with a zero.
            self.add(TypeID.any, format: 0) { bytes in
                bytes += text.utf8
                bytes.append(0)
            }
            self.lengths[self.lengths.count - 1] -= 1
        }

        /// An array of one dimension; each element writes itself, or says that it is NULL.
        mutating func appendArray<Element>(
            _ elements: some Collection<Element>, of element: UInt32, as array: UInt32,
            _ write: (inout [UInt8], Element) -> Bool,
        ) {
            self.add(array) { bytes in
                bytes.appendBigEndian(UInt32(elements.isEmpty ? 0 : 1))
                bytes.appendBigEndian(UInt32(1))
                bytes.appendBigEndian(element)
                guard !elements.isEmpty else { return }
                bytes.appendBigEndian(UInt32(elements.count))
                bytes.appendBigEndian(UInt32(1))
                for value in elements {
                    let start = bytes.count
                    bytes.appendBigEndian(UInt32.max)
                    guard write(&bytes, value) else { continue }
                    let length = UInt32(bytes.count - start - 4)
                    for index in 0..<4 {
                        bytes[start + index] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * index))
                    }
                }
            }
        }

        private mutating func add(_ type: UInt32, format: Int32 = 1, _ write: (inout [UInt8]) -> Void) {
            let start = self.bytes.count
            write(&self.bytes)
            self.offsets.append(start)
            self.lengths.append(Int32(self.bytes.count - start))
            self.types.append(type)
            self.formats.append(format)
        }
    }

    extension [UInt8] {
        mutating func appendBigEndian(_ number: some FixedWidthInteger) {
            Swift.withUnsafeBytes(of: number.bigEndian) { self.append(contentsOf: $0) }
        }
    }
#endif
