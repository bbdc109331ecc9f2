import EventSourcing

/// The tables of what was observed.
enum TelemetrySchema {
    static let migration = Migration(
        "console/001-telemetry",
        [
            """
            CREATE TABLE traces (
                trace_id BLOB NOT NULL PRIMARY KEY, start_at INTEGER NOT NULL, end_at INTEGER NOT NULL,
                root_service TEXT, root_name TEXT, root_took INTEGER, spans INTEGER NOT NULL, errors INTEGER NOT NULL,
                services TEXT NOT NULL, request_id TEXT, bytes INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX traces_by_start ON traces (start_at)",
            "CREATE INDEX traces_by_request ON traces (request_id) WHERE request_id IS NOT NULL",
            "CREATE TABLE trace_parts (id INTEGER PRIMARY KEY, trace_id BLOB NOT NULL, spans BLOB NOT NULL) STRICT",
            "CREATE INDEX trace_parts_by_trace ON trace_parts (trace_id)",
            """
            CREATE TABLE logs (
                id INTEGER PRIMARY KEY, at INTEGER NOT NULL, severity INTEGER NOT NULL, service TEXT NOT NULL,
                trace_id BLOB, line TEXT NOT NULL
            ) STRICT
            """,
            "CREATE INDEX logs_by_trace ON logs (trace_id) WHERE trace_id IS NOT NULL",
            """
            CREATE TABLE rates (
                at INTEGER NOT NULL, service TEXT NOT NULL, route TEXT NOT NULL, requests INTEGER NOT NULL,
                errors INTEGER NOT NULL, seconds REAL NOT NULL, p50 REAL NOT NULL, p95 REAL NOT NULL, p99 REAL NOT NULL,
                PRIMARY KEY (at, service, route)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE service_states (
                service TEXT NOT NULL PRIMARY KEY, state TEXT NOT NULL, since INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE alerts (
                id INTEGER PRIMARY KEY, at INTEGER NOT NULL, severity TEXT NOT NULL, subject TEXT NOT NULL,
                text TEXT NOT NULL, is_firing INTEGER NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE audit (
                id INTEGER PRIMARY KEY, at INTEGER NOT NULL, operator TEXT NOT NULL, action TEXT NOT NULL,
                target TEXT NOT NULL, outcome TEXT NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE sessions (
                secret_hash BLOB NOT NULL PRIMARY KEY, used_at INTEGER NOT NULL, document TEXT NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
        ])
}
