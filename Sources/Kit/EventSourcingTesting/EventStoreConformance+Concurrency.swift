import Essentials
import EventSourcing
import Testing

extension EventStoreConformance {
    static func checkOneState(_ store: Transactor<any UnitOfWork>) async throws {
        let sample = SampleEvents()
        let stream = sample.stream()
        try await withThrowingTaskGroup { group in
            group.addTask {
                for _ in 0..<50 {
                    let events = sample.events(2)
                    try await store.write { unit throws in
                        let end = try unit.append(events, to: stream, expecting: .any)
                        try unit.setCheckpoint("tail", to: end.position)
                    }
                }
            }
            for _ in 0..<50 {
                try await store.read { unit throws in
                    let checkpoint = try unit.checkpoint("tail")
                    let version = try unit.version(of: stream)
                    let log = try unit.readAll(after: .start, limit: .max)
                    #expect(checkpoint.value == version.value)
                    #expect(checkpoint.value == Int64(log.count))
                    #expect(try unit.head() == checkpoint)
                }
            }
            try await group.waitForAll()
        }
    }

    static func checkSignals(_ store: Transactor<any UnitOfWork>) async throws {
        let sample = SampleEvents()
        let stream = sample.stream()
        let (one, two) = (sample.events(1), sample.events(2))
        #expect(store.commits.head == .start)
        await #expect(throws: Refused.self) {
            try await store.write { unit throws in
                try unit.append(one, to: stream, expecting: .any)
                throw Refused()
            }
        }
        #expect(store.commits.head == .start)
        try await store.write { _ = try $0.append(one, to: stream, expecting: .any) }
        #expect(store.commits.head == Position(1))
        try await withThrowingTaskGroup { group in
            group.addTask {
                await store.commits.wait(after: Position(1))
                return try await store.read { try $0.head() }
            }
            try await store.write { _ = try $0.append(two, to: stream, expecting: .any) }
            // A signal that never comes must fail this rule, not hang it.
            if store.commits.head != Position(3) { group.cancelAll() }
            #expect(try await group.next() == Position(3))
        }
        #expect(store.commits.head == Position(3))
    }

    static func checkConcurrentWriters(_ store: Transactor<any UnitOfWork>) async throws {
        let history = LogHistory()
        let shared = SampleEvents(seed: 99).stream()
        try await withThrowingTaskGroup { group in
            for writer in 0..<8 {
                group.addTask { try await Self.writeALot(writer, shared: shared, store, history) }
            }
            try await group.waitForAll()
        }
        let log = try await Self.log(store)
        #expect(history.anomalies(in: log) == [])
        #expect(history.acknowledgedTransactions == 8 * 15)
        #expect(log.count == 8 * 15 * 3)
        #expect(history.refusedEvents == 8 * 5 * 3)
    }

    /// Twenty transactions over two streams, every fourth of which throws at its end.
    private static func writeALot(
        _ writer: Int, shared: StreamID, _ store: Transactor<any UnitOfWork>, _ history: LogHistory,
    ) async throws {
        let sample = SampleEvents(seed: UInt64(writer))
        let own = sample.stream()
        for round in 0..<20 {
            let events = sample.events(3)
            do {
                let places = try await store.write { unit throws in
                    let mine = try unit.append(Array(events[..<2]), to: own, expecting: .any)
                    let common = try unit.append([events[2]], to: shared, expecting: .any)
                    if round % 4 == 3 { throw Refused() }
                    return (mine, common, unit.source)
                }
                history.acknowledged(
                    Self.placed(Array(events[..<2]), own, places.0, places.2)
                        + Self.placed([events[2]], shared, places.1, places.2))
            } catch is Refused {
                history.refused(events)
            }
        }
    }

    /// Where events stand according to what the writer was told.
    private static func placed(
        _ events: [NewEvent], _ stream: StreamID, _ end: AppendResult, _ source: EventSource,
    ) -> [RecordedEvent] {
        events.enumerated().map { index, event in
            let back = Int64(events.count - 1 - index)
            return RecordedEvent(
                event: event, source: source, stream: stream, version: StreamVersion(end.version.value - back),
                position: Position(end.position.value - back))
        }
    }

    static func checkRivals(_ store: Transactor<any UnitOfWork>) async throws {
        let history = LogHistory()
        let stream = SampleEvents(seed: 99).stream()
        let rounds = 20
        try await withThrowingTaskGroup { group in
            for rival in 0..<6 {
                group.addTask {
                    let sample = SampleEvents(seed: UInt64(rival))
                    for version in 0..<Int64(rounds) {
                        try await Self.compete(for: version, with: sample.event(rival), in: stream, store, history)
                    }
                }
            }
            try await group.waitForAll()
        }
        let log = try await Self.log(store)
        #expect(history.anomalies(in: log) == [])
        #expect(log.count == rounds)
        #expect(history.acknowledgedTransactions == rounds)
        #expect(history.refusedEvents == rounds * 5)
    }

    private static func compete(
        for version: Int64, with event: NewEvent, in stream: StreamID, _ store: Transactor<any UnitOfWork>,
        _ history: LogHistory,
    ) async throws {
        do {
            let (end, source) = try await store.write { unit throws in
                (try unit.append([event], to: stream, expecting: .exactly(StreamVersion(version))), unit.source)
            }
            history.acknowledged(Self.placed([event], stream, end, source))
        } catch let error as EventStoreError where error.code == .staleVersion {
            history.refused([event])
        }
    }

    static func checkReaders(_ store: Transactor<any UnitOfWork>) async throws {
        let history = LogHistory()
        let shared = SampleEvents(seed: 99).stream()
        try await withThrowingTaskGroup { group in
            for writer in 0..<4 {
                group.addTask { try await Self.writeALot(writer, shared: shared, store, history) }
            }
            for reader in 0..<3 {
                group.addTask {
                    for _ in 0..<40 { history.observed(try await Self.log(store), by: reader) }
                }
            }
            try await group.waitForAll()
        }
        history.observed(try await Self.log(store), by: 0)
        #expect(history.anomalies(in: try await Self.log(store)) == [])
        #expect(history.observationCount == 121)
    }

    static func checkProjections(_ store: Transactor<any UnitOfWork>) async throws {
        let projector = Projector([TallyProjection()]) { $0 }
        let shared = SampleEvents(seed: 99).stream()
        try await projector.catchUp(using: store)
        try await withThrowingTaskGroup { group in
            for writer in 0..<4 {
                group.addTask {
                    let sample = SampleEvents(seed: UInt64(writer))
                    for round in 0..<15 {
                        let events = sample.events(2)
                        try await store.write(refusing: round % 5 == 4) { unit in
                            try unit.append(events, to: shared, expecting: .any)
                            // Every third writer leaves the work to the next.
                            if round % 3 != 0 { try projector.advance(in: unit, limit: 3) }
                        }
                    }
                }
            }
            group.addTask { for _ in 0..<30 { try await Self.expectTallyInStep(store) } }
            try await group.waitForAll()
        }
        try await projector.catchUp(using: store)
        try await Self.expectTallyInStep(store)
        #expect(try await store.read { try TallyProjection.tally(in: $0) } == 4 * 12 * 2)
    }

    private static func expectTallyInStep(_ store: Transactor<any UnitOfWork>) async throws {
        try await store.read { unit throws in
            #expect(try TallyProjection.tally(in: unit) == unit.checkpoint("projection/tally").value)
        }
    }
}

