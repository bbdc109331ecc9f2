#if PostgreSQL
    import CPostgreSQL
    import Essentials
    import EventSourcing

    /// What one statement gave, in binary format.
    final class PostgreSQLResult {
        private let handle: OpaquePointer

        /// Takes the result over.
        init(_ handle: OpaquePointer) { self.handle = handle }

        deinit { PQclear(self.handle) }

        var rowCount: Int { Int(PQntuples(self.handle)) }
        var columnNames: [String] { (0..<PQnfields(self.handle)).map { String(cString: PQfname(self.handle, $0)) } }
        var columnCount: Int { Int(PQnfields(self.handle)) }

        /// What the server says it has done: `COMMIT`, `INSERT 0 1`.
        var command: String { String(cString: PQcmdStatus(self.handle)) }

        /// How many rows the statement has changed.
        var changedRows: Int { Int(String(cString: PQcmdTuples(self.handle))) ?? 0 }

        func isNull(_ row: Int, _ column: Int) -> Bool { PQgetisnull(self.handle, Int32(row), Int32(column)) != 0 }

        func bytes(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(
                start: PQgetvalue(self.handle, Int32(row), Int32(column)),
                count: Int(PQgetlength(self.handle, Int32(row), Int32(column))))
        }

        func integer(_ row: Int, _ column: Int) -> Int64 {
            Int64(bitPattern: self.bytes(row, column).loadUnaligned(as: UInt64.self).bigEndian)
        }

        func text(_ row: Int, _ column: Int) -> String { String(decoding: self.bytes(row, column), as: UTF8.self) }

        func optionalText(_ row: Int, _ column: Int) -> String? {
            self.isNull(row, column) ? nil : self.text(row, column)
        }

        func optionalID(_ row: Int, _ column: Int) throws -> UniqueID? {
            self.isNull(row, column) ? nil : try self.id(row, column)
        }

        func id(_ row: Int, _ column: Int) throws -> UniqueID {
            let bytes = self.bytes(row, column)
            guard let id = UniqueID(bytes: bytes) else {
                throw EventStoreError(.corrupt, "column \(column + 1) has \(bytes.count) bytes instead of 16")
            }
            return id
        }

        /// The value as what its type says. Types that have no counterpart are refused: cast them in the statement.
        func value(_ row: Int, _ column: Int) throws -> SQLValue {
            guard !self.isNull(row, column) else { return .null }
            let bytes = self.bytes(row, column)
            switch PQftype(self.handle, Int32(column)) {
            case WireValues.TypeID.bool: return .integer(bytes[0] == 0 ? 0 : 1)
            case WireValues.TypeID.int2: return .integer(Int64(bytes.loadUnaligned(as: Int16.self).bigEndian))
            case WireValues.TypeID.int4: return .integer(Int64(bytes.loadUnaligned(as: Int32.self).bigEndian))
            case WireValues.TypeID.oid: return .integer(Int64(bytes.loadUnaligned(as: UInt32.self).bigEndian))
            case WireValues.TypeID.int8: return .integer(self.integer(row, column))
            case WireValues.TypeID.float4:
                return .real(Double(Float(bitPattern: bytes.loadUnaligned(as: UInt32.self).bigEndian)))
            case WireValues.TypeID.float8:
                return .real(Double(bitPattern: bytes.loadUnaligned(as: UInt64.self).bigEndian))
            case WireValues.TypeID.numeric: return try Self.numeric(bytes)
            case WireValues.TypeID.bytea: return .blob([UInt8](bytes))
            case WireValues.TypeID.text, 18, 19, 114, 705, 1042, 1043:  // char, name, json, unknown, bpchar, varchar
                return .text(String(decoding: bytes, as: UTF8.self))
            case let type:
                throw EventStoreError(.corrupt, "a column of PostgreSQL's type \(type) has no value here: cast it")
            }
        }

        /// `numeric`, which sums of integers have: digits to the base of 10,000. Whole numbers come out as integers.
        private static func numeric(_ bytes: UnsafeRawBufferPointer) throws -> SQLValue {
            let word = { Int(bytes.loadUnaligned(fromByteOffset: 2 * $0, as: Int16.self).bigEndian) }
            let (count, weight, sign) = (word(0), word(1), word(2))
            guard sign == 0 || sign == 0x4000 else {
                throw EventStoreError(.corrupt, "a number that is none, or infinite, has no value here")
            }
            if weight < count - 1 {
                var value = 0.0
                for digit in 0..<count { value += Double(word(4 + digit)) * Self.power(weight - digit) }
                return .real(sign == 0 ? value : -value)
            }
            var value: Int64 = 0
            for digit in 0...max(0, weight) {
                let (shifted, over) = value.multipliedReportingOverflow(by: 10_000)
                let next = Int64(digit < count ? word(4 + digit) : 0)
                let (sum, overAgain) = shifted.addingReportingOverflow(sign == 0 ? next : -next)
                guard !over, !overAgain else { throw EventStoreError(.corrupt, "a sum does not fit into 64 bits") }
                value = sum
            }
            return .integer(value)
        }

        private static func power(_ exponent: Int) -> Double {
            (0..<abs(exponent)).reduce(1.0) { power, _ in exponent < 0 ? power / 10_000 : power * 10_000 }
        }
    }
#endif
