public import Essentials
public import EventSourcing

/// A unit of work that also reaches the journal of sagas.
public protocol SagaUnit: UnitOfWork {
    /// Adds a saga with its first entry.
    /// - Returns: false, with nothing changed, when the id is taken.
    func insertSaga(_ instance: SagaInstance, _ entry: SagaEntry) throws -> Bool

    func saga(_ id: UniqueID) throws -> SagaInstance?

    /// All entries of one saga, oldest first.
    func sagaJournal(_ id: UniqueID) throws -> [SagaEntry]

    /// Sagas whose due date has come, the longest due first.
    func dueSagas(at now: Timestamp, limit: Int) throws -> [SagaInstance]

    /// The earliest due date of any saga.
    func nextSagaDue() throws -> Timestamp?

    /// Sagas that an engine owns, by id.
    func sagas(ownedBy owner: String) throws -> [SagaInstance]

    /// Writes the row and appends to the journal, if the stored row still has this epoch and version.
    /// - Returns: false, with nothing changed, when it has not: somebody else has written since.
    func updateSaga(
        _ instance: SagaInstance, ifEpoch epoch: Int64, version: Int64, appending entries: [SagaEntry],
    ) throws -> Bool

    /// Holds the row until the end of the transaction, if it still has this epoch and version.
    func lockSaga(_ id: UniqueID, epoch: Int64, version: Int64) throws -> Bool

    /// Moves the due date of a saga that `owner` still holds under `epoch`.
    func renewSagaLease(_ id: UniqueID, owner: String, epoch: Int64, until due: Timestamp) throws -> Bool

    /// Sagas by id, those behind `after` only; `status` nil for all.
    func sagas(status: SagaStatus?, after: UniqueID?, limit: Int) throws -> [SagaInstance]

    /// Sagas by id from the last one back, those before `before` only; `status` nil for all.
    func sagas(status: SagaStatus?, before: UniqueID?, limit: Int) throws -> [SagaInstance]

    /// Keeps a signal and makes the saga due at `now` if it waits. The first payload under a name stays.
    /// - Returns: false when the signal was there already.
    func addSagaSignal(_ id: UniqueID, name: String, payload: [UInt8], now: Timestamp) throws -> Bool

    func sagaSignal(_ id: UniqueID, name: String) throws -> [UInt8]?
}
