public import Essentials
public import EventSourcing

/// A unit of work that also reaches the inbox: how far consumers have come, and what they have set aside. Callers use
/// ``Consumer`` and ``ConsumerGroup``, which keep the rules; a store only keeps rows.
public protocol InboxUnit: UnitOfWork {
    /// The watermarks of a consumer over every epoch of a service, by epoch.
    func watermarks(of consumer: String, service: String) throws -> [Watermark]
    func setWatermark(_ watermark: Watermark) throws

    /// Sets an event aside at the end of its key's line.
    ///
    /// Nothing happens when the same event of the same source stands in a line of this consumer already.
    func park(_ event: RecordedEvent, consumer: String, key: String, state: ParkedEvent.State, at: Timestamp) throws
    /// Whether a consumer has set anything aside.
    func hasParkedEvents(_ consumer: String) throws -> Bool
    /// The first event of a key's line.
    func firstParkedEvent(_ consumer: String, key: String) throws -> ParkedEvent?
    func parkedEvent(_ consumer: String, number: Int64) throws -> ParkedEvent?
    func parkedEvent(_ consumer: String, id: UniqueID) throws -> ParkedEvent?
    func setParkedState(_ state: ParkedEvent.State, consumer: String, number: Int64) throws
    func removeParkedEvent(_ consumer: String, number: Int64) throws
    /// The first events of lines whose next try is due at `now`, the earliest due first, at most `limit`.
    func dueParkedEvents(_ consumer: String, at now: Timestamp, limit: Int) throws -> [ParkedEvent]
    /// When the next try of any line is due; nil when none waits for one.
    func nextParkedRetry(_ consumer: String) throws -> Timestamp?
    /// What has been set aside, in order of its number behind `number`, at most `limit`.
    /// - Parameters:
    ///   - consumer: nil for all.
    ///   - onlyDead: leaves out what waits or is tried again.
    func parkedEvents(
        _ consumer: String?, onlyDead: Bool, after number: Int64, limit: Int,
    ) throws -> [ParkedEvent]
}
