import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import Messaging
import ShopContracts
import Synchronization
import Testing

@testable import Users

/// The feed of the users service, which can be cut off.
private final class Cable: EventFeed {
    private let inner: any EventFeed
    private let isCut = Mutex(false)

    init(_ inner: any EventFeed) { self.inner = inner }

    func cut(_ isCut: Bool) { self.isCut.withLock { $0 = isCut } }

    func page(after cursor: Cursor?, limit: Int, wait: Duration) async throws -> FeedPage {
        guard !self.isCut.withLock({ $0 }) else { throw TransportError(.notConnected, "cut") }
        // Small pages, so that several are read.
        return try await self.inner.page(after: cursor, limit: 2, wait: wait)
    }
}

@Suite(.timeLimit(.minutes(10))) struct `A process without the users service` {
    /// Follows the feed while `body` runs.
    private func following(
        _ shop: UsersFixture, _ body: (Cable, RevocationList) async throws -> Void,
    ) async throws {
        let list = RevocationList(wallClock: shop.platform.wallClock.wallClock)
        let cable = Cable(
            RemoteFeed(
                .users, transport: shop.platform.transport, credentials: shop.environment.credentials,
                time: shop.platform.time))
        let follower = RevocationFollower(
            cable, into: list, time: shop.platform.time, logger: shop.environment.logger,
            read: { try TokensRevoked.revocation(in: $0) })
        try await withThrowingTaskGroup { group in
            group.addTask { try await follower.work.run() }
            try await body(cable, list)
            group.cancelAll()
        }
    }

    /// Lets time pass, while nothing else can happen, until the list knows `count` revocations.
    private func wait(for count: Int, in list: RevocationList, _ shop: UsersFixture) async {
        while list.count < count {
            await Task.yield()
            if shop.platform.clock.sleeperCount > 0 { shop.pass(.milliseconds(10)) }
        }
    }

    @Test func `learns what was called back before it started and what is called back while it runs`() async throws {
        let shop = try await UsersFixture()
        let admin = shop.platform.person(.admin)
        let id = try #require(
            try await shop.me(try await shop.session().access).json["userId"]?.string.flatMap { UniqueID($0) })
        let old = Principal(
            subject: id, role: .user, tokenID: "old", issuedAt: shop.platform.wallClock.now + .seconds(-5))
        _ = try await shop.platform.call(.users, .post, "/v1/admin/users/\(id)/revoke", as: admin)
        try await self.following(shop) { _, list in
            await self.wait(for: shop.revocations.count, in: list, shop)
            #expect(list.isRevoked(old))
            let known = list.count
            let token = try await shop.tokens().access
            let answer = try await shop.call(.delete, "/v1/sessions", token: token)
            #expect(answer.status == 204)
            await self.wait(for: known + 1, in: list, shop)
        }
    }

    @Test func `goes on refusing while the log cannot be read, and catches up afterwards`() async throws {
        let shop = try await UsersFixture()
        let admin = shop.platform.person(.admin)
        let id = try #require(
            try await shop.me(try await shop.session().access).json["userId"]?.string.flatMap { UniqueID($0) })
        let principal = Principal(
            subject: id, role: .user, tokenID: "x", issuedAt: shop.platform.wallClock.now + .seconds(-5))
        try await self.following(shop) { cable, list in
            cable.cut(true)
            _ = try await shop.platform.call(.users, .post, "/v1/admin/users/\(id)/revoke", as: admin)
            for _ in 0..<50 {
                await Task.yield()
                if shop.platform.clock.sleeperCount > 0 { shop.pass(.seconds(1)) }
            }
            cable.cut(false)
            await self.wait(for: shop.revocations.count, in: list, shop)
            #expect(list.isRevoked(principal))
            cable.cut(true)
            #expect(list.isRevoked(principal))
        }
    }
}
