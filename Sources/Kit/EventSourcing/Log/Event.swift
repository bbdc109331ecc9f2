public import Essentials

/// Where an event comes from and for whom it happened, besides its own facts.
public struct EventMetadata: Hashable, Sendable {
    /// Shared by everything that one request from outside set in motion.
    public var correlationID: UniqueID
    /// The command or event that directly caused this one.
    public var causationID: UniqueID?
    /// W3C Trace Context of the request.
    public var traceparent: String?
    public var tenant: String?
    /// Who acted: a user's id, or `service:NAME`.
    public var actor: String?

    public init(
        correlationID: UniqueID,
        causationID: UniqueID? = nil,
        traceparent: String? = nil,
        tenant: String? = nil,
        actor: String? = nil,
    ) {
        self.correlationID = correlationID
        self.causationID = causationID
        self.traceparent = traceparent
        self.tenant = tenant
        self.actor = actor
    }

    /// The metadata of something that this event caused.
    public func caused(by event: UniqueID) -> EventMetadata {
        var metadata = self
        metadata.causationID = event
        return metadata
    }
}

/// An event that is about to be appended.
public struct NewEvent: Hashable, Sendable {
    public var id: UniqueID
    /// The registered name of the fact, in the past tense: `OrderPlaced`.
    public var type: String
    /// The version of the fact's shape, from 1.
    public var schemaVersion: Int
    public var timestamp: Timestamp
    public var metadata: EventMetadata
    /// One JSON object, keys sorted.
    public var data: [UInt8]

    public init(
        id: UniqueID, type: String, schemaVersion: Int, timestamp: Timestamp, metadata: EventMetadata, data: [UInt8]
    ) {
        self.id = id
        self.type = type
        self.schemaVersion = schemaVersion
        self.timestamp = timestamp
        self.metadata = metadata
        self.data = data
    }
}

/// An event that stands in a log.
public struct RecordedEvent: Hashable, Sendable {
    public var event: NewEvent
    public var source: EventSource
    public var stream: StreamID
    /// The place of the event in its stream, from 1.
    public var version: StreamVersion
    /// The place of the event in the log, from 1.
    public var position: Position

    public init(event: NewEvent, source: EventSource, stream: StreamID, version: StreamVersion, position: Position) {
        self.event = event
        self.source = source
        self.stream = stream
        self.version = version
        self.position = position
    }

    public var id: UniqueID { self.event.id }
    public var type: String { self.event.type }
    public var aggregateID: UniqueID { self.stream.aggregateID }
    public var timestamp: Timestamp { self.event.timestamp }
    public var metadata: EventMetadata { self.event.metadata }
    public var cursor: Cursor { Cursor(epoch: self.source.epoch, position: self.position) }
}

/// The end of a stream and of the log after an append.
public struct AppendResult: Hashable, Sendable {
    public var version: StreamVersion
    public var position: Position

    public init(version: StreamVersion, position: Position) {
        self.version = version
        self.position = position
    }
}

/// The state of an aggregate at one version, kept so that loading need not start at the first event.
public struct Snapshot: Hashable, Sendable {
    public var version: StreamVersion
    /// The version of the state's shape; a snapshot of another shape is ignored and replaced.
    public var schemaVersion: Int
    public var data: [UInt8]

    public init(version: StreamVersion, schemaVersion: Int, data: [UInt8]) {
        self.version = version
        self.schemaVersion = schemaVersion
        self.data = data
    }
}
