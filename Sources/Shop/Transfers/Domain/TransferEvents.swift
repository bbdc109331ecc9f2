import Essentials
import EventSourcing
import ShopContracts

/// Somebody wants to move money between two accounts.
struct TransferRequested: EventPayload {
    static let eventType = "TransferRequested"
    var transferId: TransferID
    var ownerId: UserID
    var fromAccountId: AccountID
    var toAccountId: AccountID
    var amount: Money
}

/// The amount has been taken from the source account.
struct AccountDebited: EventPayload {
    static let eventType = "AccountDebited"
    var transferId: TransferID
    var accountId: AccountID
    var amount: Money
}

/// The amount has been given to the target account.
struct AccountCredited: EventPayload {
    static let eventType = "AccountCredited"
    var transferId: TransferID
    var accountId: AccountID
    var amount: Money
}

/// The amount is back on the source account.
struct AccountRefunded: EventPayload {
    static let eventType = "AccountRefunded"
    var transferId: TransferID
    var accountId: AccountID
    var amount: Money
}

/// The transfer is done.
struct TransactionCompleted: EventPayload {
    static let eventType = "TransactionCompleted"
    var transferId: TransferID
}

/// The transfer could not be made; no money has moved.
struct TransferFailed: EventPayload {
    static let eventType = "TransferFailed"
    var transferId: TransferID
    var reason: String
}

/// The history of one transfer.
enum TransferEvent: EventSum {
    case requested(TransferRequested)
    case debited(AccountDebited)
    case credited(AccountCredited)
    case refunded(AccountRefunded)
    case completed(TransactionCompleted)
    case failed(TransferFailed)

    var payload: any EventPayload {
        switch self {
        case .requested(let fact): fact
        case .debited(let fact): fact
        case .credited(let fact): fact
        case .refunded(let fact): fact
        case .completed(let fact): fact
        case .failed(let fact): fact
        }
    }

    static let catalog = EventCatalog<TransferEvent>([
        .fact(TransferRequested.self, TransferEvent.requested),
        .fact(AccountDebited.self, TransferEvent.debited),
        .fact(AccountCredited.self, TransferEvent.credited),
        .fact(AccountRefunded.self, TransferEvent.refunded),
        .fact(TransactionCompleted.self, TransferEvent.completed),
        .fact(TransferFailed.self, TransferEvent.failed),
    ])
}
