import Essentials
import EventSourcing

/// The rules of one kind of saga: its steps in order.
///
/// ```swift
/// let checkout = SagaDefinition<Checkout, any ServiceUnit>(
///     "checkout",
///     steps: [
///         .idempotent("reserve stock") { state, context in
///             try await inventory.hold(state.lines, key: context.key)
///             return state
///         } compensate: { state, context in
///             try await inventory.release(context.actionKey)
///             return state
///         },
///         .transactional("confirm order") { state, unit, context in … },
///     ])
/// ```
/// `State` is stored as JSON after each step; `Unit` is what transactional steps can reach.
public struct SagaDefinition<State: Codable & Sendable, Unit>: SagaRules {
    public let name: String
    public let steps: [SagaStep<State, Unit>]
    /// How long after its start a saga that is still going forward turns round; nil: never.
    public let deadline: Duration?

    public init(_ name: String, deadline: Duration? = nil, steps: [SagaStep<State, Unit>]) {
        precondition(!name.isEmpty && !steps.isEmpty, "a saga needs a name and a step")
        precondition(Set(steps.map(\.name)).count == steps.count, "two steps of the saga '\(name)' share a name")
        self.name = name
        self.deadline = deadline
        self.steps = steps
    }

    public var plan: SagaPlan { SagaPlan(name: self.name, steps: self.steps.map(\.plan)) }

    public func erased() -> ErasedSaga<Unit> {
        ErasedSaga(
            plan: self.plan, steps: self.steps.map { $0.erased() }, deadline: self.deadline,
            decode: { try EventCoding.decode(State.self, from: $0) },
            encode: { try EventCoding.encode(Self.cast($0)) })
    }

    private static func cast(_ state: any Sendable) -> State { SagaStep<State, Unit>.cast(state) }
}

/// A definition whose state type does not matter to the holder, so that definitions can stand in one list.
public protocol SagaRules<Unit>: Sendable {
    associatedtype Unit

    var name: String { get }
    var plan: SagaPlan { get }
    /// The definition with its state type hidden.
    func erased() -> ErasedSaga<Unit>
}

/// A definition with its state type hidden. Made by ``SagaRules/erased()``; of use to the engine only.
public struct ErasedSaga<Unit>: Sendable {
    let plan: SagaPlan
    let steps: [SagaStep<any Sendable, Unit>]
    let deadline: Duration?
    let decode: @Sendable ([UInt8]) throws -> any Sendable
    let encode: @Sendable (any Sendable) throws -> [UInt8]

    var policies: [StepPolicy] { self.steps.map(\.policy) }
}

extension SagaStep {
    static func cast(_ state: any Sendable) -> State {
        guard let own = state as? State else {
            preconditionFailure("a saga of \(State.self) was given the state \(type(of: state))")
        }
        return own
    }

    func erased() -> SagaStep<any Sendable, Unit> {
        SagaStep<any Sendable, Unit>(name: self.name, policy: self.policy, work: self.erasedWork())
    }

    private func erasedWork() -> SagaStep<any Sendable, Unit>.Work {
        switch self.work {
        case .local(let run, let compensate):
            return .local(run: Self.erase(run), compensate: compensate.map(Self.erase))
        case .remote(let kind, let run, let inquire, let compensate):
            return .remote(
                kind, run: Self.erase(run), inquire: inquire.map(Self.erase), compensate: compensate.map(Self.erase))
        case .sleep(let until):
            return .sleep { until(Self.cast($0), $1) }
        case .signal(let timeout, let receive):
            return .signal(timeout: timeout) { state, payload in
                var own = Self.cast(state)
                try receive(&own, payload)
                state = own
            }
        }
    }

    private static func erase(_ local: @escaping Local) -> SagaStep<any Sendable, Unit>.Local {
        { state, unit, context in
            var own = Self.cast(state)
            try local(&own, unit, context)
            state = own
        }
    }

    private static func erase(_ remote: @escaping Remote) -> SagaStep<any Sendable, Unit>.Remote {
        { state, context in try await remote(Self.cast(state), context) }
    }

    private static func erase(_ inquire: @escaping Inquire) -> SagaStep<any Sendable, Unit>.Inquire {
        { state, context in
            switch try await inquire(Self.cast(state), context) {
            case .happened(let own): .happened(own)
            case .didNotHappen: .didNotHappen
            case .unknown: .unknown
            }
        }
    }
}
