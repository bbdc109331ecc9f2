public import Essentials
public import EventSourcing
import Foundation
import GRDB

/// A transaction on a ``SQLiteStore``.
public final class SQLiteUnit: RelationalUnit {
    public let source: EventSource
    private let database: Database
    private let mode: TransactionMode

    init(_ database: Database, source: EventSource, mode: TransactionMode) {
        self.database = database
        self.source = source
        self.mode = mode
    }

    @discardableResult
    public func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try self.requireWriting()
        let statement = try self.database.cachedStatement(sql: sql)
        try statement.execute(arguments: StatementArguments(values.map(\.databaseValue)))
        return self.database.changesCount
    }

    public func query(_ sql: String, _ values: [SQLValue]) throws -> [SQLRow] {
        let statement = try self.database.cachedStatement(sql: sql)
        let rows = try Row.fetchCursor(statement, arguments: StatementArguments(values.map(\.databaseValue)))
        let columns = statement.columnNames
        var result: [SQLRow] = []
        while let row = try rows.next() {
            result.append(SQLRow(columns: columns, values: row.databaseValues.map(SQLValue.init)))
        }
        return result
    }

    // MARK: Log

    @discardableResult
    public func append(
        _ events: [NewEvent], to stream: StreamID, expecting: ExpectedVersion,
    ) throws -> AppendResult {
        let actual = try self.version(of: stream)
        if case .exactly(let expected) = expecting, expected != actual {
            throw EventStoreError.stale(stream, expected: expected, actual: actual)
        }
        var result = AppendResult(version: actual, position: try self.head())
        for event in events {
            result.version.value += 1
            result.position.value += 1
            try self.insert(event, into: stream, at: result)
        }
        return result
    }

    private func insert(_ event: NewEvent, into stream: StreamID, at place: AppendResult) throws {
        try self.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .integer(place.position.value), .text(stream.category), .blob(stream.aggregateID.bytes),
                .integer(place.version.value), .blob(event.id.bytes), .text(event.type),
                .integer(Int64(event.schemaVersion)), .integer(event.timestamp.microseconds),
                .blob(event.metadata.correlationID.bytes), .optional(event.metadata.causationID?.bytes),
                .optional(event.metadata.traceparent), .optional(event.metadata.tenant),
                .optional(event.metadata.actor), .text(String(decoding: event.data, as: UTF8.self)),
            ])
    }

    public func read(_ stream: StreamID, after version: StreamVersion, limit: Int) throws -> [RecordedEvent] {
        try self.events(
            "WHERE aggregate = ? AND version > ? AND category = ? ORDER BY version LIMIT ?",
            [
                .blob(stream.aggregateID.bytes), .integer(version.value), .text(stream.category),
                .integer(Int64(limit)),
            ])
    }

    public func read(_ stream: StreamID, causedBy cause: UniqueID) throws -> [RecordedEvent] {
        try self.events(
            "WHERE aggregate = ? AND category = ? AND causation = ? ORDER BY version",
            [.blob(stream.aggregateID.bytes), .text(stream.category), .blob(cause.bytes)])
    }

    public func readAll(after position: Position, limit: Int) throws -> [RecordedEvent] {
        try self.events(
            "WHERE position > ? ORDER BY position LIMIT ?", [.integer(position.value), .integer(Int64(limit))])
    }

    public func version(of stream: StreamID) throws -> StreamVersion {
        let rows = try self.query(
            "SELECT max(version) AS version FROM events WHERE aggregate = ? AND category = ?",
            [.blob(stream.aggregateID.bytes), .text(stream.category)])
        return StreamVersion(try rows[0].optionalInteger("version") ?? 0)
    }

    public func head() throws -> Position {
        let rows = try self.query("SELECT max(position) AS head FROM events", [])
        return Position(try rows[0].optionalInteger("head") ?? 0)
    }

    private func events(_ condition: String, _ values: [SQLValue]) throws -> [RecordedEvent] {
        let statement = try self.database.cachedStatement(sql: "SELECT * FROM events \(condition)")
        let rows = try Row.fetchCursor(statement, arguments: StatementArguments(values.map(\.databaseValue)))
        var events: [RecordedEvent] = []
        while let row = try rows.next() { events.append(try Self.event(row, source: self.source)) }
        return events
    }

    // MARK: Checkpoints and snapshots

    public func checkpoint(_ name: String) throws -> Position {
        let rows = try self.query("SELECT position FROM checkpoints WHERE name = ?", [.text(name)])
        return Position(try rows.first?.integer("position") ?? 0)
    }

    public func setCheckpoint(_ name: String, to position: Position) throws {
        try self.execute(
            "INSERT INTO checkpoints VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position",
            [.text(name), .integer(position.value)])
    }

    public func snapshot(of stream: StreamID) throws -> Snapshot? {
        let rows = try self.query(
            "SELECT version, schema_version, data FROM snapshots WHERE category = ? AND aggregate = ?",
            [.text(stream.category), .blob(stream.aggregateID.bytes)])
        return try rows.first.map { row in
            Snapshot(
                version: StreamVersion(try row.integer("version")),
                schemaVersion: Int(try row.integer("schema_version")), data: [UInt8](try row.text("data").utf8))
        }
    }

    public func saveSnapshot(_ snapshot: Snapshot, of stream: StreamID) throws {
        try self.execute(
            "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?)",
            [
                .text(stream.category), .blob(stream.aggregateID.bytes), .integer(snapshot.version.value),
                .integer(Int64(snapshot.schemaVersion)), .text(String(decoding: snapshot.data, as: UTF8.self)),
            ])
    }

    private func requireWriting() throws {
        guard self.mode == .write else { throw EventStoreError(.readOnly, "a reading transaction cannot write") }
    }
}
