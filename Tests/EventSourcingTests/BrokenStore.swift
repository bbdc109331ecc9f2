import Essentials
import EssentialsTesting
import EventSourcing
import EventSourcingTesting
import Synchronization

/// Ways in which a store can be wrong.
enum Fault: String, CaseIterable, Sendable {
    case changesData, dropsMetadata, skipsPositions, skipsVersions, losesAppends, doublesAppends
    case hidesOwnWrites, ignoresExpectation, keepsStaleAppends, keepsWhatThrew, wrapsErrors
    case ignoresLimits, includesTheStart, confusesCategories, ignoresCauses, findsAllCauses
    case checkpointsOnlyGrow, sharesCheckpoints, firstSnapshotStays, sharesSnapshots
    case writesWhenReading, movesWhileReading, neverSignals, signalsTooSoon
    case forgetsNow, showsOldReads, tearsTransactions, splitsCheckpoints
}

/// A store with one fault, over one that has none.
final class BrokenStore: Sendable {
    let fault: Fault
    private let good: InMemoryStore
    private let commits = CommitSignal()
    private let calls = Mutex(0)

    init(_ fault: Fault) {
        self.fault = fault
        self.good = InMemoryStore(source: EventSource(service: "broken", epoch: IDSource.seeded(1).next()))
    }

    private struct Kept: Error {
        var error: any Error
    }

    var transactor: Transactor<any UnitOfWork> {
        Transactor(commits: self.fault == .neverSignals ? CommitSignal() : self.signal) { mode, body in
            try await self.transact(mode, body)
        }
    }

    private var signal: CommitSignal { self.fault == .signalsTooSoon ? self.commits : self.good.transactor.commits }

    private func transact(
        _ mode: TransactionMode, _ body: @escaping @Sendable (any UnitOfWork) throws -> any Sendable,
    ) async throws -> any Sendable {
        let call = self.calls.withLock { calls in
            calls += 1
            return calls
        }
        if self.fault == .signalsTooSoon, mode == .write { self.commits.committed(upTo: Position(Int64(call))) }
        do {
            guard mode == .write || self.fault == .writesWhenReading else {
                return try await self.good.transactor.read { try body(BrokenUnit($0, self.fault, call)) }
            }
            if self.fault == .tearsTransactions || self.fault == .splitsCheckpoints {
                return try await self.inPieces(body, call)
            }
            let result = try await self.good.transactor.write { unit -> any Sendable in
                do {
                    return try body(BrokenUnit(unit, self.fault, call))
                } catch  where self.fault == .keepsWhatThrew {
                    return Kept(error: error)
                }
            }
            if let kept = result as? Kept { throw kept.error }
            return result
        } catch  where self.fault == .wrapsErrors {
            throw EventStoreError(.unavailable, "\(error)")
        }
    }

    /// Commits what a transaction does in two halves.
    private func inPieces(
        _ body: @escaping @Sendable (any UnitOfWork) throws -> any Sendable, _ call: Int,
    ) async throws -> any Sendable {
        let late = Mutex<[@Sendable (InMemoryUnit) throws -> Void]>([])
        let result = try await self.good.transactor.write { unit in
            let broken = BrokenUnit(unit, self.fault, call)
            let result = try body(broken)
            late.withLock { $0 = broken.late }
            return result
        }
        await Task.yield()
        for step in late.withLock({ $0 }) { try await self.good.transactor.write(step) }
        return result
    }
}

/// A unit with one fault.
final class BrokenUnit: UnitOfWork {
    private let good: InMemoryUnit
    private let fault: Fault
    private let call: Int
    private let headBefore: Position
    var late: [@Sendable (InMemoryUnit) throws -> Void] = []

    init(_ good: InMemoryUnit, _ fault: Fault, _ call: Int) {
        self.good = good
        self.fault = fault
        self.call = call
        self.headBefore = (try? good.head()) ?? .start
    }

    var source: EventSource { self.good.source }

