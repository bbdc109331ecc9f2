public import Essentials
public import EventSourcing

/// Something that is to happen outside the database, such as sending an e-mail: written in the transaction that decides
/// it, done afterwards by an ``EffectWorker``.
public struct Effect: Hashable, Sendable {
    public enum State: Hashable, Sendable {
        /// Waits for its time. A worker may claim it.
        case due(at: Timestamp)
        /// A worker is at it until then; afterwards its answer counts as lost. May become done, due again or dead. A worker
        /// with a name is known by it.
        case claimed(until: Timestamp, by: String? = nil)
        /// Has happened. Nothing can follow.
        case done(at: Timestamp, result: String)
        /// Failed for good, or nobody knows whether it happened. Waits for a person.
        case dead
    }

    /// Which worker does it, such as `email`.
    public var queue: String
    /// The idempotency key, unique in its queue: the id of the event that wants it. The receiver gets it too.
    public var id: UniqueID
    /// What the worker needs, in a form that only it knows.
    public var payload: [UInt8]
    public var state: State
    /// How often a worker has begun.
    public var attempts: Int
    /// What went wrong last.
    public var error: String?
    public var createdAt: Timestamp

    public init(
        queue: String, id: UniqueID, payload: [UInt8], state: State, attempts: Int = 0, error: String? = nil,
        createdAt: Timestamp,
    ) {
        self.queue = queue
        self.id = id
        self.payload = payload
        self.state = state
        self.attempts = attempts
        self.error = error
        self.createdAt = createdAt
    }
}

/// A unit of work that also reaches the effects that are still to happen.
public protocol EffectUnit: UnitOfWork {
    func effect(_ queue: String, id: UniqueID) throws -> Effect?
    /// Writes an effect over whatever stood under its queue and id.
    func putEffect(_ effect: Effect) throws
    /// Effects that a worker may take at `now`: due, or claimed by one that did not answer in time. The earliest first.
    func dueEffects(_ queue: String, at now: Timestamp, limit: Int) throws -> [Effect]
    /// Effects that a worker of this name has claimed, by id.
    func claimedEffects(_ queue: String, by name: String, limit: Int) throws -> [Effect]
    /// When ``dueEffects(_:at:limit:)`` has something next; nil when nothing waits.
    func nextEffect(_ queue: String) throws -> Timestamp?
    /// Effects that failed for good, by id, behind `id`.
    func deadEffects(_ queue: String, after id: UniqueID?, limit: Int) throws -> [Effect]
    /// Forgets effects that were done before `moment`, at most `limit`. Returns how many. One that is forgotten can be
    /// asked for again.
    @discardableResult
    func removeDoneEffects(_ queue: String, before moment: Timestamp, limit: Int) throws -> Int
}

extension EffectUnit {
    /// Asks for an effect. Asking again under the same id changes nothing.
    /// - Returns: whether it was new.
    @discardableResult
    public func enqueueEffect(_ queue: String, id: UniqueID, payload: [UInt8], at now: Timestamp) throws -> Bool {
        guard try self.effect(queue, id: id) == nil else { return false }
        try self.putEffect(Effect(queue: queue, id: id, payload: payload, state: .due(at: now), createdAt: now))
        return true
    }

    /// Lets a dead effect be tried again, with all its attempts.
    /// - Returns: false when there is no such dead effect.
    public func redriveEffect(_ queue: String, id: UniqueID, at now: Timestamp) throws -> Bool {
        guard var effect = try self.effect(queue, id: id), effect.state == .dead else { return false }
        effect.state = .due(at: now)
        effect.attempts = 0
        try self.putEffect(effect)
        return true
    }
}
