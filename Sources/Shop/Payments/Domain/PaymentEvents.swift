import Essentials
import EventSourcing
import ShopContracts

/// Somebody wants to charge a card. Written before the provider is called.
struct PaymentRequested: EventPayload {
    static let eventType = "PaymentRequested"
    var paymentId: PaymentID
    var customerId: CustomerID
    var amount: Money
    var method: PaymentMethod
    /// The order that is paid; missing for a deposit.
    var orderId: OrderID?
    /// The wallet that the money goes into; missing for an order.
    var accountId: AccountID?
}

/// The provider holds the amount on the card.
struct PaymentAuthorized: EventPayload {
    static let eventType = "PaymentAuthorized"
    var paymentId: PaymentID
}

/// The provider will not charge the card.
struct PaymentDeclined: EventPayload {
    static let eventType = "PaymentDeclined"
    var paymentId: PaymentID
    var reason: String
}

/// The provider's answer is lost, or it does not know yet: it has to be inquired.
struct PaymentOutcomeUnknown: EventPayload {
    static let eventType = "PaymentOutcomeUnknown"
    var paymentId: PaymentID
    var reason: String
}

/// The card is charged.
struct PaymentCaptured: EventPayload {
    static let eventType = "PaymentCaptured"
    var paymentId: PaymentID
}

/// The card will not be charged any more.
struct PaymentVoided: EventPayload {
    static let eventType = "PaymentVoided"
    var paymentId: PaymentID
}

/// The charge has been given back.
struct PaymentRefunded: EventPayload {
    static let eventType = "PaymentRefunded"
    var paymentId: PaymentID
}

/// The history of one payment.
enum PaymentEvent: EventSum {
    case requested(PaymentRequested)
    case authorized(PaymentAuthorized)
    case declined(PaymentDeclined)
    case outcomeUnknown(PaymentOutcomeUnknown)
    case captured(PaymentCaptured)
    case voided(PaymentVoided)
    case refunded(PaymentRefunded)

    var payload: any EventPayload {
        switch self {
        case .requested(let fact): fact
        case .authorized(let fact): fact
        case .declined(let fact): fact
        case .outcomeUnknown(let fact): fact
        case .captured(let fact): fact
        case .voided(let fact): fact
        case .refunded(let fact): fact
        }
    }

    static let catalog = EventCatalog<PaymentEvent>([
        .fact(PaymentRequested.self, PaymentEvent.requested),
        .fact(PaymentAuthorized.self, PaymentEvent.authorized),
        .fact(PaymentDeclined.self, PaymentEvent.declined),
        .fact(PaymentOutcomeUnknown.self, PaymentEvent.outcomeUnknown),
        .fact(PaymentCaptured.self, PaymentEvent.captured),
        .fact(PaymentVoided.self, PaymentEvent.voided),
        .fact(PaymentRefunded.self, PaymentEvent.refunded),
    ])
}

/// A customer has opened a wallet.
struct AccountOpened: EventPayload {
    static let eventType = "AccountOpened"
    var accountId: AccountID
    var ownerId: UserID
    var currency: Currency
}

/// The history of one wallet; its money is in the ledger.
enum AccountEvent: EventSum {
    case opened(AccountOpened)

    var payload: any EventPayload {
        switch self {
        case .opened(let fact): fact
        }
    }

    static let catalog = EventCatalog<AccountEvent>([.fact(AccountOpened.self, AccountEvent.opened)])
}
