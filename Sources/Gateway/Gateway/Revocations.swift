import Chassis
import Essentials
import EventSourcing
import Identity
import Logging
import Messaging
import Synchronization

/// The tokens that have been called back, learned from the log of the users service.
///
/// Only what can still be valid is kept: a token lives 24 hours at most.
final class Revocations: Sendable {
    private struct State {
        /// Tokens by `jti`, until when they matter.
        var tokens: [String: Timestamp] = [:]
        /// Per user the moment before which no token counts.
        var users: [UniqueID: Timestamp] = [:]
    }

    private static let longestLife = Duration.seconds(86_400)
    private let environment: GatewayEnvironment
    private let feed: RemoteFeed
    private let state = Mutex(State())

    init(_ environment: GatewayEnvironment) {
        self.environment = environment
        self.feed = RemoteFeed(
            "users", transport: environment.transport, credentials: environment.credentials, time: environment.time)
    }

    func contain(_ principal: Principal) -> Bool {
        self.state.withLock { state in
            if let id = principal.tokenID, state.tokens[id] != nil { return true }
            guard let before = state.users[principal.subject], let issued = principal.issuedAt else { return false }
            return issued < before
        }
    }

    /// Follows the log until the task is cancelled. A users service that cannot be reached is asked again.
    func follow() async throws {
        var cursor: Cursor?
        while !Task.isCancelled {
            do {
                let page = try await self.feed.page(after: cursor, limit: 1_000, wait: .seconds(20))
                for event in page.events { self.learn(event) }
                cursor = page.next
            } catch is CancellationError {
                return
            } catch {
                self.environment.logger.debug("the users feed cannot be read", metadata: ["error": "\(error)"])
                try await self.environment.time.sleep(for: .seconds(1))
            }
        }
    }

    private func learn(_ event: RecordedEvent) {
        guard event.type == "TokensRevoked", let data = try? JSONReader.parse(event.event.data) else { return }
        let now = self.environment.wallClock.now
        guard event.timestamp + Self.longestLife > now else { return }
        self.state.withLock { state in
            if let token = data["tokenId"]?.string {
                state.tokens[token] = event.timestamp + Self.longestLife
            } else if let user = data["userId"]?.string.flatMap({ UniqueID($0) }),
                let before = data["before"]?.string.flatMap({ Timestamp(rfc3339: $0) })
            {
                state.users[user] = max(before, state.users[user] ?? before)
            }
            state.tokens = state.tokens.filter { $0.value > now }
        }
    }
}
