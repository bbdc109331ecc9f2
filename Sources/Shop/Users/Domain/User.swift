import Essentials
import EventSourcing
import ShopContracts

/// What a person may do in general. Finer than the roles of tokens: a person is never a service.
enum AccountRole: String, Hashable, Sendable, CaseIterable, Codable {
    case user = "USER"
    case `operator` = "OPERATOR"
    case admin = "ADMIN"
}

/// Which access tokens of a person are called back.
struct Revocation: Hashable, Sendable {
    /// All tokens issued before this moment; nil for none.
    var before: Timestamp?
    /// These tokens besides: issued in the second of ``before``, which a token's `iat` cannot tell from it.
    var tokenIDs: [String]
    /// When the revocation happened.
    var at: Timestamp

    /// Nothing is called back.
    static func none(at moment: Timestamp) -> Revocation { Revocation(before: nil, tokenIDs: [], at: moment) }

    func facts(for user: UserID) -> [TokensRevoked] {
        let all = self.before.map { TokensRevoked(userId: user, tokenId: nil, before: $0) }
        return (all.map { [$0] } ?? [])
            + self.tokenIDs.map { TokensRevoked(userId: user, tokenId: $0, before: self.at) }
    }
}

/// A registered person.
///
/// The password's hash is not in the log: the log is for ever and other services read it. The log says when a password
/// was changed; the hash stands in a table of its own, written in the same transaction.
struct User: SnapshottingAggregate, Hashable {
    static let category = "user"
    static let snapshotSchemaVersion = 1
    static let snapshotInterval: Int64? = 100

    enum Command: Hashable, Sendable {
        case register(UserID, email: EmailAddress, name: String, role: AccountRole)
        case rename(String)
        case changePassword(Revocation)
        /// The password is the same, its hash is made anew.
        case rehashPassword
        /// What an administrator sets; nil leaves it as it is.
        case administer(role: AccountRole?, isBlocked: Bool?, Revocation)
        case revoke(Revocation)
    }

    /// Nil before the registration.
    private(set) var id: UserID?
    private(set) var name = ""
    private(set) var role = AccountRole.user
    private(set) var isBlocked = false

    func decide(_ command: Command) throws(UserRefusal) -> [UserEvent] {
        if case .register(let id, let email, let name, let role) = command {
            guard self.id == nil else { throw .exists(id) }
            let fact = UserCreated(userId: id, email: email.text, name: name, role: role.rawValue)
            return [.created(fact)]
        }
        guard let id else { throw .unknown }
        switch command {
        case .register: return []
        case .rename(let name):
            return name == self.name
                ? [] : [.profileUpdated(ProfileUpdated(userId: id, name: name, email: nil))]
        case .changePassword(let revocation):
            return [.passwordChanged(PasswordChanged(userId: id))] + Self.revoked(revocation, id)
        case .rehashPassword:
            return [.passwordRehashed(PasswordRehashed(userId: id))]
        case .administer(let role, let isBlocked, let revocation):
            let changes = self.changes(id, role: role, isBlocked: isBlocked)
            return changes.isEmpty ? [] : changes + Self.revoked(revocation, id)
        case .revoke(let revocation):
            return Self.revoked(revocation, id)
        }
    }

    mutating func evolve(_ event: UserEvent) {
        switch event {
        case .created(let fact):
            self.id = fact.userId
            self.name = fact.name
            self.role = AccountRole(rawValue: fact.role) ?? .user
        case .profileUpdated(let fact): self.name = fact.name ?? self.name
        case .roleChanged(let fact): self.role = fact.to
        case .blocked: self.isBlocked = true
        case .unblocked: self.isBlocked = false
        case .passwordChanged, .passwordRehashed, .tokensRevoked: break
        }
    }

    private func changes(_ id: UserID, role: AccountRole?, isBlocked: Bool?) -> [UserEvent] {
        var events: [UserEvent] = []
        if let role, role != self.role {
            events.append(.roleChanged(RoleChanged(userId: id, from: self.role, to: role)))
        }
        if let isBlocked, isBlocked != self.isBlocked {
            events.append(
                isBlocked ? .blocked(UserBlocked(userId: id)) : .unblocked(UserUnblocked(userId: id)))
        }
        return events
    }

    private static func revoked(_ revocation: Revocation, _ id: UserID) -> [UserEvent] {
        revocation.facts(for: id).map(UserEvent.tokensRevoked)
    }
}

/// Why a user does not do what they are told.
enum UserRefusal: Error, Hashable, Sendable {
    case unknown
    case exists(UserID)
    case emailTaken(EmailAddress)
}
