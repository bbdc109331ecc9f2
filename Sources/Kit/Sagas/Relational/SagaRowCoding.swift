import Essentials
import EventSourcing

/// How sagas stand in columns.
enum SagaRowCoding {
    /// The part of the metadata that is stored, as one JSON object.
    private struct StoredMetadata: Codable {
        var correlationID: UniqueID
        var causationID: UniqueID?
        var traceparent: String?
        var tenant: String?
        var actor: String?
    }

    /// All columns but the id, in the order of the table.
    static func values(_ instance: SagaInstance) throws -> [SQLValue] {
        [
            .text(instance.definition), .text(instance.definitionHash), .text(instance.state.status.rawValue),
            try Self.reason(instance.state), Self.optional(instance.due),
            instance.owner.map { .text($0) } ?? .null, .integer(instance.epoch), .integer(instance.version),
            .integer(instance.startedAt.microseconds), .integer(instance.updatedAt.microseconds),
            .text(try Self.text(Self.stored(instance.metadata))),
        ]
    }

    static func instance(_ row: SQLRow) throws -> SagaInstance {
        guard let id = UniqueID(bytes: try row.blob("id")) else {
            throw EventStoreError(.corrupt, "a saga has an id that is not 16 bytes long")
        }
        let due = try row.optionalInteger("due").map(Timestamp.init(microseconds:))
        return SagaInstance(
            id: id, definition: try row.text("definition"), definitionHash: try row.text("definition_hash"),
            state: try Self.state(row, due: due), due: due, owner: try row.optionalText("owner"),
            epoch: try row.integer("epoch"), version: try row.integer("version"),
            startedAt: Timestamp(microseconds: try row.integer("started_at")),
            updatedAt: Timestamp(microseconds: try row.integer("updated_at")), metadata: try Self.metadata(row))
    }

    static func entry(_ row: SQLRow) throws -> SagaEntry {
        do {
            return SagaEntry(
                sequence: try row.integer("sequence"), at: Timestamp(microseconds: try row.integer("at")),
                fact: try EventCoding.decode(SagaFact.self, from: Array(try row.text("fact").utf8)),
                state: try row.optionalText("state").map { Array($0.utf8) })
        } catch let error as DecodingError {
            throw EventStoreError(.corrupt, "an entry of a saga's journal cannot be read: \(error)")
        }
    }

    private static func state(_ row: SQLRow, due: Timestamp?) throws -> SagaState {
        let text = try row.text("status")
        switch SagaStatus(rawValue: text) {
        case .running: return .running
        case .waiting: return .waiting(until: due)
        case .compensating: return .compensating
        case .completed: return .completed
        case .compensated: return .compensated
        case .parked:
            let reason = Array(try row.text("reason").utf8)
            return .parked(try EventCoding.decode(SagaParkReason.self, from: reason))
        case nil: throw EventStoreError(.corrupt, "'\(text)' is not the status of a saga")
        }
    }

    private static func reason(_ state: SagaState) throws -> SQLValue {
        switch state {
        case .parked(let reason): .text(try Self.text(reason))
        case .running, .waiting, .compensating, .completed, .compensated: .null
        }
    }

    private static func metadata(_ row: SQLRow) throws -> EventMetadata {
        let stored = try EventCoding.decode(StoredMetadata.self, from: Array(try row.text("metadata").utf8))
        return EventMetadata(
            correlationID: stored.correlationID, causationID: stored.causationID, traceparent: stored.traceparent,
            tenant: stored.tenant, actor: stored.actor)
    }

    private static func stored(_ metadata: EventMetadata) -> StoredMetadata {
        StoredMetadata(
            correlationID: metadata.correlationID, causationID: metadata.causationID,
            traceparent: metadata.traceparent, tenant: metadata.tenant, actor: metadata.actor)
    }

    private static func text(_ value: some Encodable) throws -> String {
        String(decoding: try EventCoding.encode(value), as: UTF8.self)
    }

    private static func optional(_ moment: Timestamp?) -> SQLValue {
        moment.map { .integer($0.microseconds) } ?? .null
    }
}
