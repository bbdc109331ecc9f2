import Chassis
import Essentials
import ShopContracts

/// Moves money from an own account to any other of the same currency.
struct RequestTransfer: APIModel {
    var fromAccountId: AccountID
    var toAccountId: AccountID
    var amount: MoneyInput

    static let schema = Schema.object([
        .init("fromAccountId", .uuid), .init("toAccountId", .uuid), .init("amount", .model(MoneyInput.self)),
    ])
}

/// A transfer as its owner sees it.
struct TransferView: APIModel, Hashable {
    enum Status: String, Codable, Hashable, Sendable, CaseIterable {
        case pending = "PENDING"
        case completed = "COMPLETED"
        /// No money has moved.
        case failed = "FAILED"
    }

    var transferId: TransferID
    var fromAccountId: AccountID
    var toAccountId: AccountID
    var amount: MoneyAmount
    var status: Status
    /// Why it failed.
    var reason: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp

    static let schemaName = "Transfer"
    static let schema = Schema.object([
        .init("transferId", .uuid), .init("fromAccountId", .uuid), .init("toAccountId", .uuid),
        .init("amount", .model(MoneyAmount.self)), .init("status", .oneOf(Status.allCases.map(\.rawValue))),
        .init("reason", .text(1...400), required: false), .init("createdAt", .timestamp),
        .init("updatedAt", .timestamp),
    ])
}
