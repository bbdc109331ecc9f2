#if PostgreSQL
    import EventSourcing
    import EventSourcingTesting
    import LedgerTesting
    import MessagingTesting
    import SagasTesting
    import StoragePostgreSQL
    import Testing

    @Suite(.postgreSQL, .timeLimit(.minutes(10)))
    struct ConformanceTests {
        @Test(arguments: EventStoreConformance.allCases)
        func `the log keeps the rule`(_ rule: EventStoreConformance) async throws {
            try await rule.check { try await PostgreSQLStore.fresh().transactor.map { $0 } }
        }

        @Test(arguments: MessagingConformance.allCases)
        func `inbox and effects keep the rule`(_ rule: MessagingConformance) async throws {
            try await rule.check {
                try await PostgreSQLStore.fresh(PostgreSQLStore.kitMigrations).transactor.map { $0 }
            }
        }

        @Test(arguments: LedgerConformance.allCases)
        func `the ledger keeps the rule`(_ rule: LedgerConformance) async throws {
            try await rule.check {
                try await PostgreSQLStore.fresh(PostgreSQLStore.kitMigrations).transactor.map { $0 }
            }
        }

        @Test(arguments: SagaJournalConformance.allCases)
        func `the journal of sagas keeps the rule`(_ rule: SagaJournalConformance) async throws {
            try await rule.check(PostgreSQLStore.fresh(PostgreSQLStore.kitMigrations).transactor.map { $0 })
        }
    }
#endif
