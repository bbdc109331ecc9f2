public import Essentials
public import EventSourcing

/// Which way a saga goes through a step.
public enum StepDirection: String, Codable, Hashable, Sendable {
    case action
    case compensation
}

/// What a step's code knows about the call that it makes.
public struct StepContext: Hashable, Sendable {
    public var sagaID: UniqueID
    /// The name of the step.
    public var step: String
    public var direction: StepDirection
    /// Which call this is, from 1. Lost ones count.
    public var attempt: Int
    /// Follows from the saga, the step and the direction alone: the same for every attempt, in every process.
    /// Hand it to the participant as its idempotency key.
    public var key: UniqueID
    /// Correlation of the saga; the causation is ``key``, so that events appended under it can be found by it.
    public var metadata: EventMetadata
    /// When the call is given up; also the task's `Deadline.current`. Nil in a transactional step.
    public var deadline: Deadline?
    /// Why the saga has turned round; nil while it goes forward.
    public var failure: SagaFailure?
    /// The date of this attempt, in whole milliseconds.
    public var now: Timestamp

    /// The ``key`` of the step's action, in either direction: a compensation names with it what to undo.
    public var actionKey: UniqueID { Self.key(saga: self.sagaID, step: self.step, direction: .action) }

    /// An identifier that is the same at every attempt, for something that the step creates.
    public func derivedID(_ purpose: String) -> UniqueID {
        var hash = StableHash()
        hash.combine(self.key.bytes)
        hash.combine(purpose)
        return hash.uniqueID
    }

    /// The key of any step of any saga: a UUID of version 8.
    public static func key(saga: UniqueID, step: String, direction: StepDirection) -> UniqueID {
        var hash = StableHash()
        hash.combine(saga.bytes)
        #if PlantedFaults
            if PlantedFault.oneKeyForAllSteps.isPlanted { return hash.uniqueID }
        #endif
        hash.combine(step)
        hash.combine(direction.rawValue)
        return hash.uniqueID
    }
}
