public import Essentials
public import EventSourcing

/// A unit whose effects live in an SQL table, `effects`. A backend conforms by having the table; the statements are the
/// same for all.
public protocol RelationalEffectUnit: RelationalUnit, EffectUnit {}

extension RelationalEffectUnit {
    public func effect(_ queue: String, id: UniqueID) throws -> Effect? {
        try self.effects("WHERE queue = ? AND id = ?", [.text(queue), .blob(id.bytes)]).first
    }

    public func putEffect(_ effect: Effect) throws {
        let (word, moment, result, owner) = Self.columns(effect.state)
        try self.execute(
            """
            INSERT INTO effects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (queue, id) DO UPDATE SET
                payload = excluded.payload, state = excluded.state, moment = excluded.moment,
                result = excluded.result, attempts = excluded.attempts, error = excluded.error,
                owner = excluded.owner
            """,
            [
                .text(effect.queue), .blob(effect.id.bytes), .blob(effect.payload), .text(word), moment, result,
                .integer(Int64(effect.attempts)), .optional(effect.error), .integer(effect.createdAt.microseconds),
                .optional(owner),
            ])
    }

    public func dueEffects(_ queue: String, at now: Timestamp, limit: Int) throws -> [Effect] {
        try self.effects(
            "WHERE queue = ? AND state IN ('due', 'claimed') AND moment <= ? ORDER BY moment, id LIMIT ?",
            [.text(queue), .integer(now.microseconds), .integer(Int64(limit))])
    }

    public func claimedEffects(_ queue: String, by name: String, limit: Int) throws -> [Effect] {
        try self.effects(
            "WHERE queue = ? AND state = 'claimed' AND owner = ? ORDER BY id LIMIT ?",
            [.text(queue), .text(name), .integer(Int64(limit))])
    }

    public func nextEffect(_ queue: String) throws -> Timestamp? {
        try self.query(
            "SELECT min(moment) AS next FROM effects WHERE queue = ? AND state IN ('due', 'claimed')", [.text(queue)]
        )[0].optionalInteger("next").map { Timestamp(microseconds: $0) }
    }

    public func deadEffects(_ queue: String, after id: UniqueID?, limit: Int) throws -> [Effect] {
        try self.effects(
            "WHERE queue = ? AND state = 'dead' AND id > ? ORDER BY id LIMIT ?",
            [.text(queue), .blob(id?.bytes ?? []), .integer(Int64(limit))])
    }

    @discardableResult
    public func removeDoneEffects(_ queue: String, before moment: Timestamp, limit: Int) throws -> Int {
        try self.execute(
            """
            DELETE FROM effects WHERE queue = ? AND id IN (
                SELECT id FROM effects WHERE queue = ? AND state = 'done' AND moment < ? ORDER BY id LIMIT ?)
            """, [.text(queue), .text(queue), .integer(moment.microseconds), .integer(Int64(limit))])
    }

    private func effects(_ condition: String, _ values: [SQLValue]) throws -> [Effect] {
        try self.query("SELECT * FROM effects \(condition)", values).map { row in
            Effect(
                queue: try row.text("queue"), id: try row.id("id"), payload: try row.blob("payload"),
                state: try Self.effectState(row), attempts: Int(try row.integer("attempts")),
                error: try row.optionalText("error"),
                createdAt: Timestamp(microseconds: try row.integer("created_at")))
        }
    }

    private static func columns(
        _ state: Effect.State,
    ) -> (String, moment: SQLValue, result: SQLValue, owner: String?) {
        switch state {
        case .due(let at): ("due", .integer(at.microseconds), .null, nil)
        case .claimed(let until, let owner): ("claimed", .integer(until.microseconds), .null, owner)
        case .done(let at, let result): ("done", .integer(at.microseconds), .text(result), nil)
        case .dead: ("dead", .null, .null, nil)
        }
    }

    private static func effectState(_ row: SQLRow) throws -> Effect.State {
        let state = try row.text("state")
        let moment = Timestamp(microseconds: try row.optionalInteger("moment") ?? 0)
        switch state {
        case "due": return .due(at: moment)
        case "claimed": return .claimed(until: moment, by: try row.optionalText("owner"))
        case "done": return .done(at: moment, result: try row.optionalText("result") ?? "")
        case "dead": return .dead
        default: throw EventStoreError(.corrupt, "no effect is in the state '\(state)'")
        }
    }
}
