public import EventSourcing
public import Ledger
public import Messaging
public import Sagas

/// Everything that a transaction of a service reaches: its log, its tables, inbox, effects, sagas and ledger.
public typealias ServiceUnit = RelationalUnit & InboxUnit & EffectUnit & SagaUnit & LedgerUnit

/// A service's own database.
public typealias ServiceStore = Transactor<any ServiceUnit>
