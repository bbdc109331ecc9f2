public import EventSourcing

/// The tables of `Messaging`.
public enum SQLiteMessaging {
    public static let migrations = [inboxAndEffects, ownersOfEffects]

    private static let inboxAndEffects = Migration(
        "messaging/001-inbox-and-effects",
        [
            """
            CREATE TABLE inbox_watermarks (
                consumer TEXT NOT NULL,
                service TEXT NOT NULL,
                epoch BLOB NOT NULL,
                partition_count INTEGER NOT NULL,
                partition_index INTEGER NOT NULL,
                position INTEGER NOT NULL,
                PRIMARY KEY (consumer, service, epoch, partition_count, partition_index)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE inbox_parked (
                number INTEGER NOT NULL PRIMARY KEY,
                consumer TEXT NOT NULL,
                line TEXT NOT NULL,
                service TEXT NOT NULL,
                epoch BLOB NOT NULL,
                position INTEGER NOT NULL,
                event_id BLOB NOT NULL,
                event BLOB NOT NULL,
                state TEXT NOT NULL,
                due_at INTEGER,
                attempts INTEGER NOT NULL,
                error TEXT,
                parked_at INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE UNIQUE INDEX inbox_parked_once ON inbox_parked (consumer, service, epoch, position)",
            "CREATE INDEX inbox_parked_by_line ON inbox_parked (consumer, line, number)",
            "CREATE INDEX inbox_parked_by_event ON inbox_parked (consumer, event_id)",
            "CREATE INDEX inbox_parked_due ON inbox_parked (consumer, due_at, number) WHERE state = 'scheduled'",
            "CREATE TABLE inbox_numbers (name TEXT NOT NULL PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID",
            """
            CREATE TABLE effects (
                queue TEXT NOT NULL,
                id BLOB NOT NULL,
                payload BLOB NOT NULL,
                state TEXT NOT NULL,
                moment INTEGER,
                result TEXT,
                attempts INTEGER NOT NULL,
                error TEXT,
                created_at INTEGER NOT NULL,
                PRIMARY KEY (queue, id)
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX effects_open ON effects (queue, moment, id) WHERE state IN ('due', 'claimed')",
            "CREATE INDEX effects_done ON effects (queue, moment, id) WHERE state = 'done'",
            "CREATE INDEX effects_dead ON effects (queue, id) WHERE state = 'dead'",
        ])

    private static let ownersOfEffects = Migration(
        "messaging/002-owners-of-effects", ["ALTER TABLE effects ADD COLUMN owner TEXT"])
}
