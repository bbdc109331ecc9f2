#if PostgreSQL
    import Essentials
    import EventSourcing

    /// Events as rows of the table `events`, in the order of its columns.
    enum EventRows {
        static let insert = """
            INSERT INTO events SELECT * FROM unnest(
                $1::bigint[], $2::text[], $3::bytea[], $4::bigint[], $5::bytea[], $6::text[], $7::bigint[], $8::bigint[],
                $9::bytea[], $10::bytea[], $11::text[], $12::text[], $13::text[], $14::text[])
            """

        static func values(_ rows: ArraySlice<LogTail.Placed>) -> WireValues {
            var values = WireValues()
            values.integers(rows) { $0.position }
            values.texts(rows) { $0.stream.category }
            values.ids(rows) { $0.stream.aggregateID }
            values.integers(rows) { $0.version }
            values.ids(rows) { $0.event.id }
            values.texts(rows) { $0.event.type }
            values.integers(rows) { Int64($0.event.schemaVersion) }
            values.integers(rows) { $0.event.timestamp.microseconds }
            values.ids(rows) { $0.event.metadata.correlationID }
            values.ids(rows) { $0.event.metadata.causationID }
            values.texts(rows) { $0.event.metadata.traceparent }
            values.texts(rows) { $0.event.metadata.tenant }
            values.texts(rows) { $0.event.metadata.actor }
            values.appendArray(rows, of: WireValues.TypeID.text, as: WireValues.TypeID.textArray) { bytes, row in
                bytes += row.event.data
                return true
            }
            return values
        }

        /// - Throws: `corrupt` for what would come back changed, or not go in at all.
        static func requireText(_ event: NewEvent) throws {
            do {
                _ = try UTF8Span(validating: event.data.span)
            } catch {
                throw EventStoreError(
                    .corrupt, "the data of \(event.type) \(event.id) is no JSON: not UTF-8 (\(error))")
            }
            let metadata = event.metadata
            let texts = [event.type, metadata.traceparent, metadata.tenant, metadata.actor]
            guard !event.data.contains(0), !texts.contains(where: { $0?.utf8.contains(0) == true }) else {
                throw EventStoreError(
                    .corrupt, "\(event.type) \(event.id) has a NUL character, which PostgreSQL cannot keep")
            }
        }

        /// The event in a row of all columns.
        static func event(_ result: PostgreSQLResult, _ row: Int, source: EventSource) throws -> RecordedEvent {
            let metadata = EventMetadata(
                correlationID: try result.id(row, 8), causationID: try result.optionalID(row, 9),
                traceparent: result.optionalText(row, 10), tenant: result.optionalText(row, 11),
                actor: result.optionalText(row, 12))
            let event = NewEvent(
                id: try result.id(row, 4), type: result.text(row, 5), schemaVersion: Int(result.integer(row, 6)),
                timestamp: Timestamp(microseconds: result.integer(row, 7)), metadata: metadata,
                data: [UInt8](result.bytes(row, 13)))
            let stream = StreamID(category: result.text(row, 1), aggregateID: try result.id(row, 2))
            return RecordedEvent(
                event: event, source: source, stream: stream, version: StreamVersion(result.integer(row, 3)),
                position: Position(result.integer(row, 0)))
        }
    }

    extension WireValues {
        mutating func integers<Row>(_ rows: ArraySlice<Row>, _ value: (Row) -> Int64) {
            self.appendArray(rows, of: TypeID.int8, as: TypeID.int8Array) { bytes, row in
                bytes.appendBigEndian(value(row))
                return true
            }
        }

        mutating func texts<Row>(_ rows: ArraySlice<Row>, _ value: (Row) -> String?) {
            self.appendArray(rows, of: TypeID.text, as: TypeID.textArray) { bytes, row in
                guard let text = value(row) else { return false }
                bytes += text.utf8
                return true
            }
        }

        mutating func ids<Row>(_ rows: ArraySlice<Row>, _ value: (Row) -> UniqueID?) {
            self.appendArray(rows, of: TypeID.bytea, as: TypeID.byteaArray) { bytes, row in
                guard let id = value(row) else { return false }
                bytes.appendBigEndian(id.high)
                bytes.appendBigEndian(id.low)
                return true
            }
        }
    }
#endif
