public import Essentials
import HTTPTypes
public import Identity
import Synchronization

/// Authenticates people by tokens of the users service, and services by tokens signed with the platform's own key.
public struct TokenAuthenticator: Authenticator {
    /// The issuer and audience of people's tokens.
    public static let userIssuer = "mainstay"
    /// The issuer of services' tokens; their audience is the service that is called.
    public static let serviceIssuer = "mainstay-services"

    private let services: TokenVerifier
    private let users: TokenVerifier
    private let isRevoked: @Sendable (Principal) -> Bool

    /// - Parameters:
    ///   - service: who authenticates; the audience of other services' tokens.
    ///   - serviceKeys: the platform's own public keys.
    ///   - userKeys: the published keys of the users service.
    ///   - isRevoked: whether a person's token has been called back.
    public init(
        service: ServiceName, serviceKeys: any KeySource, userKeys: any KeySource, wallClock: WallClock,
        isRevoked: @escaping @Sendable (Principal) -> Bool = { _ in false },
    ) {
        self.services = TokenVerifier(
            issuer: Self.serviceIssuer, audience: service.rawValue, keys: serviceKeys, wallClock: wallClock)
        self.users = TokenVerifier(
            issuer: Self.userIssuer, audience: Self.userIssuer, keys: userKeys, wallClock: wallClock)
        self.isRevoked = isRevoked
    }

    public func authenticate(_ token: String) async throws -> Principal {
        do {
            let principal = try await self.verified(token)
            guard !self.isRevoked(principal) else { throw Self.refusal("the token has been revoked") }
            return principal
        } catch let error as JOSEError where error.code == .keysUnavailable {
            throw Problem(.unavailable, "the keys to check tokens with cannot be had now", retryAfter: .seconds(2))
        } catch let error as JOSEError {
            throw Self.refusal(error.message)
        }
    }

    private func verified(_ token: String) async throws -> Principal {
        do {
            let principal = try await self.services.verify(token).claims.principal()
            guard principal.role == .service else { throw Self.refusal("the token is not one of a service") }
            return principal
        } catch let error as JOSEError where error.code == .unknownKey {
            let principal = try await self.users.verify(token).claims.principal()
            guard principal.role != .service else { throw Self.refusal("the token is not one of a person") }
            return principal
        }
    }

    private static func refusal(_ reason: String) -> Problem {
        Problem(
            .unauthenticated, "the bearer token is refused: \(reason)",
            headers: [.wwwAuthenticate: "Bearer error=\"invalid_token\""])
    }
}

/// Tokens of one service for the others, signed with the platform's key and used again until shortly before they expire.
public final class SignedServiceCredentials: ServiceCredentials {
    private struct Cached {
        var token: String
        var issuedAt: Timestamp
        var expiresAt: Timestamp
    }

    private let service: ServiceName
    private let issuer: TokenIssuer
    private let wallClock: WallClock
    private let cache = Mutex<[ServiceName: Cached]>([:])

    /// - Parameter key: the platform's signing key.
    public init(service: ServiceName, key: SigningKey, ids: IDSource, wallClock: WallClock) throws {
        self.service = service
        self.wallClock = wallClock
        var configuration = TokenIssuer.Configuration()
        configuration.lifetime = .seconds(600)
        self.issuer = try TokenIssuer(
            issuer: TokenAuthenticator.serviceIssuer, key: key, configuration: configuration, ids: ids,
            wallClock: wallClock)
    }

    public func token(for audience: ServiceName) throws -> String {
        let now = self.wallClock.now
        // One from the future was made before the clock was set back: nobody takes it until then.
        if let cached = self.cache.withLock({ $0[audience] }), cached.issuedAt <= now,
            cached.expiresAt > now + .seconds(120)
        {
            return cached.token
        }
        let issued = try self.issuer.issue(
            to: .service(self.service.rawValue), audience: [audience.rawValue])
        self.cache.withLock {
            $0[audience] = Cached(token: issued.token, issuedAt: now, expiresAt: issued.claims.expiresAt)
        }
        return issued.token
    }
}
