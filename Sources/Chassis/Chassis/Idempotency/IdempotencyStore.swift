public import Essentials
public import EventSourcing

/// Remembers which keyed requests have been answered, in the transaction that carries them out.
public enum IdempotencyStore {
    /// The table; add it to the migrations of a service that uses the store.
    public static let migration = Migration(
        "chassis/001-idempotency",
        [
            """
            CREATE TABLE idempotency (
                scope TEXT NOT NULL, key BLOB NOT NULL, fingerprint TEXT NOT NULL,
                resource BLOB NOT NULL, answered_at INTEGER NOT NULL,
                PRIMARY KEY (scope, key)
            ) STRICT, WITHOUT ROWID
            """
        ])

    /// What is known of a key.
    public enum Finding: Hashable, Sendable {
        /// Never seen in this scope.
        case new
        /// Seen with the same request, which led to this resource.
        case repeated(resource: UniqueID)
        /// Seen with another request.
        case mismatch
    }

    /// - Parameters:
    ///   - scope: operation and caller, so that one client's keys say nothing about another's.
    ///   - fingerprint: equal for equal requests only, such as the body with sorted members.
    public static func find(
        _ key: UniqueID, scope: String, fingerprint: String, in unit: any RelationalUnit,
    ) throws -> Finding {
        let rows = try unit.query(
            "SELECT fingerprint, resource FROM idempotency WHERE scope = ? AND key = ?",
            [.text(scope), .blob(key.bytes)])
        guard let row = rows.first else { return .new }
        guard try row.text("fingerprint") == fingerprint else { return .mismatch }
        guard let resource = UniqueID(bytes: try row.blob("resource")) else {
            throw EventStoreError(.corrupt, "the idempotency key \(key) leads nowhere")
        }
        return .repeated(resource: resource)
    }

    /// Records that the request with `key` led to `resource`.
    public static func record(
        _ key: UniqueID, scope: String, fingerprint: String, resource: UniqueID, at moment: Timestamp,
        in unit: any RelationalUnit,
    ) throws {
        try unit.execute(
            "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?)",
            [
                .text(scope), .blob(key.bytes), .text(fingerprint), .blob(resource.bytes),
                .integer(moment.microseconds),
            ])
    }

    /// Forgets keys answered before `moment`, at most 1,000. Returns how many.
    public static func expire(before moment: Timestamp, in unit: any RelationalUnit) throws -> Int {
        try unit.execute(
            """
            DELETE FROM idempotency WHERE (scope, key) IN (
                SELECT scope, key FROM idempotency WHERE answered_at < ? ORDER BY answered_at LIMIT 1000)
            """, [.integer(moment.microseconds)])
    }
}