private struct Refused: Error {}

extension Transactor where Unit == any UnitOfWork {
    /// A write that, when `refusing`, throws at its end and so must leave nothing.
    fileprivate func write(
        refusing: Bool, _ body: @escaping @Sendable (any UnitOfWork) throws -> Void,
    ) async throws {
        do {
            try await self.write { unit in
                try body(unit)
                if refusing { throw Refused() }
            }
            #expect(!refusing)
        } catch is Refused {
            #expect(refusing)
        }
    }
}

/// Counts the events of the log. Its number lives among the snapshots, the only table that every store has.
private struct TallyProjection: Projection {
    let name = "tally"
    private static let place = StreamID(category: "tally", aggregateID: UniqueID(high: 0, low: 0))

    static func tally(in unit: any UnitOfWork) throws -> Int64 {
        try unit.snapshot(of: Self.place)?.version.value ?? 0
    }

    func reset(in unit: any UnitOfWork) throws { try Self.set(0, in: unit) }

    func apply(_ event: RecordedEvent, in unit: any UnitOfWork) throws {
        try Self.set(try Self.tally(in: unit) + 1, in: unit)
    }

    private static func set(_ count: Int64, in unit: any UnitOfWork) throws {
        let snapshot = Snapshot(version: StreamVersion(count), schemaVersion: 1, data: Array("{}".utf8))
        try unit.saveSnapshot(snapshot, of: self.place)
    }
}
