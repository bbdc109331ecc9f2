public import EventSourcing
public import Testing

/// The rules that every event store keeps. A backend's test is three lines:
///
/// ```swift
/// @Test(arguments: EventStoreConformance.allCases)
/// func `the store keeps the rule`(_ rule: EventStoreConformance) async throws {
///     try await rule.check { store.transactor.map { $0 } }
/// }
/// ```
public enum EventStoreConformance: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case readsBackWhatItWrote = "an event is read back as it was appended, byte for byte"
    case numbersDensely = "versions and positions count from 1 without gaps, over all streams"
    case seesItsOwnWrites = "a transaction sees what it has written itself"
    case refusesStaleAppends = "a stale append leaves no trace, and the unit stays usable"
    case forgetsWhatThrew = "a closure that throws leaves nothing: no event, checkpoint or snapshot"
    case passesErrorsUnchanged = "the closure's error and its result come out unchanged"
    case pagesStreams = "a stream is read in pages, oldest first"
    case pagesTheLog = "the log is read in pages, in global order"
    case separatesStreams = "streams differ by category and by aggregate"
    case findsByCause = "what a command did to a stream is found by its cause"
    case keepsCheckpoints = "a checkpoint starts at 0 and is what it was last set to"
    case keepsSnapshots = "the last snapshot of a stream is kept, and only that"
    case refusesWritesWhenReading = "a reading transaction cannot write"
    case readsOneState = "a reading transaction sees one state of the store"
    case signalsCommits = "a commit wakes who waits for it, a failed one nobody"
    case ordersConcurrentWriters = "under concurrent writers nothing is lost, doubled, torn or left out"
    case letsOneWin = "of writers that expect the same version exactly one wins"
    case showsCommittedPrefixes = "readers among writers see prefixes of the log that only grow"
    case keepsProjectionsInStep = "a read model and its checkpoint never disagree"

    public var testDescription: String { self.rawValue }

    /// Checks the rule on stores that `fresh` makes, each of them empty.
    public func check(_ fresh: () async throws -> Transactor<any UnitOfWork>) async throws {
        let store = try await fresh()
        switch self {
        case .readsBackWhatItWrote: try await Self.checkReadingBack(store)
        case .numbersDensely: try await Self.checkNumbers(store)
        case .seesItsOwnWrites: try await Self.checkOwnWrites(store)
        case .refusesStaleAppends: try await Self.checkStaleAppends(store)
        case .forgetsWhatThrew: try await Self.checkRollback(store)
        case .passesErrorsUnchanged: try await Self.checkResults(store)
        case .pagesStreams: try await Self.checkStreamPages(store)
        case .pagesTheLog: try await Self.checkLogPages(store)
        case .separatesStreams: try await Self.checkStreams(store)
        case .findsByCause: try await Self.checkCauses(store)
        case .keepsCheckpoints: try await Self.checkCheckpoints(store)
        case .keepsSnapshots: try await Self.checkSnapshots(store)
        case .refusesWritesWhenReading: try await Self.checkReadOnly(store)
        case .readsOneState: try await Self.checkOneState(store)
        case .signalsCommits: try await Self.checkSignals(store)
        case .ordersConcurrentWriters: try await Self.checkConcurrentWriters(store)
        case .letsOneWin: try await Self.checkRivals(store)
        case .showsCommittedPrefixes: try await Self.checkReaders(store)
        case .keepsProjectionsInStep: try await Self.checkProjections(store)
        }
    }
}
