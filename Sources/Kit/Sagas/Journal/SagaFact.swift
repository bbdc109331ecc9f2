public import Essentials

/// Why a saga turned round.
public struct SagaFailure: Error, Codable, Hashable, Sendable {
    public enum Code: String, Codable, Hashable, Sendable {
        /// A participant said no.
        case rejected
        /// A step failed too often or for too long.
        case gaveUp
        /// An awaited signal did not come in time.
        case signalTimedOut
        /// The saga's own deadline passed.
        case deadlinePassed
        /// A person or a service asked for it.
        case requested
    }

    public var code: Code
    /// The name of the step at which it happened.
    public var step: String?
    /// What the participant or the error said.
    public var message: String
    /// The rejection, where there was one.
    public var rejection: SagaRejection?

    public init(_ code: Code, step: String?, message: String, rejection: SagaRejection? = nil) {
        self.code = code
        self.step = step
        self.message = message
        self.rejection = rejection
    }
}

/// Why a saga waits for a person.
public enum SagaParkReason: Codable, Hashable, Sendable {
    /// No definition with the hash that the saga began with is known here.
    case definitionMissing(hash: String)
    /// The stored state cannot be read by the definition.
    case stateUnreadable(message: String)
    /// The answer of a step that must not be called twice is lost. Retrying calls it again.
    case outcomeUnknown(step: String, message: String)
    /// A participant refuses to undo what it did.
    case compensationRefused(step: String, rejection: SagaRejection)
}

/// What an inquiry learned about a lost call.
public enum InquiryAnswer: String, Codable, Hashable, Sendable {
    case happened
    case didNotHappen
    case unknown
}

/// One thing that happened to a saga. Steps are named by their place in the definition, from 0.
public enum SagaFact: Codable, Hashable, Sendable {
    case started(plan: SagaPlan)
    /// A call is about to be made.
    case intended(step: Int, attempt: Int)
    case succeeded(step: Int)
    /// A call failed or did not answer. `isUndone` says that its effect is known not to exist.
    case failed(step: Int, attempt: Int, error: String, isUndone: Bool, retryAt: Timestamp?)
    case inquired(step: Int, answer: InquiryAnswer, error: String?, retryAt: Timestamp?)
    case rejected(step: Int, rejection: SagaRejection)
    /// The saga came to a sleep or to a signal.
    case waiting(step: Int, until: Timestamp?)
    /// From here on the saga goes backwards.
    case compensating(failure: SagaFailure)
    case compensationIntended(step: Int, attempt: Int)
    case compensationSucceeded(step: Int)
    case compensationFailed(step: Int, attempt: Int, error: String, retryAt: Timestamp)
    case completed
    case compensated
    case parked(reason: SagaParkReason)
    /// A person, or the return of the definition, set it going again.
    case resumed
}

/// One line of a saga's journal.
public struct SagaEntry: Hashable, Sendable {
    /// The place in the journal, from 1.
    public var sequence: Int64
    public var at: Timestamp
    public var fact: SagaFact
    /// The state of the saga from here on, as JSON; nil where it did not change.
    public var state: [UInt8]?

    public init(sequence: Int64, at: Timestamp, fact: SagaFact, state: [UInt8]? = nil) {
        self.sequence = sequence
        self.at = at
        self.fact = fact
        self.state = state
    }
}
