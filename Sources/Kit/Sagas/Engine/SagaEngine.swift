public import Essentials
public import EventSourcing
import Synchronization

/// Runs sagas: takes those that are due, makes their calls, and journals every intent and every result.
///
/// ```swift
/// let engine = SagaEngine(
///     named: "orders-1", transactor: transactor, definitions: [checkout], journal: { $0 })
/// try await transactor.write { unit in
///     try unit.append(placed, to: order, expecting: .exactly(.zero))
///     try engine.start(checkout, id: orderID, state: Checkout(…), metadata: metadata, in: unit)
/// }
/// try await engine.run()
/// ```
/// Any number of engines may work on one store. Each needs a name that no other living engine has.
public final class SagaEngine<Unit>: Sendable {
    public struct Configuration: Hashable, Sendable {
        /// How many sagas are worked on at once. At least 1. Default: 64.
        public var concurrency = 64
        /// How long a saga stays with an engine that does not renew. Renewed at a third of it. Default: 30 seconds.
        public var leaseDuration: Duration = .seconds(30)
        /// How often to look for sagas that another process has started. Those of this engine and timers need no look.
        /// Default: 1 second.
        public var pollInterval: Duration = .seconds(1)

        public init() {}
    }

    public let name: String
    let transactor: Transactor<Unit>
    let journal: @Sendable (Unit) -> any SagaUnit
    let sagas: [String: ErasedSaga<Unit>]
    let configuration: Configuration
    let observe: @Sendable (SagaObservation) -> Void
    let tracing: (any SagaTracing)?
    let time: TimeSource
    let wallClock: WallClock
    let chance: Chance
    let waker = Waker()
    let leases = LeaseTable()

    /// - Parameters:
    ///   - name: a restarted engine takes over at once what it held under this name.
    ///   - definitions: the current ones, and old ones for as long as instances of them live. One per hash.
    ///   - journal: the saga journal inside a unit; `{ $0 }` where the unit refines `SagaUnit`.
    ///   - observe: told after each commit what happened, and of trouble with the store. Must be quick.
    ///   - tracing: goes around what the engine does with a saga. Default: nothing does.
    public init(
        named name: String,
        transactor: Transactor<Unit>,
        definitions: [any SagaRules<Unit>],
        journal: @escaping @Sendable (Unit) -> any SagaUnit,
        configuration: Configuration = Configuration(),
        observe: @escaping @Sendable (SagaObservation) -> Void = { _ in },
        tracing: (any SagaTracing)? = nil,
        wallClock: WallClock = .system,
        chance: Chance = .system,
        time: TimeSource = .system,
    ) {
        precondition(configuration.concurrency >= 1, "an engine works on at least one saga at once")
        precondition(configuration.leaseDuration >= .milliseconds(3), "a lease must last a few milliseconds")
        self.name = name
        self.transactor = transactor
        self.journal = journal
        self.sagas = Dictionary(definitions.map { ($0.plan.hash, $0.erased()) }) { first, _ in
            preconditionFailure("the saga '\(first.plan.name)' is defined twice with the same steps")
        }
        self.configuration = configuration
        self.observe = observe
        self.tracing = tracing
        self.wallClock = wallClock
        self.chance = chance
        self.time = time
    }

    /// Starts a saga inside the caller's transaction: it begins if and only if that commits.
    /// - Returns: false when a saga of this definition has that id already; nothing is changed then.
    /// - Throws: `SagaError.conflict` when the id belongs to a saga of another name, `.unknownDefinition` when the engine
    ///   was not given the definition.
    @discardableResult
    public func start<State>(
        _ definition: SagaDefinition<State, Unit>, id: UniqueID, state: State, metadata: EventMetadata, in unit: Unit,
    ) throws -> Bool {
        let plan = definition.plan
        let hash = plan.hash
        guard self.sagas[hash] != nil else {
            throw SagaError(.unknownDefinition, "the engine '\(self.name)' was not given the saga '\(plan.name)'")
        }
        let now = self.now
        let instance = SagaInstance(
            id: id, definition: plan.name, definitionHash: hash, state: .running, due: now, owner: nil, epoch: 0,
            version: 1, startedAt: now, updatedAt: now, metadata: metadata)
        let entry = SagaEntry(
            sequence: 1, at: now, fact: .started(plan: plan), state: try EventCoding.encode(state))
        let journal = self.journal(unit)
        if try journal.insertSaga(instance, entry) {
            self.waker.wake()
            return true
        }
        guard let existing = try journal.saga(id), existing.definition == plan.name else {
            throw SagaError(.conflict, "\(id) is the id of a saga of another definition")
        }
        return false
    }

    /// Starts a saga in a transaction of its own.
    @discardableResult
    public func start<State>(
        _ definition: SagaDefinition<State, Unit>, id: UniqueID, state: State, metadata: EventMetadata,
    ) async throws -> Bool {
        try await self.transactor.write {
            try self.start(definition, id: id, state: state, metadata: metadata, in: $0)
        }
    }

    /// Hands a saga a fact from outside, whether it is there yet, waits for it, or has not begun. The first payload under
    /// a name counts; later ones are ignored.
    /// - Returns: false when the signal had come before.
    @discardableResult
    public func signal(_ id: UniqueID, _ name: String, payload: some Encodable, in unit: Unit) throws -> Bool {
        let isNew = try self.journal(unit).addSagaSignal(
            id, name: name, payload: EventCoding.encode(payload), now: self.now)
        self.waker.wake()
        return isNew
    }

    /// Hands a saga a fact from outside that is its name alone.
    @discardableResult
    public func signal(_ id: UniqueID, _ name: String, in unit: Unit) throws -> Bool {
        try self.signal(id, name, payload: JSONValue.null, in: unit)
    }

    /// The date, in whole milliseconds as journals keep it.
    var now: Timestamp { self.wallClock.now.roundedDownToMilliseconds }
}

extension SagaEngine where Unit == any SagaUnit {
    /// An engine whose transactional steps need no more than the log and the saga journal.
    public convenience init(
        named name: String,
        transactor: Transactor<any SagaUnit>,
        definitions: [any SagaRules<Unit>],
        configuration: Configuration = Configuration(),
        wallClock: WallClock = .system,
        chance: Chance = .system,
        time: TimeSource = .system,
    ) {
        self.init(
            named: name, transactor: transactor, definitions: definitions, journal: { $0 },
            configuration: configuration, wallClock: wallClock, chance: chance, time: time)
    }
}

/// What an engine tells its observer.
public enum SagaObservation: Sendable {
    /// These entries of a saga's journal have been committed by this engine.
    case journalled(saga: UniqueID, definition: String, [SagaEntry])
    /// The saga was taken over while this engine worked on it; what it wanted to write is void.
    case fenced(saga: UniqueID)
    /// The store refused or failed. The engine tries again.
    case storeFailed(message: String)
}
