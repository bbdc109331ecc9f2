import Essentials

/// What the engine may do when the answer of a step's call is lost.
public enum StepKind: String, Codable, Hashable, Sendable {
    /// The effect is part of the transaction that journals it, so its answer cannot be lost.
    case transactional
    /// The call may be repeated with the same key as often as need be.
    case idempotent
    /// The participant is asked whether it happened before the call is repeated.
    case inquirable
    /// The call is never repeated: the instance is parked for a person.
    case atMostOnce
    /// No call: the saga goes on after a time.
    case sleep
    /// No call: the saga goes on when a fact from outside arrives.
    case signal
}

/// A step without its code: what is stored with an instance and what the machine decides by.
public struct StepPlan: Codable, Hashable, Sendable {
    /// Unique in its definition.
    public var name: String
    public var kind: StepKind
    public var hasCompensation: Bool

    public init(name: String, kind: StepKind, hasCompensation: Bool) {
        self.name = name
        self.kind = kind
        self.hasCompensation = hasCompensation
    }

    /// Whether the step calls something outside the transaction.
    var isRemote: Bool {
        switch self.kind {
        case .idempotent, .inquirable, .atMostOnce: true
        case .transactional, .sleep, .signal: false
        }
    }
}

/// A definition without its code.
public struct SagaPlan: Codable, Hashable, Sendable {
    public var name: String
    public var steps: [StepPlan]

    public init(name: String, steps: [StepPlan]) {
        self.name = name
        self.steps = steps
    }

    /// Changes when the name, a step's name or kind, the presence of a compensation, or the order of steps changes.
    /// Time-outs and retries may be changed freely: they are not part of it.
    public var hash: String {
        var hash = StableHash()
        hash.combine(self.name)
        for step in self.steps {
            hash.combine(step.name)
            hash.combine(step.kind.rawValue)
            hash.combine(step.hasCompensation ? "compensated" : "final")
        }
        return hash.text
    }
}
