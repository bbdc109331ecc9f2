public import Essentials
public import EventSourcing

/// An event that a consumer could not handle, or that waits behind one with the same key.
public struct ParkedEvent: Hashable, Sendable {
    public enum State: Hashable, Sendable {
        /// Waits behind an earlier event of its key. Becomes scheduled when that one is gone.
        case waiting
        /// Is the first of its line and will be tried. May leave, be scheduled again, or become dead.
        case scheduled(at: Timestamp, attempts: Int, error: String?)
        /// Failed for good: a dead letter. Waits for a person to redrive or discard it.
        case dead(attempts: Int, error: String)
    }

    public var consumer: String
    public var key: String
    /// Its place in the line of its key; rises over all lines of a store.
    public var number: Int64
    public var event: RecordedEvent
    public var state: State
    public var parkedAt: Timestamp

    public init(
        consumer: String, key: String, number: Int64, event: RecordedEvent, state: State, parkedAt: Timestamp,
    ) {
        self.consumer = consumer
        self.key = key
        self.number = number
        self.event = event
        self.state = state
        self.parkedAt = parkedAt
    }

    /// How often its handler has failed.
    public var attempts: Int {
        switch self.state {
        case .waiting: 0
        case .scheduled(_, let attempts, _), .dead(let attempts, _): attempts
        }
    }

    /// What its handler said last.
    public var error: String? {
        switch self.state {
        case .waiting: nil
        case .scheduled(_, _, let error): error
        case .dead(_, let error): error
        }
    }

    public var isDead: Bool {
        if case .dead = self.state { true } else { false }
    }
}
