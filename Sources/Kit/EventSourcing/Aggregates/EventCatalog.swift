public import Essentials

/// Whom an event is for.
public enum EventKind: String, Codable, Hashable, Sendable, CaseIterable {
    /// A fact of one service's business, which nobody else reads.
    case domain
    /// A fact that other services read: its shape is a contract with them.
    case integration
    /// A fact about the platform itself, such as who may come in, and not about its business.
    case system
}

/// A fact: one shape of event data, with the name it is stored under.
///
/// The name and old versions are for ever; a changed shape gets a new ``schemaVersion`` and an upcaster.
public protocol EventPayload: Codable, Hashable, Sendable {
    /// The name in the log, in the past tense: `OrderPlaced`.
    static var eventType: String { get }
    /// The version of this shape. Default: 1.
    static var schemaVersion: Int { get }
    /// Whom the fact is for. Default: ``EventKind/domain``.
    static var kind: EventKind { get }
}

extension EventPayload {
    public static var kind: EventKind { .domain }
    public static var schemaVersion: Int { 1 }
}

/// All facts of one kind of aggregate, as an enumeration with one case a fact.
public protocol EventSum: Hashable, Sendable {
    /// The fact inside the case.
    var payload: any EventPayload { get }
    /// How stored events become cases again.
    static var catalog: EventCatalog<Self> { get }
}

/// Reads and writes the facts of one event enumeration: current shapes by `Codable`, old ones through upcasters.
///
/// ```swift
/// static let catalog = EventCatalog<OrderEvent>([
///     .fact(OrderPlaced.self, OrderEvent.placed, upcasting: [1: { $0.setting("currency", to: "EUR") }]),
///     .fact(OrderCancelled.self, OrderEvent.cancelled),
/// ])
/// ```
public struct EventCatalog<Event: Sendable>: Sendable {
    /// Turns the data of one schema version into the next one's.
    public typealias Upcaster = @Sendable (JSONValue) throws -> JSONValue

    /// One fact of the catalogue.
    public struct Entry: Sendable {
        let type: String
        let kind: EventKind
        let schemaVersion: Int
        let upcasters: [Int: Upcaster]
        let decode: @Sendable ([UInt8]) throws -> Event

        /// - Parameters:
        ///   - wrap: the case that holds the fact.
        ///   - upcasting: for each older version the step to the version after it.
        public static func fact<Payload: EventPayload>(
            _ payload: Payload.Type, _ wrap: @escaping @Sendable (Payload) -> Event, upcasting: [Int: Upcaster] = [:],
        ) -> Entry {
            for version in 1..<max(1, payload.schemaVersion) {
                precondition(upcasting[version] != nil, "\(payload.eventType) has no upcaster from version \(version)")
            }
            return Entry(
                type: payload.eventType, kind: payload.kind, schemaVersion: payload.schemaVersion, upcasters: upcasting
            ) { data in wrap(try EventCoding.decode(payload, from: data)) }
        }
    }

    private let entries: [String: Entry]

    public init(_ entries: [Entry]) {
        self.entries = Dictionary(entries.map { ($0.type, $0) }) { first, _ in
            preconditionFailure("\(first.type) stands in the catalogue twice")
        }
    }

    /// The names of all facts, sorted.
    public var types: [String] { self.entries.keys.sorted() }

    /// The kind of each fact, by name.
    public var kinds: [String: EventKind] { self.entries.mapValues(\.kind) }

    /// The fact in a stored event, brought up to its current shape.
    /// - Throws: `EventStoreError.unknownEvent` or `.corrupt`.
    public func decode(_ event: NewEvent) throws -> Event {
        guard let entry = self.entries[event.type] else {
            throw EventStoreError(.unknownEvent, "no fact is called '\(event.type)' here")
        }
        guard event.schemaVersion <= entry.schemaVersion else {
            throw EventStoreError(
                .unknownEvent,
                "\(event.type) has version \(event.schemaVersion); this program knows up to \(entry.schemaVersion)")
        }
        do {
            return try entry.decode(Self.upcast(event, with: entry))
        } catch let error as EventStoreError {
            throw error
        } catch {
            throw EventStoreError(.corrupt, "\(event.type) \(event.id) cannot be read: \(error)")
        }
    }

    private static func upcast(_ event: NewEvent, with entry: Entry) throws -> [UInt8] {
        guard event.schemaVersion < entry.schemaVersion else { return event.data }
        var value = try JSONReader.parse(event.data)
        for version in event.schemaVersion..<entry.schemaVersion {
            guard let step = entry.upcasters[version] else {
                throw EventStoreError(.unknownEvent, "\(event.type) has no upcaster from version \(version)")
            }
            value = try step(value)
        }
        return value.serialized
    }
}

extension EventSum {
    /// This fact as an event to append.
    public func newEvent(id: UniqueID, timestamp: Timestamp, metadata: EventMetadata) throws -> NewEvent {
        let payload = self.payload
        return NewEvent(
            id: id, type: type(of: payload).eventType, schemaVersion: type(of: payload).schemaVersion,
            timestamp: timestamp, metadata: metadata, data: try EventCoding.encode(payload))
    }
}
