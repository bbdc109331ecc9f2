import Chassis
import Essentials
import HTTPTypes
import Identity

/// Whose token a request carries, and whether it holds.
struct TokenCheck: Sendable {
    private let verifier: TokenVerifier
    private let revocations: RevocationList

    init(_ environment: GatewayEnvironment) {
        self.verifier = TokenVerifier(
            issuer: TokenAuthenticator.userIssuer, audience: TokenAuthenticator.userIssuer, keys: environment.userKeys,
            wallClock: environment.wallClock)
        self.revocations = environment.revocations
    }

    /// - Parameter header: the value of `Authorization`.
    /// - Throws: the problem that the client is told; `CancellationError`.
    func principal(of header: String?) async throws -> Principal {
        guard let header, header.lowercased().hasPrefix("bearer ") else { throw Self.missing }
        do {
            let principal = try await self.verifier.verify(String(header.dropFirst(7))).claims.principal()
            try self.requireValid(principal)
            return principal
        } catch let error as JOSEError where error.code == .keysUnavailable {
            throw Problem(.keysUnavailable, "tokens cannot be checked now", retryAfter: .seconds(1))
        } catch let error as JOSEError {
            throw Self.refusal(error.message)
        }
    }

    /// - Throws: a problem when the token of somebody who has been let in before has been called back since.
    func requireValid(_ principal: Principal) throws(Problem) {
        if self.revocations.isRevoked(principal) { throw Self.refusal("the token has been revoked") }
    }

    static var missing: Problem {
        Problem(
            .unauthenticated, "a bearer token is needed: Authorization: Bearer TOKEN",
            headers: [.wwwAuthenticate: "Bearer"])
    }

    private static func refusal(_ reason: String) -> Problem {
        Problem(
            .unauthenticated, "the bearer token is refused: \(reason)",
            headers: [.wwwAuthenticate: "Bearer error=\"invalid_token\""])
    }
}
