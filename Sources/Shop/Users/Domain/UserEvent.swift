import Essentials
import EventSourcing
import ShopContracts

/// The facts of the users service.
enum UserEvent: EventSum {
    case created(UserCreated)
    case profileUpdated(ProfileUpdated)
    case passwordChanged(PasswordChanged)
    case passwordRehashed(PasswordRehashed)
    case roleChanged(RoleChanged)
    case blocked(UserBlocked)
    case unblocked(UserUnblocked)
    case tokensRevoked(TokensRevoked)

    var payload: any EventPayload {
        switch self {
        case .created(let fact): fact
        case .profileUpdated(let fact): fact
        case .passwordChanged(let fact): fact
        case .passwordRehashed(let fact): fact
        case .roleChanged(let fact): fact
        case .blocked(let fact): fact
        case .unblocked(let fact): fact
        case .tokensRevoked(let fact): fact
        }
    }

    static let catalog = EventCatalog<UserEvent>([
        .fact(UserCreated.self, UserEvent.created),
        .fact(ProfileUpdated.self, UserEvent.profileUpdated),
        .fact(PasswordChanged.self, UserEvent.passwordChanged),
        .fact(PasswordRehashed.self, UserEvent.passwordRehashed),
        .fact(RoleChanged.self, UserEvent.roleChanged),
        .fact(UserBlocked.self, UserEvent.blocked),
        .fact(UserUnblocked.self, UserEvent.unblocked),
        .fact(TokensRevoked.self, UserEvent.tokensRevoked),
    ])
}

/// Somebody chose a new password.
struct PasswordChanged: EventPayload {
    static let eventType = "PasswordChanged"
    static let kind = EventKind.system
    var userId: UserID
}

/// The hash of a password was made anew at a login, because it was imported or made with older parameters.
struct PasswordRehashed: EventPayload {
    static let eventType = "PasswordRehashed"
    static let kind = EventKind.system
    var userId: UserID
}

/// An administrator gave somebody another role.
struct RoleChanged: EventPayload {
    static let eventType = "RoleChanged"
    static let kind = EventKind.system
    var userId: UserID
    var from: AccountRole
    var to: AccountRole
}

/// An administrator keeps somebody from logging in.
struct UserBlocked: EventPayload {
    static let eventType = "UserBlocked"
    static let kind = EventKind.system
    var userId: UserID
}

/// An administrator lets somebody log in again.
struct UserUnblocked: EventPayload {
    static let eventType = "UserUnblocked"
    static let kind = EventKind.system
    var userId: UserID
}
