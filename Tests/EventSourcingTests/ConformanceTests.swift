import Essentials
import EssentialsTesting
import EventSourcing
import EventSourcingTesting
import Testing

@Suite(.timeLimit(.minutes(10)))
struct ConformanceTests {
    @Test(arguments: EventStoreConformance.allCases)
    func `the in-memory store keeps the rule`(_ rule: EventStoreConformance) async throws {
        try await rule.check { Self.store().transactor.map { $0 } }
    }

    private static func store() -> InMemoryStore {
        InMemoryStore(source: EventSource(service: "test", epoch: IDSource.seeded(1).next()))
    }

    /// Which rule finds which fault.
    private static let findings: [Fault: EventStoreConformance] = [
        .changesData: .readsBackWhatItWrote, .dropsMetadata: .readsBackWhatItWrote,
        .skipsPositions: .numbersDensely, .skipsVersions: .numbersDensely, .losesAppends: .ordersConcurrentWriters,
        .doublesAppends: .ordersConcurrentWriters, .hidesOwnWrites: .seesItsOwnWrites,
        .ignoresExpectation: .letsOneWin, .keepsStaleAppends: .refusesStaleAppends,
        .keepsWhatThrew: .forgetsWhatThrew, .wrapsErrors: .passesErrorsUnchanged, .ignoresLimits: .pagesStreams,
        .includesTheStart: .pagesTheLog, .confusesCategories: .separatesStreams, .ignoresCauses: .findsByCause,
        .findsAllCauses: .findsByCause, .checkpointsOnlyGrow: .keepsCheckpoints,
        .sharesCheckpoints: .keepsCheckpoints, .firstSnapshotStays: .keepsSnapshots,
        .sharesSnapshots: .keepsSnapshots, .writesWhenReading: .refusesWritesWhenReading,
        .movesWhileReading: .readsOneState, .neverSignals: .signalsCommits, .signalsTooSoon: .signalsCommits,
        .forgetsNow: .showsCommittedPrefixes, .showsOldReads: .showsCommittedPrefixes,
        .tearsTransactions: .ordersConcurrentWriters, .splitsCheckpoints: .keepsProjectionsInStep,
    ]

    @Test(arguments: Fault.allCases)
    func `a store with a fault breaks the rule that is there for it`(_ fault: Fault) async throws {
        let rule = try #require(Self.findings[fault])
        await withKnownIssue("\(fault) breaks: \(rule.rawValue)") {
            try await rule.check { BrokenStore(fault).transactor }
        }
    }

    @Test func `every rule finds a fault`() {
        #expect(Set(Self.findings.values) == Set(EventStoreConformance.allCases))
    }

    // MARK: The history checker

    private static let sample = SampleEvents(seed: 5)
    private static let source = EventSource(service: "test", epoch: sample.id())

    private static func log(_ count: Int) -> [RecordedEvent] {
        let stream = Self.sample.stream()
        return Self.sample.events(count).enumerated().map { index, event in
            RecordedEvent(
                event: event, source: Self.source, stream: stream, version: StreamVersion(Int64(index) + 1),
                position: Position(Int64(index) + 1))
        }
    }

    @Test func `a history without anomalies has none`() {
        let log = Self.log(6)
        let history = LogHistory()
        history.acknowledged(Array(log[..<3]))
        history.acknowledged(Array(log[3...]))
        history.refused([Self.sample.event()])
        for count in [0, 3, 3, 6] { history.observed(Array(log[..<count]), by: 1) }
        #expect(history.anomalies(in: log) == [])
    }

    @Test func `a missing and a doubled event are told by name`() {
        let log = Self.log(3)
        let history = LogHistory()
        history.acknowledged([log[1]])
        #expect(
            history.anomalies(in: [log[0], log[2]])
                == [.gap(at: Position(2)), .versionGap(log[2].stream, at: log[2].position), .lostAppend(log[1].id)])
        #expect(LogHistory().anomalies(in: [log[0], log[0]]).contains(.duplicate(log[0].id)))
    }

    @Test func `two winners, a torn transaction and a kept refusal are told by name`() {
        let log = Self.log(3)
        let history = LogHistory()
        history.acknowledged([log[0], log[2]])
        history.acknowledged([log[0]])
        history.refused([log[1].event])
        #expect(
            history.anomalies(in: log) == [
                .tornTransaction(at: Position(1)), .twoWinners(log[0].stream, StreamVersion(1)),
                .refusedButKept(log[1].id),
            ])
    }

    @Test func `a reader that goes back, skips or sees half a transaction is told by name`() {
        let log = Self.log(4)
        let history = LogHistory()
        history.acknowledged(Array(log[..<2]))
        history.observed(Array(log[..<4]), by: 1)
        history.observed(Array(log[..<2]), by: 1)
        history.observed(Array(log[..<1]), by: 2)
        history.observed([log[0], log[2]], by: 3)
        #expect(
            history.anomalies(in: log) == [
                .nonMonotonicRead(reader: 1), .halfATransaction(reader: 2, at: Position(1)), .noPrefix(reader: 3),
            ])
    }
}
