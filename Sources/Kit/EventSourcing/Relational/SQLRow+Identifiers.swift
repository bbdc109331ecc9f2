package import Essentials

extension SQLRow {
    /// An identifier in a column of 16 bytes.
    package func id(_ column: String) throws -> UniqueID {
        guard let id = try self.optionalID(column) else {
            throw EventStoreError(.corrupt, "column \(column) should hold an identifier, found NULL")
        }
        return id
    }

    package func optionalID(_ column: String) throws -> UniqueID? {
        guard let bytes = try self.optionalBlob(column) else { return nil }
        guard let id = UniqueID(bytes: bytes) else {
            throw EventStoreError(.corrupt, "column \(column) has \(bytes.count) bytes instead of 16")
        }
        return id
    }
}

extension SQLValue {
    package static func optional(_ number: Int64?) -> SQLValue { number.map(SQLValue.integer) ?? .null }
    package static func optional(_ text: String?) -> SQLValue { text.map(SQLValue.text) ?? .null }
    package static func optional(_ bytes: [UInt8]?) -> SQLValue { bytes.map(SQLValue.blob) ?? .null }
}
