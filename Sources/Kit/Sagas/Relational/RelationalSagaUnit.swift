public import Essentials
public import EventSourcing

/// A unit whose sagas live in SQL tables. A backend conforms by having the tables; the statements are the same for all.
///
/// Tables: `sagas` (one row a saga), `saga_entries` (the journal), `saga_signals`.
public protocol RelationalSagaUnit: RelationalUnit, SagaUnit {}

extension RelationalSagaUnit {
    public func insertSaga(_ instance: SagaInstance, _ entry: SagaEntry) throws -> Bool {
        let row = try SagaRowCoding.values(instance)
        let inserted = try self.execute(
            """
            INSERT INTO sagas (definition, definition_hash, status, reason, due, owner, epoch, version, started_at,
                updated_at, metadata, id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
            """, row + [.blob(instance.id.bytes)])
        guard inserted == 1 else { return false }
        try self.append([entry], toSaga: instance.id)
        return true
    }

    public func saga(_ id: UniqueID) throws -> SagaInstance? {
        try self.query("SELECT * FROM sagas WHERE id = ?", [.blob(id.bytes)]).first.map(SagaRowCoding.instance)
    }

    public func sagaJournal(_ id: UniqueID) throws -> [SagaEntry] {
        try self.query("SELECT * FROM saga_entries WHERE saga = ? ORDER BY sequence", [.blob(id.bytes)])
            .map(SagaRowCoding.entry)
    }

    public func dueSagas(at now: Timestamp, limit: Int) throws -> [SagaInstance] {
        try self.query(
            "SELECT * FROM sagas WHERE due IS NOT NULL AND due <= ? ORDER BY due, id LIMIT ?",
            [.integer(now.microseconds), .integer(Int64(limit))]
        ).map(SagaRowCoding.instance)
    }

    public func nextSagaDue() throws -> Timestamp? {
        let rows = try self.query("SELECT min(due) AS due FROM sagas WHERE due IS NOT NULL")
        return try rows.first?.optionalInteger("due").map(Timestamp.init(microseconds:))
    }

    public func sagas(ownedBy owner: String) throws -> [SagaInstance] {
        try self.query("SELECT * FROM sagas WHERE due IS NOT NULL AND owner = ? ORDER BY id", [.text(owner)])
            .map(SagaRowCoding.instance)
    }

    public func updateSaga(
        _ instance: SagaInstance, ifEpoch epoch: Int64, version: Int64, appending entries: [SagaEntry],
    ) throws -> Bool {
        let row = try SagaRowCoding.values(instance)
        #if PlantedFaults
            if PlantedFault.skipFence.isPlanted {
                return try self.updateSagaUnfenced(instance, row, appending: entries)
            }
        #endif
        let updated = try self.execute(
            """
            UPDATE sagas SET definition = ?, definition_hash = ?, status = ?, reason = ?, due = ?, owner = ?, epoch = ?,
                version = ?, started_at = ?, updated_at = ?, metadata = ?
            WHERE id = ? AND epoch = ? AND version = ?
            """, row + [.blob(instance.id.bytes), .integer(epoch), .integer(version)])
        guard updated == 1 else { return false }
        try self.append(entries, toSaga: instance.id)
        return true
    }

    public func lockSaga(_ id: UniqueID, epoch: Int64, version: Int64) throws -> Bool {
        try self.execute(
            "UPDATE sagas SET epoch = epoch WHERE id = ? AND epoch = ? AND version = ?",
            [.blob(id.bytes), .integer(epoch), .integer(version)]) == 1
    }

    public func renewSagaLease(_ id: UniqueID, owner: String, epoch: Int64, until due: Timestamp) throws -> Bool {
        try self.execute(
            "UPDATE sagas SET due = ? WHERE id = ? AND owner = ? AND epoch = ?",
            [.integer(due.microseconds), .blob(id.bytes), .text(owner), .integer(epoch)]) == 1
    }

    public func sagas(status: SagaStatus?, after: UniqueID?, limit: Int) throws -> [SagaInstance] {
        try self.sagas(status, after.map { ("id > ?", $0) }, "ORDER BY id", limit)
    }

    public func sagas(status: SagaStatus?, before: UniqueID?, limit: Int) throws -> [SagaInstance] {
        try self.sagas(status, before.map { ("id < ?", $0) }, "ORDER BY id DESC", limit)
    }

    private func sagas(
        _ status: SagaStatus?, _ bound: (condition: String, id: UniqueID)?, _ order: String, _ limit: Int,
    ) throws -> [SagaInstance] {
        var conditions: [String] = []
        var values: [SQLValue] = []
        if let bound {
            conditions.append(bound.condition)
            values.append(.blob(bound.id.bytes))
        }
        if let status {
            conditions.append("status = ?")
            values.append(.text(status.rawValue))
        }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return try self.query(
            "SELECT * FROM sagas \(condition) \(order) LIMIT ?", values + [.integer(Int64(limit))]
        ).map(SagaRowCoding.instance)
    }

    public func addSagaSignal(_ id: UniqueID, name: String, payload: [UInt8], now: Timestamp) throws -> Bool {
        // The row first: an engine that is about to wait holds it until its transaction ends.
        try self.execute(
            "UPDATE sagas SET due = ? WHERE id = ? AND status = ? AND owner IS NULL",
            [.integer(now.microseconds), .blob(id.bytes), .text(SagaStatus.waiting.rawValue)])
        return try self.execute(
            "INSERT INTO saga_signals (saga, name, payload) VALUES (?, ?, ?) ON CONFLICT (saga, name) DO NOTHING",
            [.blob(id.bytes), .text(name), .text(String(decoding: payload, as: UTF8.self))]) == 1
    }

    public func sagaSignal(_ id: UniqueID, name: String) throws -> [UInt8]? {
        try self.query(
            "SELECT payload FROM saga_signals WHERE saga = ? AND name = ?", [.blob(id.bytes), .text(name)]
        ).first.map { [UInt8](try $0.text("payload").utf8) }
    }

    #if PlantedFaults
        /// Whoever writes last wins, and numbers its entries behind those that are there.
        private func updateSagaUnfenced(
            _ instance: SagaInstance, _ row: [SQLValue], appending entries: [SagaEntry],
        ) throws -> Bool {
            try self.execute(
                """
                UPDATE sagas SET definition = ?, definition_hash = ?, status = ?, reason = ?, due = ?, owner = ?, epoch = ?,
                    version = ?, started_at = ?, updated_at = ?, metadata = ?
                WHERE id = ?
                """, row + [.blob(instance.id.bytes)])
            let last = try self.sagaJournal(instance.id).last?.sequence ?? 0
            let shifted = entries.enumerated().map { offset, entry in
                var entry = entry
                entry.sequence = last + Int64(offset) + 1
                return entry
            }
            try self.append(shifted, toSaga: instance.id)
            return true
        }
    #endif

    private func append(_ entries: [SagaEntry], toSaga id: UniqueID) throws {
        for entry in entries {
            let fact = try EventCoding.encode(entry.fact)
            try self.execute(
                "INSERT INTO saga_entries (saga, sequence, at, fact, state) VALUES (?, ?, ?, ?, ?)",
                [
                    .blob(id.bytes), .integer(entry.sequence), .integer(entry.at.microseconds),
                    .text(String(decoding: fact, as: UTF8.self)),
                    entry.state.map { .text(String(decoding: $0, as: UTF8.self)) } ?? .null,
                ])
        }
    }
}

/// The tables that a ``RelationalSagaUnit`` needs; each backend adds its migration here.
public enum SagaTables {}
