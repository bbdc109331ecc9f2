import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts

/// A session goes on with new tokens, or ends.
enum KeepSession {
    static func routes(_ users: UserBook) -> [Route] { [self.refresh(users), self.logOut(users)] }

    private static func refresh(_ users: UserBook) -> Route {
        Route(
            .post, "/v1/sessions/refresh", "refreshSession", tag: "Sessions",
            "Exchanges a refresh token for new tokens; each is good for one exchange", access: .anyone,
            body: .model(Refresh.self), answers: [.json(.ok, SessionView.self, "The new tokens of the session")],
            problems: [.unauthenticated, .tokenReused]
        ) { request in
            let secret = RefreshSecret(presented: try request.decode(Refresh.self).refreshToken.exposed)
            let renewal = try await users.write { unit in
                let renewal = try users.sessions.renew(secret, in: unit)
                guard case .reused(let user, let family) = renewal else { return Changed(value: renewal) }
                // The session must end although this request is refused, so the refusal comes after the transaction.
                let revocation = try users.sessions.end(family: family, in: unit)
                let events = try users.execute(.revoke(revocation), on: user, request.metadata, in: unit)
                return Changed(value: renewal, revoked: events.revocations)
            }
            switch renewal {
            case .renewed(let tokens):
                return try .json(.ok, SessionView(tokens), headers: [.cacheControl: "no-store"])
            case .refused(let reason): throw Problem(.unauthenticated, reason)
            case .reused:
                throw Problem(
                    .tokenReused, "the refresh token was used before, so it is in two hands: the session has ended")
            }
        }
    }

    private static func logOut(_ users: UserBook) -> Route {
        Route(
            .delete, "/v1/sessions", "logOut", tag: "Sessions", "Ends the session of the access token",
            answers: [.empty(.noContent, "The session has ended and its tokens are no longer good")]
        ) { request in
            let principal = try request.caller()
            try await users.write { unit in
                let user = try users.caller(request, in: unit)
                var revocation = Revocation.none(at: users.wallClock.now)
                if let token = principal.tokenID {
                    let family = try users.sessions.family(ofAccessToken: token, in: unit)
                    if let family { revocation = try users.sessions.end(family: family, in: unit) }
                    if !revocation.tokenIDs.contains(token) { revocation.tokenIDs.append(token) }
                }
                let events = try users.execute(.revoke(revocation), on: user.id, request.metadata, in: unit)
                return Changed(value: (), revoked: events.revocations)
            }
            return .empty()
        }
    }
}

/// A refresh token to be exchanged.
struct Refresh: APIModel {
    var refreshToken: Redacted<String>

    static let schema = Schema.object([.init("refreshToken", .text(1...200))])
}
