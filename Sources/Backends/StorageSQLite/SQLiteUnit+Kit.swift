public import Ledger
public import Messaging
public import Sagas

// The statements stand in the kit modules; the tables are those of `SQLiteStore.kitMigrations`.
extension SQLiteUnit: RelationalInboxUnit {}
extension SQLiteUnit: RelationalEffectUnit {}
extension SQLiteUnit: RelationalLedgerUnit {}
extension SQLiteUnit: RelationalSagaUnit {}
