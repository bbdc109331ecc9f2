public import EventSourcing
import Sagas

extension SQLiteStore {
    /// The tables of messaging, ledger and sagas, in the order in which they were introduced. A database that has its own
    /// tables puts them behind these.
    public static let kitMigrations: [Migration] =
        SQLiteMessaging.migrations + [SQLiteLedger.migration, SagaTables.sqlite]
}
