import Essentials
import EventSourcing
import GRDB

/// Brings a database's tables up to date and says whose it is.
enum SQLiteSchema {
    static let base = [
        Migration(
            "mainstay/001-log",
            [
                """
                CREATE TABLE events (
                    position INTEGER PRIMARY KEY,
                    category TEXT NOT NULL,
                    aggregate BLOB NOT NULL,
                    version INTEGER NOT NULL,
                    id BLOB NOT NULL,
                    type TEXT NOT NULL,
                    schema_version INTEGER NOT NULL,
                    timestamp INTEGER NOT NULL,
                    correlation BLOB NOT NULL,
                    causation BLOB,
                    traceparent TEXT,
                    tenant TEXT,
                    actor TEXT,
                    data TEXT NOT NULL
                ) STRICT
                """,
                "CREATE UNIQUE INDEX events_by_stream ON events (aggregate, version, category)",
                """
                CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
                BEGIN SELECT raise(ABORT, 'the log is append-only'); END
                """,
                """
                CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
                BEGIN SELECT raise(ABORT, 'the log is append-only'); END
                """,
                "CREATE TABLE checkpoints (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID",
                """
                CREATE TABLE snapshots (
                    category TEXT NOT NULL, aggregate BLOB NOT NULL,
                    version INTEGER NOT NULL, schema_version INTEGER NOT NULL, data TEXT NOT NULL,
                    PRIMARY KEY (category, aggregate)
                ) STRICT, WITHOUT ROWID
                """,
            ])
    ]

    static func prepare(
        _ queue: DatabaseQueue, service: String, migrations: [Migration], readOnly: Bool, ids: IDSource,
    ) throws -> EventSource {
        precondition(
            Set(migrations.map(\.name)).count == migrations.count,
            "two migrations share a name: \(migrations.map(\.name))")
        if readOnly {
            return try queue.read { database in
                try Self.requireOwnership(database, service: service, path: queue.file)
                let applied = try Self.applied(database)
                try Self.refuseNewer(applied, known: migrations, path: queue.file)
                try Self.refuseOlder(applied, known: migrations, path: queue.file)
                return try Self.source(database, service: service, path: queue.file)
            }
        }
        return try queue.writeWithoutTransaction { database in
            try database.inTransaction(.immediate) {
                // Whose file it is comes before the first change to it.
                if try Self.isEmpty(database) {
                    try Self.createBookkeeping(database, service: service, ids: ids)
                } else {
                    try Self.requireOwnership(database, service: service, path: queue.file)
                }
                try Self.migrate(database, migrations, path: queue.file)
                return .commit
            }
            return try Self.source(database, service: service, path: queue.file)
        }
    }

    private static func isEmpty(_ database: Database) throws -> Bool {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") == 0
    }

    private static func requireOwnership(_ database: Database, service: String, path: String) throws {
        let tables = try String.fetchAll(
            database, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('mainstay', 'migrations')")
        guard tables.count == 2 else {
            throw EventStoreError(.corrupt, "\(path) is a database, but not one of a service of Mainstay")
        }
        _ = try Self.source(database, service: service, path: path)
    }

    private static func createBookkeeping(_ database: Database, service: String, ids: IDSource) throws {
        try database.execute(
            sql: "CREATE TABLE mainstay (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID")
        try database.execute(sql: "CREATE TABLE migrations (name TEXT PRIMARY KEY, step INTEGER NOT NULL) STRICT")
        try database.execute(sql: "INSERT INTO mainstay VALUES ('service', ?)", arguments: [service])
        try database.execute(
            sql: "INSERT INTO mainstay VALUES ('epoch', ?)", arguments: [ids.next().description])
    }

    private static func migrate(_ database: Database, _ migrations: [Migration], path: String) throws {
        let applied = try Self.applied(database)
        try Self.refuseNewer(applied, known: migrations, path: path)
        for (step, migration) in migrations.enumerated() where !applied.contains(migration.name) {
            for statement in migration.statements { try database.execute(sql: statement) }
            try database.execute(sql: "INSERT INTO migrations VALUES (?, ?)", arguments: [migration.name, step])
        }
    }

    private static func applied(_ database: Database) throws -> [String] {
        try String.fetchAll(database, sql: "SELECT name FROM migrations ORDER BY rowid")
    }

    private static func refuseNewer(_ applied: [String], known: [Migration], path: String) throws {
        let names = Set(known.map(\.name))
        let unknown = applied.filter { !names.contains($0) }
        guard unknown.isEmpty else {
            throw EventStoreError(
                .newerSchema,
                "\(path) was written by a newer version of this program: it has \(unknown.joined(separator: ", "))")
        }
    }

    private static func refuseOlder(_ applied: [String], known: [Migration], path: String) throws {
        let missing = known.map(\.name).filter { !applied.contains($0) }
        guard missing.isEmpty else {
            throw EventStoreError(
                .readOnly,
                "\(path) was written by an older version of this program and lacks \(missing.joined(separator: ", ")): "
                    + "open it for writing once")
        }
    }

    private static func source(_ database: Database, service: String, path: String) throws -> EventSource {
        let owner = try String.fetchOne(database, sql: "SELECT value FROM mainstay WHERE key = 'service'")
        let epoch = try String.fetchOne(database, sql: "SELECT value FROM mainstay WHERE key = 'epoch'")
        guard let owner, let epoch = epoch.flatMap({ UniqueID($0) }) else {
            throw EventStoreError(.corrupt, "\(path) does not say whose it is")
        }
        guard owner == service else {
            throw EventStoreError(.corrupt, "\(path) belongs to the service '\(owner)', not to '\(service)'")
        }
        return EventSource(service: owner, epoch: epoch)
    }
}
