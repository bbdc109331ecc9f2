public import EventSourcing

/// Everything that a transaction of a service reaches: its log, its tables, inbox, sagas and ledger.
public protocol ServiceUnit: RelationalUnit {}

/// A service's own database.
public typealias ServiceStore = Transactor<any ServiceUnit>
