import Chassis
import Essentials
import HTTPTypes
import Resilience
import Sagas
import ShopContracts

/// Another service as a saga sees it: every call carries the step's key, and what comes back says what is known.
struct Participant: Sendable {
    let client: ServiceClient

    init(_ service: ServiceName, in environment: ServiceEnvironment) {
        self.client = ServiceClient(service, in: environment)
    }

    /// - Throws: `SagaRejection` when the service decided against it, `StepNotAttempted` when nothing was sent, anything
    ///   else when the outcome is not known.
    @discardableResult
    func call<Answer: Decodable & Sendable>(
        _ method: HTTPRequest.Method, _ path: String, body: (any Encodable & Sendable)? = nil, _ context: StepContext,
        as answer: Answer.Type = Answer.self,
    ) async throws -> Answer {
        do {
            return try await self.client.call(
                method, path, body: body, key: context.key, metadata: context.metadata, as: answer)
        } catch let problem as RemoteProblem where problem.isDecision {
            throw SagaRejection(code: problem.code, message: problem.detail)
        } catch let error as TransportError where !error.mayHaveHappened {
            throw StepNotAttempted(error.description)
        } catch let refusal as Refusal where refusal.code != .deadlineExceeded {
            throw StepNotAttempted(refusal.description)
        }
    }

    /// A call behind the point of no return: a refusal is no answer, it is tried until it succeeds.
    func insist<Answer: Decodable & Sendable>(
        _ method: HTTPRequest.Method, _ path: String, _ context: StepContext, as answer: Answer.Type = Answer.self,
    ) async throws -> Answer {
        do {
            return try await self.call(method, path, context, as: answer)
        } catch let rejection as SagaRejection {
            throw InsistedInVain(rejection: rejection)
        }
    }
}

/// A participant refused what it must do. A person can see it in the saga's view; the saga asks again.
struct InsistedInVain: Error, CustomStringConvertible {
    var rejection: SagaRejection
    var description: String { "refused: \(self.rejection)" }
}
