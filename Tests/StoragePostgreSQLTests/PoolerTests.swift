#if PostgreSQL
    import Essentials
    import EventSourcing
    import EventSourcingTesting
    import Foundation
    import StoragePostgreSQL
    import Testing

    /// Behind PgBouncer in transaction mode no prepared statement and no setting of a session survives.
    @Suite(
        .postgreSQL, .enabled("PgBouncer is not installed") { TestPooler.isHere }, .timeLimit(.minutes(10)))
    struct PoolerTests {
        @Test(arguments: EventStoreConformance.allCases)
        func `the log keeps the rule behind PgBouncer`(_ rule: EventStoreConformance) async throws {
            let (server, _) = try SharedServer.server()
            let pooler = try TestPooler(in: server)
            let database = try PostgreSQLDatabase(url: Redacted(pooler.url))
            try await rule.check {
                try await PostgreSQLStore.open(database, schema: server.freshSchema(), service: "test").transactor.map {
                    $0
                }
            }
        }
    }
#endif