    func append(_ events: [NewEvent], to stream: StreamID, expecting: ExpectedVersion) throws -> AppendResult {
        var events = events
        switch self.fault {
        case .changesData:
            for index in events.indices { events[index].data = events[index].data.filter { $0 < 0x80 } }
        case .dropsMetadata:
            for index in events.indices { events[index].metadata.tenant = nil }
        case .losesAppends where self.call % 3 == 0:
            let head = try self.good.head()
            let version = try self.good.version(of: stream)
            let count = Int64(events.count)
            return AppendResult(
                version: StreamVersion(version.value + count), position: Position(head.value + count))
        case .doublesAppends: events += events.suffix(1)
        case .ignoresExpectation: return try self.good.append(events, to: stream, expecting: .any)
        case .keepsStaleAppends:
            if case .exactly(let expected) = expecting, expected != (try self.good.version(of: stream)) {
                try self.good.append(Array(events.prefix(1)), to: stream, expecting: .any)
                throw EventStoreError.stale(stream, expected: expected, actual: try self.good.version(of: stream))
            }
        case .tearsTransactions:
            if case .any = expecting, let last = events.last {
                try self.good.append(events.dropLast(), to: stream, expecting: .any)
                self.late.append { try $0.append([last], to: stream, expecting: .any) }
                return AppendResult(version: try self.version(of: stream), position: try self.head())
            }
        case .movesWhileReading, .forgetsNow: break
        default: break
        }
        return try self.good.append(events, to: stream, expecting: expecting)
    }

    private func seen(_ events: [RecordedEvent]) -> [RecordedEvent] {
        switch self.fault {
        case .skipsPositions:
            return events.map { event in
                var event = event
                if event.position.value > 1 { event.position.value += 1 }
                return event
            }
        case .skipsVersions:
            return events.map { event in
                var event = event
                event.version.value *= 2
                return event
            }
        case .hidesOwnWrites: return events.filter { $0.position <= self.headBefore }
        case .forgetsNow: return Array(events.dropLast(self.call % 2))
        default: return events
        }
    }

    private func limit(_ limit: Int) -> Int { self.fault == .ignoresLimits ? .max : limit }

    func read(_ stream: StreamID, after version: StreamVersion, limit: Int) throws -> [RecordedEvent] {
        if self.fault == .confusesCategories {
            let all = try self.good.readAll(after: .start, limit: .max)
            return Array(
                all.filter { $0.aggregateID == stream.aggregateID && $0.version > version }.prefix(max(0, limit)))
        }
        let start = self.fault == .includesTheStart ? StreamVersion(version.value - 1) : version
        return self.seen(try self.good.read(stream, after: start, limit: self.limit(limit)))
    }

    func readAll(after position: Position, limit: Int) throws -> [RecordedEvent] {
        let start = self.fault == .includesTheStart ? Position(position.value - 1) : position
        let events = self.seen(try self.good.readAll(after: start, limit: self.limit(limit)))
        return self.fault == .showsOldReads && self.call % 7 == 0 ? events.dropLast(3) : events
    }

    func read(_ stream: StreamID, causedBy cause: UniqueID) throws -> [RecordedEvent] {
        switch self.fault {
        case .ignoresCauses: []
        case .findsAllCauses: try self.good.read(stream, after: .zero, limit: .max)
        default: self.seen(try self.good.read(stream, causedBy: cause))
        }
    }

    func version(of stream: StreamID) throws -> StreamVersion { try self.good.version(of: stream) }

    func head() throws -> Position {
        let head = try self.good.head()
        return self.fault == .movesWhileReading ? Position(head.value + 1) : head
    }

    private func name(_ name: String) -> String { self.fault == .sharesCheckpoints ? name.lowercased() : name }

    func checkpoint(_ name: String) throws -> Position { try self.good.checkpoint(self.name(name)) }

    func setCheckpoint(_ name: String, to position: Position) throws {
        let name = self.name(name)
        if self.fault == .checkpointsOnlyGrow, try self.good.checkpoint(name) > position { return }
        if self.fault == .splitsCheckpoints {
            self.late.append { try $0.setCheckpoint(name, to: position) }
        } else {
            try self.good.setCheckpoint(name, to: position)
        }
    }

    private func place(_ stream: StreamID) -> StreamID {
        self.fault == .sharesSnapshots ? StreamID(category: "all", aggregateID: stream.aggregateID) : stream
    }

    func snapshot(of stream: StreamID) throws -> Snapshot? { try self.good.snapshot(of: self.place(stream)) }

    func saveSnapshot(_ snapshot: Snapshot, of stream: StreamID) throws {
        if self.fault == .firstSnapshotStays, try self.snapshot(of: stream) != nil { return }
        try self.good.saveSnapshot(snapshot, of: self.place(stream))
    }
}
