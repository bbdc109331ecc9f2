public import Essentials

/// A consistency boundary whose state is the fold of its events.
///
/// `decide` reads and never writes; only `evolve` changes state, and it never fails.
public protocol Aggregate: Sendable {
    associatedtype Event: EventSum
    associatedtype Command: Sendable

    /// The category of its streams.
    static var category: String { get }
    /// How many events make a new snapshot worth while; nil for an aggregate that has short streams. Default: nil.
    static var snapshotInterval: Int64? { get }

    /// The state before the first event.
    init()

    /// The facts that follow from a command, in order; none if it changes nothing.
    /// - Throws: the reason why the command is refused in this state.
    func decide(_ command: Command) throws -> [Event]

    mutating func evolve(_ event: Event)
}

extension Aggregate {
    public static var snapshotInterval: Int64? { nil }

    /// The state after `events`.
    public init(replaying events: some Sequence<Event>) {
        self.init()
        for event in events { self.evolve(event) }
    }
}

/// An aggregate whose state can be stored, so that its streams may grow long.
public protocol SnapshottingAggregate: Aggregate, Codable {
    /// The version of the state's shape. A stored snapshot of another version is ignored.
    static var snapshotSchemaVersion: Int { get }
}

/// An aggregate as it stands at one version of its stream.
public struct Loaded<Root: Aggregate>: Sendable {
    public var root: Root
    public var version: StreamVersion

    public init(root: Root, version: StreamVersion) {
        self.root = root
        self.version = version
    }

    /// Whether the stream has any event.
    public var exists: Bool { self.version > .zero }
}

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

    /// The aggregate, from its latest usable snapshot and the events behind it.
    public func load(_ id: UniqueID, in unit: any UnitOfWork) throws -> Loaded<Root> {
        let stream = StreamID(category: Root.category, aggregateID: id)
        var loaded = try Self.restored(stream, in: unit) ?? Loaded(root: Root(), version: .zero)
        while true {
            let page = try unit.read(stream, after: loaded.version, limit: 512)
            for recorded in page {
                loaded.root.evolve(try Root.Event.catalog.decode(recorded.event))
                loaded.version = recorded.version
            }
            guard page.count == 512 else { return loaded }
        }
    }

    /// Decides a command and appends what follows from it.
    /// - Parameter metadata: its `causationID` is the command's id.
    /// - Throws: the refusal of `decide`, unchanged; the unit stays usable.
    public func execute(
        _ command: Root.Command, on id: UniqueID, metadata: EventMetadata, in unit: any UnitOfWork,
    ) throws -> Outcome<Root> {
        let stream = StreamID(category: Root.category, aggregateID: id)
        let loaded = try self.load(id, in: unit)
        if let commandID = metadata.causationID {
            let earlier = try unit.read(stream, causedBy: commandID)
            if !earlier.isEmpty {
                let events = try earlier.map { try Root.Event.catalog.decode($0.event) }
                return Outcome(root: loaded.root, version: loaded.version, events: events, isRepetition: true)
            }
        }
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

    private static func restored(_ stream: StreamID, in unit: any UnitOfWork) throws -> Loaded<Root>? {
        guard let type = Root.self as? any SnapshottingAggregate.Type, let snapshot = try unit.snapshot(of: stream),
            snapshot.schemaVersion == type.snapshotSchemaVersion,
            let root = try EventCoding.decode(type, from: snapshot.data) as? Root
        else { return nil }
        return Loaded(root: root, version: snapshot.version)
    }

    private static func keepSnapshot(
        of outcome: Outcome<Root>, since before: StreamVersion, _ stream: StreamID, in unit: any UnitOfWork,
    ) throws {
        guard let interval = Root.snapshotInterval, let root = outcome.root as? any SnapshottingAggregate,
            outcome.version.value / interval > before.value / interval
        else { return }
        let snapshot = Snapshot(
            version: outcome.version, schemaVersion: type(of: root).snapshotSchemaVersion,
            data: try EventCoding.encode(root))
        try unit.saveSnapshot(snapshot, of: stream)
    }
}
