public import Essentials
import Synchronization

/// A store that lives in memory: a real one, with the same guarantees as the others but durability.
///
/// Transactions run one after another under a lock; a closure that throws leaves nothing behind.
public final class InMemoryStore: Sendable {
    private let contents: Mutex<InMemoryContents>
    private let source: EventSource
    private let commits = CommitSignal()

    /// - Parameter source: whose log this is; draw a fresh epoch for each store.
    public init(source: EventSource) {
        self.source = source
        self.contents = Mutex(InMemoryContents())
    }

    /// Transactions on this store.
    public var transactor: Transactor<InMemoryUnit> {
        Transactor(commits: self.commits) { mode, body in
            try self.transact(mode, body)
        }
    }

    private func transact(
        _ mode: TransactionMode, _ body: @Sendable (InMemoryUnit) throws -> any Sendable,
    ) throws -> any Sendable {
        switch mode {
        case .read:
            return try self.contents.withLock { contents in
                try body(InMemoryUnit(contents, source: self.source, mode: .read))
            }
        case .write:
            let (result, head) = try self.contents.withLock { contents in
                (try self.write(body, &contents), Position(Int64(contents.log.count)))
            }
            self.commits.committed(upTo: head)
            return result
        }
    }

    private func write(
        _ body: (InMemoryUnit) throws -> any Sendable, _ contents: inout InMemoryContents,
    ) throws -> any Sendable {
        let before = contents.savepoint
        let unit = InMemoryUnit(contents, source: self.source, mode: .write)
        // The unit alone holds the log while it works, so that appending does not copy it.
        contents = InMemoryContents()
        defer { contents = unit.takeContents() }
        do {
            return try body(unit)
        } catch {
            unit.contents.rollBack(to: before)
            throw error
        }
    }
}

struct InMemoryContents: Sendable {
    var log: [RecordedEvent] = []
    var streams: [StreamID: [Int]] = [:]
    var checkpoints: [String: Position] = [:]
    var snapshots: [StreamID: Snapshot] = [:]
    var facets: [ObjectIdentifier: any Sendable] = [:]

    /// What cannot be undone by cutting off the end of the log.
    struct Savepoint {
        var count: Int
        var checkpoints: [String: Position]
        var snapshots: [StreamID: Snapshot]
        var facets: [ObjectIdentifier: any Sendable]
    }

    var savepoint: Savepoint {
        Savepoint(
            count: self.log.count, checkpoints: self.checkpoints, snapshots: self.snapshots, facets: self.facets)
    }

    mutating func rollBack(to savepoint: Savepoint) {
        for event in self.log[savepoint.count...] {
            self.streams[event.stream]?.removeLast()
            if self.streams[event.stream]?.isEmpty == true { self.streams[event.stream] = nil }
        }
        self.log.removeSubrange(savepoint.count...)
        self.checkpoints = savepoint.checkpoints
        self.snapshots = savepoint.snapshots
        self.facets = savepoint.facets
    }
}

/// A transaction on an ``InMemoryStore``.
///
/// Modules that need more than events keep their state as a facet: a value under its own type, which commits and rolls
/// back with everything else.
public final class InMemoryUnit: UnitOfWork {
    var contents: InMemoryContents
    public let source: EventSource
    private let mode: TransactionMode

    init(_ contents: InMemoryContents, source: EventSource, mode: TransactionMode) {
        self.contents = contents
        self.source = source
        self.mode = mode
    }

    /// What the unit has made of the store, which it then holds no longer.
    func takeContents() -> InMemoryContents {
        defer { self.contents = InMemoryContents() }
        return self.contents
    }

    /// The state that a module keeps under its own type.
    public func facet<State: Sendable>(_ type: State.Type, initially initial: @autoclosure () -> State) -> State {
        self.contents.facets[ObjectIdentifier(type)] as? State ?? initial()
    }

    public func setFacet<State: Sendable>(_ state: State) throws {
        try self.requireWriting()
        self.contents.facets[ObjectIdentifier(State.self)] = state
    }

    @discardableResult
    public func append(
        _ events: [NewEvent], to stream: StreamID, expecting: ExpectedVersion,
    ) throws -> AppendResult {
        try self.requireWriting()
        let actual = try self.version(of: stream)
        if case .exactly(let expected) = expecting, expected != actual {
            throw EventStoreError.stale(stream, expected: expected, actual: actual)
        }
        for (offset, event) in events.enumerated() {
            self.contents.streams[stream, default: []].append(self.contents.log.count)
            self.contents.log.append(
                RecordedEvent(
                    event: event, source: self.source, stream: stream,
                    version: StreamVersion(actual.value + Int64(offset) + 1),
                    position: Position(Int64(self.contents.log.count) + 1)))
        }
        return AppendResult(version: try self.version(of: stream), position: try self.head())
    }

    public func read(_ stream: StreamID, after version: StreamVersion, limit: Int) throws -> [RecordedEvent] {
        let indices = self.contents.streams[stream] ?? []
        return indices.dropFirst(Int(max(0, version.value))).prefix(max(0, limit)).map { self.contents.log[$0] }
    }

    public func readAll(after position: Position, limit: Int) throws -> [RecordedEvent] {
        Array(self.contents.log.dropFirst(Int(max(0, position.value))).prefix(max(0, limit)))
    }

    public func read(_ stream: StreamID, causedBy cause: UniqueID) throws -> [RecordedEvent] {
        try self.read(stream, after: .zero, limit: .max).filter { $0.metadata.causationID == cause }
    }

    public func version(of stream: StreamID) throws -> StreamVersion {
        StreamVersion(Int64(self.contents.streams[stream]?.count ?? 0))
    }

    public func head() throws -> Position { Position(Int64(self.contents.log.count)) }

    public func checkpoint(_ name: String) throws -> Position { self.contents.checkpoints[name] ?? .start }

    public func setCheckpoint(_ name: String, to position: Position) throws {
        try self.requireWriting()
        self.contents.checkpoints[name] = position
    }

    public func snapshot(of stream: StreamID) throws -> Snapshot? { self.contents.snapshots[stream] }

    public func saveSnapshot(_ snapshot: Snapshot, of stream: StreamID) throws {
        try self.requireWriting()
        self.contents.snapshots[stream] = snapshot
    }

    private func requireWriting() throws {
        guard self.mode == .write else {
            throw EventStoreError(.readOnly, "a reading transaction cannot write")
        }
    }
}
