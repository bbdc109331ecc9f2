import Essentials
import EventSourcing
import Foundation
import GRDB

extension SQLiteUnit {
    /// An event from a row of all columns of `events`, in their order.
    static func event(_ row: Row, source: EventSource) throws -> RecordedEvent {
        let stream = StreamID(category: row[1], aggregateID: try Self.id(row[2]))
        let metadata = EventMetadata(
            correlationID: try Self.id(row[8]), causationID: try (row[9] as Data?).map(Self.id),
            traceparent: row[10], tenant: row[11], actor: row[12])
        let text: String = row[13]
        let event = NewEvent(
            id: try Self.id(row[4]), type: row[5], schemaVersion: row[6],
            timestamp: Timestamp(microseconds: row[7]), metadata: metadata, data: Array(text.utf8))
        return RecordedEvent(
            event: event, source: source, stream: stream, version: StreamVersion(row[3]), position: Position(row[0]))
    }

    private static func id(_ bytes: Data) throws -> UniqueID {
        guard let id = UniqueID(bytes: bytes) else {
            throw EventStoreError(.corrupt, "an identifier has \(bytes.count) bytes instead of 16")
        }
        return id
    }
}

extension SQLValue {
    static func optional(_ text: String?) -> SQLValue { text.map(SQLValue.text) ?? .null }
    static func optional(_ bytes: [UInt8]?) -> SQLValue { bytes.map(SQLValue.blob) ?? .null }

    var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let value): value.databaseValue
        case .real(let value): value.databaseValue
        case .text(let value): value.databaseValue
        case .blob(let value): Data(value).databaseValue
        }
    }

    init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let number): self = .integer(number)
        case .double(let number): self = .real(number)
        case .string(let text): self = .text(text)
        case .blob(let data): self = .blob([UInt8](data))
        }
    }
}
