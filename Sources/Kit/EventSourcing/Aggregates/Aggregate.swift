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
