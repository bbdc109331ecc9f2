public import Essentials

/// One transaction. Everything written through it commits together or not at all: events, checkpoints, and, through the
/// protocols that refine this one, inbox, saga journal, ledger and read models.
///
/// A unit is handed to a closure by a ``Transactor`` and must not leave it. Its calls are synchronous: the whole
/// transaction runs in one go on the store's executor. Every call may throw an ``EventStoreError``.
public protocol UnitOfWork: AnyObject {
    /// Whose log this is.
    var source: EventSource { get }

    /// Appends `events` to the end of `stream`, all or none, in this order.
    /// - Throws: `staleVersion` when the stream is not where `expecting` says; the unit stays usable.
    @discardableResult
    func append(_ events: [NewEvent], to stream: StreamID, expecting: ExpectedVersion) throws -> AppendResult

    /// The events of a stream behind `version`, oldest first, at most `limit`.
    func read(_ stream: StreamID, after version: StreamVersion, limit: Int) throws -> [RecordedEvent]

    /// The events of the log behind `position`, in global order, at most `limit`.
    func readAll(after position: Position, limit: Int) throws -> [RecordedEvent]

    /// The events of `stream` whose causation is `cause`, oldest first: what a command that came before has done.
    func read(_ stream: StreamID, causedBy cause: UniqueID) throws -> [RecordedEvent]

    /// How many events a stream holds.
    func version(of stream: StreamID) throws -> StreamVersion

    /// The position of the last event of the log, including those that this unit appended.
    func head() throws -> Position

    /// How far the reader called `name` has come; the start when it has never been heard of.
    func checkpoint(_ name: String) throws -> Position
    func setCheckpoint(_ name: String, to position: Position) throws

    func snapshot(of stream: StreamID) throws -> Snapshot?
    func saveSnapshot(_ snapshot: Snapshot, of stream: StreamID) throws
}
