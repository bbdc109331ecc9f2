#if PostgreSQL
    public import Ledger
    public import Messaging
    public import Sagas

    // The statements stand in the kit modules; the tables are those of `PostgreSQLStore.kitMigrations`.
    extension PostgreSQLUnit: RelationalInboxUnit {}
    extension PostgreSQLUnit: RelationalEffectUnit {}
    extension PostgreSQLUnit: RelationalLedgerUnit {}
    extension PostgreSQLUnit: RelationalSagaUnit {}
#endif
