import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts

/// Fills a wallet from a card.
struct MakeDeposit: APIModel {
    var amount: MoneyInput
    var paymentMethod: PaymentMethod?

    static let schema = Schema.object([
        .init("amount", .model(MoneyInput.self)),
        .init("paymentMethod", .oneOf(PaymentMethod.allCases.map(\.rawValue)), required: false),
    ])
}

/// Money on its way from a card to a wallet.
struct DepositView: APIModel, Hashable {
    enum Status: String, Codable, Hashable, Sendable, CaseIterable {
        case pending = "PENDING"
        case completed = "COMPLETED"
    }

    /// Also the id of the payment.
    var depositId: PaymentID
    var accountId: AccountID
    var amount: MoneyAmount
    var status: Status

    static let schemaName = "Deposit"
    static let schema = Schema.object([
        .init("depositId", .uuid), .init("accountId", .uuid), .init("amount", .model(MoneyAmount.self)),
        .init("status", .oneOf(Status.allCases.map(\.rawValue))),
    ])
}

/// `POST /v1/accounts/{accountId}/deposits`.
struct DepositRoutes: Sendable {
    /// The most of one deposit, in whole units of its currency.
    static let maximum: Int64 = 1_000_000

    let desk: PaymentDesk

    var routes: [Route] {
        [
            Route(
                .post, "/v1/accounts/{accountId}/deposits", "makeDeposit", tag: "Accounts",
                "Moves money from a card to an account",
                parameters: [.path("accountId", .uuid, "The account."), .idempotencyKey],
                body: .model(MakeDeposit.self), answers: [.json(.created, DepositView.self, "The deposit")],
                problems: [.notFound, .unprocessable, .paymentDeclined, .idempotencyKeyReused]
            ) { try await self.make($0) }
        ]
    }

    private func make(_ request: RoutedRequest) async throws -> ServiceResponse {
        let body = try request.decode(MakeDeposit.self)
        let amount = try body.amount.positive(at: "/amount")
        guard amount.minor <= Self.maximum * amount.currency.minorUnits else {
            throw Problem(.validationFailed, "/amount/amount: at most \(Self.maximum) is expected")
        }
        let account = try request.id("accountId", as: AccountID.self)
        let owner = UserID(try request.caller().subject)
        let (id, isReplay) = try await self.recall(
            try request.key(), amount, body.paymentMethod ?? .ok, account: account, owner: owner)
        let wish = PaymentRequested(
            paymentId: id, customerId: owner, amount: amount, method: body.paymentMethod ?? .ok, orderId: nil,
            accountId: account)
        let metadata = request.metadata.withoutCommand
        let authorized = try await self.desk.authorize(wish, metadata: metadata)
        let payment = try await self.desk.complete(authorized, metadata: metadata)
        if case .declined(let reason) = payment.status { throw Problem.declined(reason) }
        let view = DepositView(
            depositId: id, accountId: account, amount: MoneyAmount(amount),
            status: payment.status == .captured ? .completed : .pending)
        return try .json(.created, view, headers: isReplay ? [.idempotencyReplayed: "true"] : [:])
    }

    /// The id of the deposit that belongs to a key.
    private func recall(
        _ key: UniqueID, _ amount: Money, _ method: PaymentMethod, account: AccountID, owner: UserID,
    ) async throws -> (PaymentID, isReplay: Bool) {
        let environment = self.desk.environment
        let fingerprint = "\(account)/\(amount)/\(method.rawValue)"
        return try await environment.store.write { unit in
            let wallet = try Accounts.owned(account, by: owner, in: unit)
            guard wallet.currency == amount.currency else {
                throw Problem(
                    .unprocessable, "account \(account) is in \(wallet.currency), the amount in \(amount.currency)")
            }
            let scope = "deposits/\(owner)"
            switch try IdempotencyStore.find(key, scope: scope, fingerprint: fingerprint, in: unit) {
            case .repeated(let id): return (PaymentID(id), true)
            case .mismatch: throw Problem(.idempotencyKeyReused, "the key was used for another deposit")
            case .new: break
            }
            let id: PaymentID = environment.ids.next()
            try IdempotencyStore.record(
                key, scope: scope, fingerprint: fingerprint, resource: id.rawValue, at: environment.wallClock.now,
                in: unit)
            return (id, false)
        }
    }
}
