/// A read model: tables that are the fold of a log and can be thrown away and built again.
public protocol Projection<Unit>: Sendable {
    associatedtype Unit

    /// Unique in its service; also the name of its checkpoint.
    var name: String { get }
    /// Raise it when the tables' meaning changes: the read model is then rebuilt at the next start.
    var version: Int { get }

    /// Empties the read model.
    func reset(in unit: Unit) throws
    /// Adds one event to the read model. Must follow from the event and the tables alone.
    func apply(_ event: RecordedEvent, in unit: Unit) throws
}

extension Projection {
    public var version: Int { 1 }
}
