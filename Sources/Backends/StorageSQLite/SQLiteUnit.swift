public import Essentials
public import EventSourcing
import GRDB

/// A transaction on a ``SQLiteStore``.
public final class SQLiteUnit: RelationalUnit {
    public let source: EventSource
    private let database: Database
    private let mode: TransactionMode
    /// The end of the log, once it is known: nobody else moves it while this transaction lasts.
    private var knownHead: Position?
    /// Why this transaction cannot be kept any more, though its closure may not know.
    private(set) var doom: (any Error)?

    init(_ database: Database, source: EventSource, mode: TransactionMode, head: Position? = nil) {
        self.database = database
        self.source = source
        self.mode = mode
        self.knownHead = head
    }

    // MARK: Statements

    @discardableResult
    public func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try self.requireWriting()
        try self.run(sql) { statement in
            for value in values { statement.bind(value) }
        } row: { _ in
        }
        return self.database.changesCount
    }

    public func query(_ sql: String, _ values: [SQLValue]) throws -> [SQLRow] {
        let columns = try self.database.cachedStatement(sql: sql).columnNames
        var rows: [SQLRow] = []
        try self.run(sql) { statement in
            for value in values { statement.bind(value) }
        } row: {
            rows.append(SQLRow(columns: columns, values: $0.values))
        }
        return rows
    }

    /// Runs a statement to its end.
    private func run(
        _ sql: String, bind: (inout StatementRun) -> Void, row: (StatementRun) throws -> Void,
    ) throws {
        if let doom { throw doom }
        var statement = StatementRun(try self.database.cachedStatement(sql: sql), on: self.database)
        guard !statement.isControl else {
            throw EventStoreError(.unavailable, "'\(sql)' is not for a unit of work: its store begins and ends it")
        }
        defer { statement.finish() }
        bind(&statement)
        do {
            try statement.checkBindings()
            while try statement.step() { try row(statement) }
        } catch let error as DatabaseError {
            // A full disk or an I/O error makes SQLite give up the whole transaction by itself. What came behind it
            // would be committed statement by statement, so nothing may.
            if self.mode == .write, !self.database.isInsideTransaction { self.doom = error }
            throw error
        }
    }

    private func requireWriting() throws {
        guard self.mode == .write else { throw EventStoreError(.readOnly, "a reading transaction cannot write") }
    }

    // MARK: Appending

    @discardableResult
    public func append(
        _ events: [NewEvent], to stream: StreamID, expecting: ExpectedVersion,
    ) throws -> AppendResult {
        try self.requireWriting()
        let actual = try self.version(of: stream)
        if case .exactly(let expected) = expecting, expected != actual {
            throw EventStoreError.stale(stream, expected: expected, actual: actual)
        }
        for event in events { try Self.requireText(event) }
        var end = AppendResult(version: actual, position: try self.head())
        do {
            for event in events {
                end.version.value += 1
                end.position.value += 1
                try self.insert(event, into: stream, at: end)
            }
        } catch {
            // Half an append must not be committed, even by a closure that goes on after the error.
            self.doom = error
            throw error
        }
        self.knownHead = end.position
        return end
    }

    /// The data is stored as text; what is not would come back changed.
    private static func requireText(_ event: NewEvent) throws {
        do {
            _ = try UTF8Span(validating: event.data.span)
        } catch {
            throw EventStoreError(.corrupt, "the data of \(event.type) \(event.id) is no JSON: not UTF-8 (\(error))")
        }
    }

    private func insert(_ event: NewEvent, into stream: StreamID, at place: AppendResult) throws {
        try self.run("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") { statement in
            statement.bind(place.position.value)
            statement.bind(stream.category)
            statement.bind(stream.aggregateID)
            statement.bind(place.version.value)
            statement.bind(event.id)
            statement.bind(event.type)
            statement.bind(Int64(event.schemaVersion))
            statement.bind(event.timestamp.microseconds)
            statement.bind(event.metadata.correlationID)
            statement.bind(event.metadata.causationID)
            statement.bind(event.metadata.traceparent)
            statement.bind(event.metadata.tenant)
            statement.bind(event.metadata.actor)
            statement.bind(text: event.data)
        } row: { _ in
        }
    }

    // MARK: Reading

    public func read(_ stream: StreamID, after version: StreamVersion, limit: Int) throws -> [RecordedEvent] {
        try self.events("WHERE aggregate = ? AND version > ? AND category = ? ORDER BY version LIMIT ?") {
            $0.bind(stream.aggregateID)
            $0.bind(version.value)
            $0.bind(stream.category)
            $0.bind(Int64(max(0, limit)))
        }
    }

    public func read(_ stream: StreamID, causedBy cause: UniqueID) throws -> [RecordedEvent] {
        try self.events("WHERE aggregate = ? AND category = ? AND causation = ? ORDER BY version") {
            $0.bind(stream.aggregateID)
            $0.bind(stream.category)
            $0.bind(cause)
        }
    }

    public func readAll(after position: Position, limit: Int) throws -> [RecordedEvent] {
        try self.events("WHERE position > ? ORDER BY position LIMIT ?") {
            $0.bind(position.value)
            $0.bind(Int64(max(0, limit)))
        }
    }

    public func version(of stream: StreamID) throws -> StreamVersion {
        var version = StreamVersion.zero
        let sql = """
            SELECT version FROM events WHERE aggregate = ? AND category = ?
            ORDER BY version DESC LIMIT 1
            """
        try self.run(sql) {
            $0.bind(stream.aggregateID)
            $0.bind(stream.category)
        } row: {
            version.value = $0.integer(0)
        }
        return version
    }

    public func head() throws -> Position {
        if let knownHead { return knownHead }
        var head = Position.start
        try self.run("SELECT max(position) FROM events") { _ in
        } row: {
            head.value = $0.integer(0)
        }
        self.knownHead = head
        return head
    }

    private func events(_ condition: String, bind: (inout StatementRun) -> Void) throws -> [RecordedEvent] {
        var events: [RecordedEvent] = []
        try self.run("SELECT * FROM events \(condition)", bind: bind) {
            events.append(try $0.event(source: self.source))
        }
        return events
    }

    // MARK: Checkpoints and snapshots

    public func checkpoint(_ name: String) throws -> Position {
        var position = Position.start
        try self.run("SELECT position FROM checkpoints WHERE name = ?") {
            $0.bind(name)
        } row: {
            position.value = $0.integer(0)
        }
        return position
    }

    public func setCheckpoint(_ name: String, to position: Position) throws {
        try self.requireWriting()
        let sql = "INSERT INTO checkpoints VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position"
        try self.run(sql) {
            $0.bind(name)
            $0.bind(position.value)
        } row: { _ in
        }
    }

    public func snapshot(of stream: StreamID) throws -> Snapshot? {
        var snapshot: Snapshot?
        try self.run("SELECT version, schema_version, data FROM snapshots WHERE category = ? AND aggregate = ?") {
            $0.bind(stream.category)
            $0.bind(stream.aggregateID)
        } row: {
            snapshot = Snapshot(
                version: StreamVersion($0.integer(0)), schemaVersion: Int($0.integer(1)), data: $0.utf8(2))
        }
        return snapshot
    }

    public func saveSnapshot(_ snapshot: Snapshot, of stream: StreamID) throws {
        try self.requireWriting()
        try self.run("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?)") {
            $0.bind(stream.category)
            $0.bind(stream.aggregateID)
            $0.bind(snapshot.version.value)
            $0.bind(Int64(snapshot.schemaVersion))
            $0.bind(text: snapshot.data)
        } row: { _ in
        }
    }
}
