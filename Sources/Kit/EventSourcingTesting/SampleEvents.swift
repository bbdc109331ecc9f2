public import Essentials
import EssentialsTesting
public import EventSourcing

/// Streams and events to fill a store with. What it makes follows from its seed alone.
public struct SampleEvents: Sendable {
    private let ids: IDSource

    public init(seed: UInt64 = 1) {
        self.ids = .seeded(seed)
    }

    public func id() -> UniqueID { self.ids.next() }

    public func stream(_ category: String = "sample") -> StreamID {
        StreamID(category: category, aggregateID: self.ids.next())
    }

    public func event(_ number: Int = 0, causedBy cause: UniqueID? = nil) -> NewEvent {
        NewEvent(
            id: self.ids.next(), type: "SampleHappened", schemaVersion: 1,
            timestamp: Timestamp(milliseconds: Int64(number)),
            metadata: EventMetadata(correlationID: self.ids.next(), causationID: cause),
            data: Array(#"{"number":\#(number)}"#.utf8))
    }

    public func events(_ count: Int) -> [NewEvent] { (0..<count).map { self.event($0) } }
}
