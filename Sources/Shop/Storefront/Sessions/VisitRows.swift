import Chassis
import Essentials
import EventSourcing

/// Keeps a ``Visit`` per browser, under the hash of the secret that the browser holds: who reads the table cannot take a
/// visit over.
enum VisitRows {
    static let migration = Migration(
        "storefront/001-visits",
        [
            """
            CREATE TABLE visits (
                secret_hash BLOB NOT NULL PRIMARY KEY, used_at INTEGER NOT NULL, document TEXT NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX visits_by_use ON visits (used_at)",
        ])

    static func find(_ hash: [UInt8], in unit: any ServiceUnit) throws -> Visit? {
        try unit.query("SELECT document FROM visits WHERE secret_hash = ?", [.blob(hash)])
            .first.map { try EventCoding.decode(Visit.self, from: Array(try $0.text("document").utf8)) }
    }

    static func put(_ visit: Visit, _ hash: [UInt8], at moment: Timestamp, in unit: any ServiceUnit) throws {
        try unit.execute(
            """
            INSERT INTO visits VALUES (?, ?, ?)
            ON CONFLICT (secret_hash) DO UPDATE SET used_at = excluded.used_at, document = excluded.document
            """,
            [
                .blob(hash), .integer(moment.milliseconds),
                .text(String(decoding: try EventCoding.encode(visit), as: UTF8.self)),
            ])
    }

    static func remove(_ hash: [UInt8], in unit: any ServiceUnit) throws {
        try unit.execute("DELETE FROM visits WHERE secret_hash = ?", [.blob(hash)])
    }

    /// Forgets visits that were last changed before `moment`.
    static func prune(before moment: Timestamp, in unit: any ServiceUnit) throws {
        try unit.execute("DELETE FROM visits WHERE used_at < ?", [.integer(moment.milliseconds)])
    }
}
