public import EventSourcing
public import Sagas

extension SagaTables {
    /// The tables of sagas on SQLite. Give it to the store's migrations.
    public static let sqlite = Migration(
        "mainstay/001-sagas",
        [
            """
            CREATE TABLE sagas (
                id BLOB PRIMARY KEY,
                definition TEXT NOT NULL,
                definition_hash TEXT NOT NULL,
                status TEXT NOT NULL,
                reason TEXT,
                due INTEGER,
                owner TEXT,
                epoch INTEGER NOT NULL,
                version INTEGER NOT NULL,
                started_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                metadata TEXT NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX sagas_by_due ON sagas (due) WHERE due IS NOT NULL",
            "CREATE INDEX sagas_by_status ON sagas (status) WHERE status NOT IN ('completed', 'compensated')",
            """
            CREATE TABLE saga_entries (
                saga BLOB NOT NULL,
                sequence INTEGER NOT NULL,
                at INTEGER NOT NULL,
                fact TEXT NOT NULL,
                state TEXT,
                PRIMARY KEY (saga, sequence)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE saga_signals (
                saga BLOB NOT NULL,
                name TEXT NOT NULL,
                payload TEXT NOT NULL,
                PRIMARY KEY (saga, name)
            ) STRICT, WITHOUT ROWID
            """,
        ])
}
