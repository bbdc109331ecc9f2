public import Essentials
public import EventSourcing

/// In which part of its life a saga is, as a word.
public enum SagaStatus: String, Codable, CaseIterable, Hashable, Sendable {
    /// Going forward, now or as soon as an engine takes it.
    case running
    /// Going forward, after a date or a signal.
    case waiting
    /// Going backwards.
    case compensating
    /// Done. Final.
    case completed
    /// Undone. Final.
    case compensated
    /// Stopped until a person decides.
    case parked
}

/// In which part of its life a saga is, with what belongs to it.
public enum SagaState: Hashable, Sendable {
    case running
    case waiting(until: Timestamp?)
    case compensating
    case completed
    case compensated
    case parked(SagaParkReason)

    public var status: SagaStatus {
        switch self {
        case .running: .running
        case .waiting: .waiting
        case .compensating: .compensating
        case .completed: .completed
        case .compensated: .compensated
        case .parked: .parked
        }
    }

    public var hasEnded: Bool {
        switch self {
        case .completed, .compensated: true
        case .running, .waiting, .compensating, .parked: false
        }
    }
}

/// The row of a saga beside its journal: what an engine needs to find work and to own it.
public struct SagaInstance: Hashable, Sendable {
    public var id: UniqueID
    /// The name of the definition.
    public var definition: String
    /// The hash of the definition that the saga began with.
    public var definitionHash: String
    public var state: SagaState
    /// When an engine may take the saga: now, after a wait, or when the lease of its owner runs out. Nil: not at all.
    public var due: Timestamp?
    /// The engine that works on it, if one does.
    public var owner: String?
    /// Goes up with every change of owner. A write under an older epoch is refused.
    public var epoch: Int64
    /// The sequence of the journal's last entry.
    public var version: Int64
    public var startedAt: Timestamp
    public var updatedAt: Timestamp
    public var metadata: EventMetadata

    public init(
        id: UniqueID, definition: String, definitionHash: String, state: SagaState, due: Timestamp?, owner: String?,
        epoch: Int64, version: Int64, startedAt: Timestamp, updatedAt: Timestamp, metadata: EventMetadata,
    ) {
        self.id = id
        self.definition = definition
        self.definitionHash = definitionHash
        self.state = state
        self.due = due
        self.owner = owner
        self.epoch = epoch
        self.version = version
        self.startedAt = startedAt
        self.updatedAt = updatedAt
        self.metadata = metadata
    }
}
