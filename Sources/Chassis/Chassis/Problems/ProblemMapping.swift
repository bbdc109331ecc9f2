import Essentials
import EventSourcing
import HTTPTypes
import Resilience

/// What each typed error of the kit means to a client.
public enum ProblemMapping {
    /// The problem that tells of `error`; `internalError` for one that nobody foresaw, without its text.
    public static func problem(for error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case let refusal as Refusal: Self.problem(for: refusal)
        case let error as EventStoreError: Self.problem(for: error)
        case let error as TransportError:
            Problem(
                .unavailable, "a service that is needed did not answer (\(error.code.rawValue))",
                retryAfter: .seconds(1))
        case let error as RemoteProblem:
            Problem(
                .unavailable, "\(error.service) could not do its part: \(error.detail)",
                retryAfter: error.retryAfter ?? .seconds(1))
        default: Problem(.internalError, "the request could not be carried out; its id finds the reason in the log")
        }
    }

    /// A refusal explains itself: who refused, by which rule, with which numbers, and when to try again.
    private static func problem(for refusal: Refusal) -> Problem {
        let retryAfter = refusal.retryAfter ?? .seconds(1)
        let type: ProblemType = refusal.code == .rateLimited ? .tooManyRequests : .unavailable
        var problem = Problem(type, "\(refusal)", retryAfter: retryAfter)
        problem.details["strategy"] = .string(refusal.strategy)
        problem.details["refused"] = .string(refusal.code.rawValue)
        problem.details["rule"] = .string(refusal.rule)
        for (name, value) in refusal.figures { problem.details[name] = .integer(Int(value)) }
        for (name, value) in refusal.httpFields where name != "Retry-After" {
            if let name = HTTPField.Name(name) { problem.headers[name] = value }
        }
        return problem
    }

    private static func problem(for error: EventStoreError) -> Problem {
        switch error.code {
        case .staleVersion:
            Problem(.conflict, "somebody else changed the same thing at the same time; load it and try again")
        case .diskFull: Problem(.unavailable, "no room is left on the disk; nothing was kept", retryAfter: .seconds(30))
        case .unavailable, .locked, .readOnly:
            Problem(.unavailable, "the database cannot be reached; nothing was kept", retryAfter: .seconds(1))
        case .corrupt, .newerSchema, .unknownEvent:
            Problem(.internalError, "what is stored cannot be read; the request's id finds the reason in the log")
        case .wrongEpoch: Problem(.validationFailed, error.message)
        }
    }
}
