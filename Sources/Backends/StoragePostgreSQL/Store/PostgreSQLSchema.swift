#if PostgreSQL
    import Essentials
    import EventSourcing

    /// Brings the tables of a schema up to date and says whose it is.
    enum PostgreSQLSchema {
        static let base = Migration(
            "mainstay/001-log",
            [
                """
                CREATE TABLE events (
                    position bigint PRIMARY KEY,
                    category text COLLATE "C" NOT NULL,
                    aggregate bytea NOT NULL,
                    version bigint NOT NULL,
                    id bytea NOT NULL,
                    type text COLLATE "C" NOT NULL,
                    schema_version bigint NOT NULL,
                    timestamp bigint NOT NULL,
                    correlation bytea NOT NULL,
                    causation bytea,
                    traceparent text COLLATE "C",
                    tenant text COLLATE "C",
                    actor text COLLATE "C",
                    data text COLLATE "C" NOT NULL
                )
                """,
                "CREATE UNIQUE INDEX events_by_stream ON events (aggregate, version, category)",
                """
                CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'the log is append-only'; END $$
                """,
                """
                CREATE TRIGGER events_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON events
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
                """,
                "CREATE TABLE checkpoints (name text COLLATE \"C\" PRIMARY KEY, position bigint NOT NULL)",
                """
                CREATE TABLE snapshots (
                    category text COLLATE "C" NOT NULL, aggregate bytea NOT NULL, version bigint NOT NULL,
                    schema_version bigint NOT NULL, data text COLLATE "C" NOT NULL,
                    PRIMARY KEY (category, aggregate)
                )
                """,
            ])

        /// Creates or checks the schema, all in one transaction under the log's lock.
        static func prepare(
            _ connection: PostgreSQLConnection, schema: String, service: String, migrations: [Migration], ids: IDSource,
        ) throws -> EventSource {
            precondition(
                Set(migrations.map(\.name)).count == migrations.count,
                "two migrations share a name: \(migrations.map(\.name))")
            try connection.send("BEGIN")
            var key = WireValues()
            key.append(PostgreSQLLog.lock(of: schema))
            _ = try connection.query("SELECT pg_advisory_xact_lock($1)", key)
            if try Self.owner(connection, schema) == nil {
                try Self.create(connection, schema, service: service, epoch: ids.next())
            }
            try connection.send("SELECT set_config('search_path', $1, true)", Self.texts(SQLDialect.quoted(schema)))
            let source = try Self.source(connection, schema, service: service)
            try Self.migrate(connection, [self.base] + migrations, schema: schema)
            try connection.send("COMMIT")
            try connection.settle()
            return source
        }

        /// Refuses a server that would lose what it has acknowledged.
        static func requireDurability(_ connection: PostgreSQLConnection, database: String) throws {
            let result = try connection.query("SELECT current_setting('fsync'), current_setting('full_page_writes')")
            let (flushes, pages) = (result.text(0, 0), result.text(0, 1))
            guard flushes == "on", pages == "on" else {
                throw EventStoreError(
                    .unavailable,
                    "\(database) may lose what it has acknowledged: fsync is \(flushes), full_page_writes is \(pages); "
                        + "set both to on, or ask for the durability 'server'")
            }
        }

        private static func texts(_ texts: String...) throws -> WireValues { try WireValues(texts.map(SQLValue.text)) }

        /// - Returns: nil when there is no such schema or nothing is in it.
        private static func owner(_ connection: PostgreSQLConnection, _ schema: String) throws -> Bool? {
            let tables = try connection.query(
                """
                SELECT relname::text FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                WHERE nspname = $1 AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY relname LIMIT 1000
                """, Self.texts(schema))
            let names = Set((0..<tables.rowCount).map { tables.text($0, 0) })
            if names.isEmpty { return nil }
            guard names.isSuperset(of: ["mainstay", "migrations"]) else {
                throw EventStoreError(.corrupt, "schema \(schema) has tables, but not those of a service of Mainstay")
            }
            return true
        }

        private static func create(
            _ connection: PostgreSQLConnection, _ schema: String, service: String, epoch: UniqueID,
        ) throws {
            let name = SQLDialect.quoted(schema)
            try connection.send("CREATE SCHEMA IF NOT EXISTS \(name)")
            try connection.send("CREATE TABLE \(name).mainstay (key text PRIMARY KEY, value text NOT NULL)")
            try connection.send(
                "CREATE TABLE \(name).migrations (name text PRIMARY KEY, step bigint GENERATED ALWAYS AS IDENTITY)")
            // Statements are checked when they arrive, so the tables must be there before the rows are sent.
            try connection.settle()
            try connection.send(
                "INSERT INTO \(name).mainstay VALUES ('service', $1), ('epoch', $2)",
                Self.texts(service, epoch.description))
            try connection.settle()
        }

        private static func migrate(
            _ connection: PostgreSQLConnection, _ migrations: [Migration], schema: String,
        ) throws {
            let rows = try connection.query("SELECT name FROM migrations ORDER BY step")
            let applied = (0..<rows.rowCount).map { rows.text($0, 0) }
            let unknown = applied.filter { name in !migrations.contains { $0.name == name } }
            guard unknown.isEmpty else {
                throw EventStoreError(
                    .newerSchema,
                    "schema \(schema) was written by a newer version of this program: it has \(unknown.joined(separator: ", "))"
                )
            }
            for migration in migrations where !applied.contains(migration.name) {
                for statement in migration.statements { _ = try connection.query(SQLDialect.definition(statement)) }
                _ = try connection.query("INSERT INTO migrations (name) VALUES ($1)", Self.texts(migration.name))
            }
        }

        private static func source(
            _ connection: PostgreSQLConnection, _ schema: String, service: String,
        ) throws -> EventSource {
            let rows = try connection.query("SELECT key, value FROM mainstay")
            let values = Dictionary((0..<rows.rowCount).map { (rows.text($0, 0), rows.text($0, 1)) }) { first, _ in
                first
            }
            guard let owner = values["service"], let epoch = values["epoch"].flatMap({ UniqueID($0) }) else {
                throw EventStoreError(.corrupt, "schema \(schema) does not say whose it is")
            }
            guard owner == service else {
                throw EventStoreError(
                    .corrupt, "schema \(schema) belongs to the service '\(owner)', not to '\(service)'")
            }
            return EventSource(service: owner, epoch: epoch)
        }
    }
#endif
