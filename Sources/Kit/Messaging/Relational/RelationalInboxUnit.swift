public import Essentials
public import EventSourcing

/// A unit whose inbox lives in SQL tables. A backend conforms by having the tables; the statements are the same for all.
///
/// Tables: `inbox_watermarks`, `inbox_parked` (one row an event that was set aside), `inbox_numbers`.
public protocol RelationalInboxUnit: RelationalUnit, InboxUnit {}

extension RelationalInboxUnit {
    // MARK: Watermarks

    public func watermarks(of consumer: String, service: String) throws -> [Watermark] {
        let rows = try self.query(
            """
            SELECT epoch, partition_count, partition_index, position FROM inbox_watermarks
            WHERE consumer = ? AND service = ? ORDER BY epoch, partition_count, partition_index
            """, [.text(consumer), .text(service)])
        return try rows.map { row in
            Watermark(
                consumer: consumer, source: EventSource(service: service, epoch: try row.id("epoch")),
                partition: Partition(
                    Int(try row.integer("partition_index")), of: Int(try row.integer("partition_count"))),
                position: Position(try row.integer("position")))
        }
    }

    public func setWatermark(_ watermark: Watermark) throws {
        try self.execute(
            """
            INSERT INTO inbox_watermarks VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (consumer, service, epoch, partition_count, partition_index)
            DO UPDATE SET position = excluded.position
            """,
            [
                .text(watermark.consumer), .text(watermark.source.service), .blob(watermark.source.epoch.bytes),
                .integer(Int64(watermark.partition.count)), .integer(Int64(watermark.partition.index)),
                .integer(watermark.position.value),
            ])
    }

    // MARK: Parked events

    public func park(
        _ event: RecordedEvent, consumer: String, key: String, state: ParkedEvent.State, at: Timestamp,
    ) throws {
        let known = try self.query(
            "SELECT number FROM inbox_parked WHERE consumer = ? AND service = ? AND epoch = ? AND position = ?",
            [
                .text(consumer), .text(event.source.service), .blob(event.source.epoch.bytes),
                .integer(event.position.value),
            ])
        guard known.isEmpty else { return }
        // Numbers are never used twice, so the highest row is not enough: it may have been removed.
        try self.execute(
            """
            INSERT INTO inbox_numbers VALUES ('parked', 1)
            ON CONFLICT (name) DO UPDATE SET last = inbox_numbers.last + 1
            """, [])
        let number = try self.query("SELECT last FROM inbox_numbers WHERE name = 'parked'")[0].integer("last")
        let (word, dueAt) = Self.columns(state)
        let parked = ParkedEvent(
            consumer: consumer, key: key, number: number, event: event, state: state, parkedAt: at)
        try self.execute(
            "INSERT INTO inbox_parked VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .integer(number), .text(consumer), .text(key), .text(event.source.service),
                .blob(event.source.epoch.bytes), .integer(event.position.value), .blob(event.id.bytes),
                .blob(CloudEventCoding.encode(event)), .text(word), dueAt, .integer(Int64(parked.attempts)),
                .optional(parked.error), .integer(at.microseconds),
            ])
    }

    public func hasParkedEvents(_ consumer: String) throws -> Bool {
        try !self.query("SELECT 1 AS one FROM inbox_parked WHERE consumer = ? LIMIT 1", [.text(consumer)]).isEmpty
    }

    public func firstParkedEvent(_ consumer: String, key: String) throws -> ParkedEvent? {
        try self.parked("WHERE consumer = ? AND line = ? ORDER BY number LIMIT 1", [.text(consumer), .text(key)]).first
    }

    public func parkedEvent(_ consumer: String, number: Int64) throws -> ParkedEvent? {
        try self.parked("WHERE consumer = ? AND number = ?", [.text(consumer), .integer(number)]).first
    }

    public func parkedEvent(_ consumer: String, id: UniqueID) throws -> ParkedEvent? {
        try self.parked(
            "WHERE consumer = ? AND event_id = ? ORDER BY number LIMIT 1", [.text(consumer), .blob(id.bytes)]
        ).first
    }

    public func setParkedState(_ state: ParkedEvent.State, consumer: String, number: Int64) throws {
        let (word, dueAt) = Self.columns(state)
        let (attempts, error) = Self.history(state)
        try self.execute(
            "UPDATE inbox_parked SET state = ?, due_at = ?, attempts = ?, error = ? WHERE consumer = ? AND number = ?",
            [.text(word), dueAt, .integer(Int64(attempts)), .optional(error), .text(consumer), .integer(number)])
    }

    public func removeParkedEvent(_ consumer: String, number: Int64) throws {
        try self.execute(
            "DELETE FROM inbox_parked WHERE consumer = ? AND number = ?", [.text(consumer), .integer(number)])
    }

    public func dueParkedEvents(_ consumer: String, at now: Timestamp, limit: Int) throws -> [ParkedEvent] {
        try self.parked(
            "WHERE consumer = ? AND state = 'scheduled' AND due_at <= ? ORDER BY due_at, number LIMIT ?",
            [.text(consumer), .integer(now.microseconds), .integer(Int64(limit))])
    }

    public func nextParkedRetry(_ consumer: String) throws -> Timestamp? {
        try self.query(
            "SELECT min(due_at) AS next FROM inbox_parked WHERE consumer = ? AND state = 'scheduled'",
            [.text(consumer)])[0].optionalInteger("next").map { Timestamp(microseconds: $0) }
    }

    public func parkedEvents(
        _ consumer: String?, onlyDead: Bool, after number: Int64, limit: Int,
    ) throws -> [ParkedEvent] {
        var conditions = ["number > ?"]
        var values: [SQLValue] = [.integer(number)]
        if let consumer {
            conditions.append("consumer = ?")
            values.append(.text(consumer))
        }
        if onlyDead { conditions.append("state = 'dead'") }
        return try self.parked(
            "WHERE \(conditions.joined(separator: " AND ")) ORDER BY number LIMIT ?", values + [.integer(Int64(limit))])
    }

    // MARK: Rows

    private func parked(_ condition: String, _ values: [SQLValue]) throws -> [ParkedEvent] {
        try self.query("SELECT * FROM inbox_parked \(condition)", values).map { row in
            ParkedEvent(
                consumer: try row.text("consumer"), key: try row.text("line"), number: try row.integer("number"),
                event: try CloudEventCoding.decodeEvent(row.blob("event")), state: try Self.state(row),
                parkedAt: Timestamp(microseconds: try row.integer("parked_at")))
        }
    }

    private static func columns(_ state: ParkedEvent.State) -> (String, SQLValue) {
        switch state {
        case .waiting: ("waiting", .null)
        case .scheduled(let at, _, _): ("scheduled", .integer(at.microseconds))
        case .dead: ("dead", .null)
        }
    }

    private static func history(_ state: ParkedEvent.State) -> (attempts: Int, error: String?) {
        switch state {
        case .waiting: (0, nil)
        case .scheduled(_, let attempts, let error): (attempts, error)
        case .dead(let attempts, let error): (attempts, error)
        }
    }

    private static func state(_ row: SQLRow) throws -> ParkedEvent.State {
        let attempts = Int(try row.integer("attempts"))
        let state = try row.text("state")
        switch state {
        case "waiting": return .waiting
        case "scheduled":
            return .scheduled(
                at: Timestamp(microseconds: try row.integer("due_at")), attempts: attempts,
                error: try row.optionalText("error"))
        case "dead": return .dead(attempts: attempts, error: try row.optionalText("error") ?? "")
        default: throw EventStoreError(.corrupt, "no parked event is in the state '\(state)'")
        }
    }
}
