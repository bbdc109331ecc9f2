import Essentials

/// A participant's business no: it will not do what the step asks, and repeating will not help.
///
/// Thrown by an action (or by an inquiry) it turns the saga round; thrown by a compensation it parks the saga for a person.
public struct SagaRejection: Error, Codable, Hashable, Sendable {
    /// A stable word for machines: `payment_declined`.
    public var code: String
    /// A sentence for people.
    public var message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

extension SagaRejection: CustomStringConvertible {
    public var description: String { "\(self.code): \(self.message)" }
}

/// Thrown by an action that knows that its call never left: a breaker was open, a connection was refused.
///
/// Such a call is repeated whatever the step's kind.
public struct StepNotAttempted: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String

    public init(_ reason: String) {
        self.description = reason
    }
}

/// A call that did not answer within its step's `attemptTimeout`.
public struct StepTimedOut: Error, Hashable, Sendable, CustomStringConvertible {
    public var step: String
    public var timeout: Duration

    public var description: String { "\(self.step) did not answer within \(self.timeout)" }
}

/// Why an engine refused an operation on a saga.
public struct SagaError: Error, Hashable, Sendable {
    @nonexhaustive public enum Code: String, Hashable, Sendable {
        /// No saga has that id.
        case notFound
        /// The saga has ended; nothing can be changed any more.
        case ended
        /// The saga is being worked on; there is nothing to retry.
        case running
        /// The id belongs to a saga of another definition.
        case conflict
        /// The engine does not know the definition.
        case unknownDefinition
        /// Another engine has taken the saga over: what this one wanted to write is void.
        case fenced
    }

    public var code: Code
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static func notFound(_ id: UniqueID) -> SagaError { SagaError(.notFound, "no saga has the id \(id)") }
}

extension SagaError: CustomStringConvertible {
    public var description: String { "\(self.code.rawValue): \(self.message)" }
}
