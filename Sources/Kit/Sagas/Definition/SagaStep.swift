public import Essentials
import EventSourcing

/// What a participant answers to "did it happen?".
public enum StepInquiry<State: Sendable>: Sendable {
    /// It did; this is the state that the lost answer would have given.
    case happened(State)
    /// It did not and will not: the call may be repeated.
    case didNotHappen
    /// The participant cannot say yet. It is asked again later.
    case unknown
}

/// One step of a saga: an action, and the compensation that undoes it.
///
/// A compensation is repeated with the same key until it succeeds, whatever the kind of its step. It also runs for a
/// call whose answer was lost, so it must accept a key that it has never seen, and the participant must then refuse the
/// action if it still comes (a tombstone).
public struct SagaStep<State: Sendable, Unit>: Sendable {
    /// A call that leaves the transaction. Returns the state of the saga after it.
    public typealias Remote = @Sendable (State, StepContext) async throws -> State
    /// Work inside the transaction that journals it.
    public typealias Local = @Sendable (inout State, Unit, StepContext) throws -> Void
    public typealias Inquire = @Sendable (State, StepContext) async throws -> StepInquiry<State>

    enum Work: Sendable {
        case local(run: Local, compensate: Local?)
        case remote(StepKind, run: Remote, inquire: Inquire?, compensate: Remote?)
        case sleep(until: @Sendable (State, Timestamp) -> Timestamp)
        case signal(timeout: Duration?, receive: @Sendable (inout State, [UInt8]) throws -> Void)
    }

    /// Unique in its definition. Part of the key: renaming a step makes a new definition.
    public let name: String
    public let policy: StepPolicy
    let work: Work

    init(name: String, policy: StepPolicy, work: Work) {
        precondition(!name.isEmpty, "a step needs a name")
        self.name = name
        self.policy = policy
        self.work = work
    }

    /// A step whose effect commits together with the journal. It must not leave the transaction.
    public static func transactional(
        _ name: String, policy: StepPolicy = StepPolicy(), run: @escaping Local, compensate: Local? = nil,
    ) -> SagaStep {
        SagaStep(name: name, policy: policy, work: .local(run: run, compensate: compensate))
    }

    /// A step whose participant recognises the key: after a lost answer it is simply called again.
    public static func idempotent(
        _ name: String, policy: StepPolicy = StepPolicy(), run: @escaping Remote, compensate: Remote? = nil,
    ) -> SagaStep {
        SagaStep(
            name: name, policy: policy, work: .remote(.idempotent, run: run, inquire: nil, compensate: compensate))
    }

    /// A step whose participant can say by key what became of a call: after a lost answer it is asked first.
    public static func inquirable(
        _ name: String, policy: StepPolicy = StepPolicy(), run: @escaping Remote, inquire: @escaping Inquire,
        compensate: Remote? = nil,
    ) -> SagaStep {
        SagaStep(
            name: name, policy: policy, work: .remote(.inquirable, run: run, inquire: inquire, compensate: compensate))
    }

    /// A step that must never be called twice: after a lost answer the saga is parked for a person.
    public static func atMostOnce(
        _ name: String, policy: StepPolicy = StepPolicy(), run: @escaping Remote, compensate: Remote? = nil,
    ) -> SagaStep {
        SagaStep(
            name: name, policy: policy, work: .remote(.atMostOnce, run: run, inquire: nil, compensate: compensate))
    }

    /// Goes on after `duration`, measured from when the saga comes to this step.
    public static func sleep(_ name: String, for duration: Duration) -> SagaStep {
        SagaStep(name: name, policy: StepPolicy(), work: .sleep { _, now in now + duration })
    }

    /// Goes on at the date that `until` computes once, when the saga comes to this step.
    public static func sleep(_ name: String, until: @escaping @Sendable (State) -> Timestamp) -> SagaStep {
        SagaStep(name: name, policy: StepPolicy(), work: .sleep { state, _ in until(state) })
    }

    /// Goes on when the signal of this name has come, which may be long before the saga is here.
    /// - Parameters:
    ///   - timeout: from when the saga comes to this step; then it compensates. Nil waits for ever.
    ///   - receive: adds the payload to the state; a `SagaRejection` from it compensates.
    public static func signal<Payload: Decodable & SendableMetatype>(
        _ name: String, as payload: Payload.Type, timeout: Duration?,
        receive: @escaping @Sendable (inout State, Payload) throws -> Void,
    ) -> SagaStep {
        SagaStep(
            name: name, policy: StepPolicy(),
            work: .signal(timeout: timeout) { state, bytes in
                try receive(&state, EventCoding.decode(payload, from: bytes))
            })
    }

    /// Goes on when the signal of this name has come; its payload does not matter.
    public static func signal(_ name: String, timeout: Duration?) -> SagaStep {
        SagaStep(name: name, policy: StepPolicy(), work: .signal(timeout: timeout) { _, _ in })
    }

    /// The step without its code.
    public var plan: StepPlan {
        switch self.work {
        case .local(_, let compensate):
            StepPlan(name: self.name, kind: .transactional, hasCompensation: compensate != nil)
        case .remote(let kind, _, _, let compensate):
            StepPlan(name: self.name, kind: kind, hasCompensation: compensate != nil)
        case .sleep: StepPlan(name: self.name, kind: .sleep, hasCompensation: false)
        case .signal: StepPlan(name: self.name, kind: .signal, hasCompensation: false)
        }
    }
}
