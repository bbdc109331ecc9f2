public import Essentials

/// What a command led to.
public struct Outcome<Root: Aggregate>: Sendable {
    /// The aggregate afterwards.
    public var root: Root
    public var version: StreamVersion
    /// The facts that the command led to; the first time's facts when it was a repetition.
    public var events: [Root.Event]
    /// Whether the same command had been carried out before, so that nothing was appended now.
    public var isRepetition: Bool
}

/// Loads aggregates from their streams and carries out commands on them.
///
/// A command is known by its id: the events that it causes carry it as their causation, and the same id again appends
/// nothing and gives the first result.
public struct Repository<Root: Aggregate>: Sendable {
    private let ids: IDSource
    private let wallClock: WallClock

    public init(ids: IDSource, wallClock: WallClock) {
        self.ids = ids
        self.wallClock = wallClock
    }

    private static var pageSize: Int { 512 }

    /// The aggregate, from its latest usable snapshot and the events behind it.
    public func load(_ id: UniqueID, in unit: any UnitOfWork) throws -> Loaded<Root> {
        let stream = StreamID(category: Root.category, aggregateID: id)
        return try Self.restore(stream, in: unit) { _, _ in }
    }

    /// Decides a command and appends what follows from it.
    /// - Parameter metadata: its `causationID` is the command's id.
    /// - Throws: the refusal of `decide`, unchanged; the unit stays usable.
    public func execute(
        _ command: Root.Command, on id: UniqueID, metadata: EventMetadata, in unit: any UnitOfWork,
    ) throws -> Outcome<Root> {
        let stream = StreamID(category: Root.category, aggregateID: id)
        var earlier: [Root.Event] = []
        var firstVersion: StreamVersion?
        let loaded = try Self.restore(stream, in: unit) { recorded, event in
            firstVersion = firstVersion ?? recorded.version
            if let cause = metadata.causationID, recorded.metadata.causationID == cause { earlier.append(event) }
        }
        if let cause = metadata.causationID {
            // What a snapshot covers has not been read, so the store is asked.
            if loaded.version > .zero, firstVersion != StreamVersion(1) {
                earlier = try unit.read(stream, causedBy: cause).map { try Root.Event.catalog.decode($0.event) }
            }
            if !earlier.isEmpty {
                return Outcome(root: loaded.root, version: loaded.version, events: earlier, isRepetition: true)
            }
        }
        return try self.carryOut(command, on: loaded, of: stream, metadata: metadata, in: unit)
    }

    private func carryOut(
        _ command: Root.Command, on loaded: Loaded<Root>, of stream: StreamID, metadata: EventMetadata,
        in unit: any UnitOfWork,
    ) throws -> Outcome<Root> {
        let events = try loaded.root.decide(command)
        let now = self.wallClock.now
        let stored = try events.map { try $0.newEvent(id: self.ids.next(), timestamp: now, metadata: metadata) }
        var outcome = Outcome(root: loaded.root, version: loaded.version, events: events, isRepetition: false)
        if !stored.isEmpty {
            outcome.version = try unit.append(stored, to: stream, expecting: .exactly(loaded.version)).version
        }
        for event in events { outcome.root.evolve(event) }
        try Self.keepSnapshot(of: outcome, since: loaded.version, stream, in: unit)
        return outcome
    }

    /// Folds a stream page by page, telling of each event that was read.
    private static func restore(
        _ stream: StreamID, in unit: any UnitOfWork, _ visit: (RecordedEvent, Root.Event) -> Void,
    ) throws -> Loaded<Root> {
        var loaded = try Self.snapshot(stream, in: unit) ?? Loaded(root: Root(), version: .zero)
        while true {
            let page = try unit.read(stream, after: loaded.version, limit: Self.pageSize)
            for recorded in page {
                let event = try Root.Event.catalog.decode(recorded.event)
                loaded.root.evolve(event)
                loaded.version = recorded.version
                visit(recorded, event)
            }
            guard page.count == Self.pageSize else { return loaded }
        }
    }

    /// The stored state, unless it has another shape. It is a copy of what the events say, so one that cannot be read
    /// is as good as none.
    private static func snapshot(_ stream: StreamID, in unit: any UnitOfWork) throws -> Loaded<Root>? {
        guard let type = Root.self as? any SnapshottingAggregate.Type, let snapshot = try unit.snapshot(of: stream),
            snapshot.schemaVersion == type.snapshotSchemaVersion,
            let root = try? EventCoding.decode(type, from: snapshot.data) as? Root
        else { return nil }
        return Loaded(root: root, version: snapshot.version)
    }

    private static func keepSnapshot(
        of outcome: Outcome<Root>, since before: StreamVersion, _ stream: StreamID, in unit: any UnitOfWork,
    ) throws {
        guard let interval = Root.snapshotInterval else { return }
        precondition(interval > 0, "\(Root.category) wants a snapshot every \(interval) events")
        guard let root = outcome.root as? any SnapshottingAggregate,
            outcome.version.value / interval > before.value / interval
        else { return }
        let snapshot = Snapshot(
            version: outcome.version, schemaVersion: type(of: root).snapshotSchemaVersion,
            data: try EventCoding.encode(root))
        try unit.saveSnapshot(snapshot, of: stream)
    }
}
