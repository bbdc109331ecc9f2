import Essentials
import EventSourcing
import ShopContracts

/// A way to reach a person.
enum Channel: String, Codable, Hashable, Sendable, CaseIterable {
    case email
    case sms
    case push
}

/// Somebody is to be told something.
struct NotificationRequested: EventPayload {
    static let eventType = "NotificationRequested"
    var notificationId: NotificationID
    var userId: UserID
    var channel: Channel
    /// Which template it was made from.
    var kind: NotificationKind
    /// The order, parcel or change that it is about: one message of a kind and channel each.
    var about: UniqueID
    var subject: String
    var body: String
}

/// An e-mail has been handed to its sender.
struct EmailSent: EventPayload {
    static let eventType = "EmailSent"
    var notificationId: NotificationID
    var userId: UserID
    /// What the sender said.
    var reference: String
}

/// A message on another channel than e-mail has been handed to its sender.
struct NotificationSent: EventPayload {
    static let eventType = "NotificationSent"
    var notificationId: NotificationID
    var userId: UserID
    var channel: Channel
    var reference: String
}

/// Somebody chose on which channels to be told.
struct PreferencesChanged: EventPayload {
    static let eventType = "PreferencesChanged"
    var userId: UserID
    var preferences: Preferences
}

/// On which channels a person wants to be told.
struct Preferences: Codable, Hashable, Sendable {
    var email = true
    var sms = false
    var push = false

    var channels: [Channel] {
        Channel.allCases.filter { channel in
            switch channel {
            case .email: self.email
            case .sms: self.sms
            case .push: self.push
            }
        }
    }
}

/// All facts of this service.
enum NotificationEvent: EventSum {
    case requested(NotificationRequested)
    case emailSent(EmailSent)
    case sent(NotificationSent)
    case preferencesChanged(PreferencesChanged)

    static let category = "notification"
    static let preferencesCategory = "preferences"

    var payload: any EventPayload {
        switch self {
        case .requested(let fact): fact
        case .emailSent(let fact): fact
        case .sent(let fact): fact
        case .preferencesChanged(let fact): fact
        }
    }

    static let catalog = EventCatalog<NotificationEvent>([
        .fact(NotificationRequested.self, NotificationEvent.requested),
        .fact(EmailSent.self, NotificationEvent.emailSent),
        .fact(NotificationSent.self, NotificationEvent.sent),
        .fact(PreferencesChanged.self, NotificationEvent.preferencesChanged),
    ])
}
