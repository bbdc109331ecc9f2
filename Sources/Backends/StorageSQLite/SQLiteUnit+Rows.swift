import Essentials
import EventSourcing

extension StatementRun {
    /// An event from a row of all columns of `events`, in their order.
    func event(source: EventSource) throws -> RecordedEvent {
        let metadata = EventMetadata(
            correlationID: try self.id(8), causationID: try self.optionalID(9), traceparent: self.optionalText(10),
            tenant: self.optionalText(11), actor: self.optionalText(12))
        let event = NewEvent(
            id: try self.id(4), type: self.text(5), schemaVersion: Int(self.integer(6)),
            timestamp: Timestamp(microseconds: self.integer(7)), metadata: metadata, data: self.utf8(13))
        return RecordedEvent(
            event: event, source: source, stream: StreamID(category: self.text(1), aggregateID: try self.id(2)),
            version: StreamVersion(self.integer(3)), position: Position(self.integer(0)))
    }
}
