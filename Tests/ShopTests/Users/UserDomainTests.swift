import Essentials
import EventSourcing
import ShopContracts
import Testing

@testable import Users

@Suite struct `A user` {
    static let id = UserID(UniqueID(high: 1, low: 2))
    static let moment = Timestamp(microseconds: 1_767_225_600_250_000)

    private func user(after commands: User.Command...) throws -> User {
        var user = User()
        for command in commands { for event in try user.decide(command) { user.evolve(event) } }
        return user
    }

    private func registration() throws -> User.Command {
        .register(Self.id, email: try #require(EmailAddress("Ada@Example.org")), name: "Ada", role: .user)
    }

    @Test func `begins with a registration, once`() throws {
        let user = try self.user(after: self.registration())
        #expect(user.id == Self.id)
        #expect(throws: UserRefusal.exists(Self.id)) { try user.decide(self.registration()) }
        for command in [User.Command.rename("A"), .rehashPassword, .revoke(.none(at: Self.moment))] {
            #expect(throws: UserRefusal.unknown) { try User().decide(command) }
        }
    }

    @Test func `records only what changed`() throws {
        let user = try self.user(after: self.registration())
        let all = Revocation(before: Self.moment, tokenIDs: ["t"], at: Self.moment)
        #expect(try user.decide(.rename("Ada")) == [])
        #expect(try user.decide(.administer(role: .user, isBlocked: false, all)) == [])
        #expect(try user.decide(.administer(role: nil, isBlocked: nil, all)) == [])
        let events = try user.decide(.administer(role: .operator, isBlocked: true, all))
        #expect(
            events == [
                .roleChanged(RoleChanged(userId: Self.id, from: .user, to: .operator)),
                .blocked(UserBlocked(userId: Self.id)),
                .tokensRevoked(TokensRevoked(userId: Self.id, tokenId: nil, before: Self.moment)),
                .tokensRevoked(TokensRevoked(userId: Self.id, tokenId: "t", before: Self.moment)),
            ])
    }

    @Test(arguments: [
        (
            "UserCreated",
            #"{"email":"ada@example.org","name":"Ada","role":"USER","userId":"00000000-0000-0001-0000-000000000002"}"#
        ),
        ("ProfileUpdated", #"{"name":"Ada L.","userId":"00000000-0000-0001-0000-000000000002"}"#),
        ("PasswordChanged", #"{"userId":"00000000-0000-0001-0000-000000000002"}"#),
        ("PasswordRehashed", #"{"userId":"00000000-0000-0001-0000-000000000002"}"#),
        ("RoleChanged", #"{"from":"USER","to":"ADMIN","userId":"00000000-0000-0001-0000-000000000002"}"#),
        ("UserBlocked", #"{"userId":"00000000-0000-0001-0000-000000000002"}"#),
        ("UserUnblocked", #"{"userId":"00000000-0000-0001-0000-000000000002"}"#),
        (
            "TokensRevoked",
            #"{"before":"2026-01-01T00:00:00.250Z","tokenId":"t","userId":"00000000-0000-0001-0000-000000000002"}"#
        ),
        ("TokensRevoked", #"{"before":"2026-01-01T00:00:00.000Z","userId":"00000000-0000-0001-0000-000000000002"}"#),
    ])
    func `version 1 of each fact is read and written as this sample`(type: String, sample: String) throws {
        let stored = NewEvent(
            id: UniqueID(high: 0, low: 1), type: type, schemaVersion: 1, timestamp: Self.moment,
            metadata: EventMetadata(correlationID: UniqueID(high: 0, low: 2)), data: Array(sample.utf8))
        let event = try UserEvent.catalog.decode(stored)
        let written = try event.newEvent(id: stored.id, timestamp: stored.timestamp, metadata: stored.metadata)
        #expect(String(decoding: written.data, as: UTF8.self) == sample)
        #expect(written == stored)
    }

    @Test func `the samples cover every fact`() {
        #expect(
            UserEvent.catalog.types == [
                "PasswordChanged", "PasswordRehashed", "ProfileUpdated", "RoleChanged", "TokensRevoked", "UserBlocked",
                "UserCreated", "UserUnblocked",
            ])
    }

    @Test func `a snapshot of a user is the user`() throws {
        let user = try self.user(
            after: self.registration(), .administer(role: .admin, isBlocked: true, .none(at: Self.moment)))
        #expect(try EventCoding.decode(User.self, from: EventCoding.encode(user)) == user)
    }
}
