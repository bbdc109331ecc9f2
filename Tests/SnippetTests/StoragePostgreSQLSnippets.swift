#if PostgreSQL
    import Essentials
    import EventSourcing
    import StoragePostgreSQL

    func `a log in a schema of PostgreSQL`(
        _ event: NewEvent, _ stream: StreamID,
    ) async throws {
        // snippet Docs/StoragePostgreSQL.md
        let database = try PostgreSQLDatabase(
            url: Redacted("postgres://bank@db.internal:5432/bank?sslmode=verify-full"))
        let store = try await PostgreSQLStore.open(
            database, service: "bank", migrations: PostgreSQLStore.kitMigrations + [BalanceTables.migration])

        let version = try await store.transactor.write { unit in
            try unit.append([event], to: stream, expecting: .exactly(.zero)).version
        }
        try await store.append([event], to: stream, expecting: .exactly(version))
        // end
    }
#endif
