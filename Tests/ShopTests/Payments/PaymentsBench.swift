import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import Ledger
import ShopContracts

@testable import Payments

/// A platform with payments alone.
struct PaymentsBench {
    let platform: TestPlatform
    let payments: PaymentsService
    let store: ServiceStore
    let orders = Principal.service("orders")

    init(provider: (@Sendable (ServiceEnvironment) -> any PaymentProvider)? = nil) async throws {
        self.platform = try TestPlatform()
        let environment = try self.platform.environment(.payments, migrations: PaymentsService.migrations)
        self.store = environment.store
        self.payments = try PaymentsService(environment, provider: provider?(environment))
        self.platform.host(self.payments.service)
        try await self.payments.service.prepare()
    }

    var headers: HTTPFields { [.idempotencyKey: self.platform.ids.next().description] }

    func authorize(
        _ payment: PaymentID, _ method: PaymentMethod = .ok, amount: String = "12.50", customer: Principal? = nil,
        key: UniqueID? = nil,
    ) async throws -> TestAnswer {
        let customer = customer?.subject ?? UniqueID(high: 7, low: 7)
        return try await self.platform.call(
            .payments, .post, "/internal/payments", as: self.orders,
            headers: key.map { [.idempotencyKey: $0.description] } ?? self.headers,
            json: [
                "paymentId": .string(payment.description), "orderId": .string(payment.description),
                "customerId": .string(customer.description), "method": .string(method.rawValue),
                "amount": ["amount": .string(amount), "currency": "EUR"],
            ])
    }

    func settle(_ payment: PaymentID, _ verb: String, key: UniqueID? = nil) async throws -> TestAnswer {
        try await self.platform.call(
            .payments, .post, "/internal/payments/\(payment)/\(verb)", as: self.orders,
            headers: key.map { [.idempotencyKey: $0.description] } ?? self.headers)
    }

    func inquire(_ payment: PaymentID) async throws -> TestAnswer {
        try await self.platform.call(.payments, .get, "/internal/payments/\(payment)", as: self.orders)
    }

    func status(_ payment: PaymentID) async throws -> String? { try await self.inquire(payment).json["status"]?.string }

    func isBalanced() async throws -> Bool {
        let answer = try await self.platform.call(.payments, .get, "/internal/ledger/trial-balance", as: self.orders)
        return answer.json["equal"]?.bool == true
    }

    /// Payments that our book and the provider's disagree about.
    func mismatches() async throws -> [JSONValue]? {
        try await self.platform.call(.payments, .get, "/internal/reconciliation", as: self.orders)
            .json["mismatches"]?.array
    }

    /// What is posted on the merchant's account, in cents.
    func revenue() async throws -> Int64 {
        try await self.store.read { try $0.ledgerAccount(MoneyBook.revenue(.eur))?.balance ?? 0 }
    }

    func facts() async throws -> [String] {
        try await self.store.read { try $0.readAll(after: .start, limit: 1_000).map(\.type) }
    }

    /// Opens a wallet and puts money in.
    func wallet(of owner: Principal, currency: String = "EUR", holding amount: String? = nil) async throws -> AccountID
    {
        let opened = try await self.platform.call(
            .payments, .post, "/v1/accounts", as: owner, json: ["currency": .string(currency)])
        let text = opened.json["accountId"]?.string ?? ""
        let account = AccountID(text) ?? AccountID(UniqueID(high: 0, low: 0))
        if let amount { _ = try await self.deposit(amount, currency, to: account, of: owner) }
        return account
    }

    func deposit(
        _ amount: String, _ currency: String = "EUR", to account: AccountID, of owner: Principal,
        method: PaymentMethod = .ok, key: UniqueID? = nil,
    ) async throws -> TestAnswer {
        try await self.platform.call(
            .payments, .post, "/v1/accounts/\(account)/deposits", as: owner,
            headers: key.map { [.idempotencyKey: $0.description] } ?? self.headers,
            json: [
                "amount": ["amount": .string(amount), "currency": .string(currency)],
                "paymentMethod": .string(method.rawValue),
            ])
    }

    func amount(_ member: String, of account: AccountID, _ owner: Principal) async throws -> String? {
        try await self.platform.call(.payments, .get, "/v1/accounts/\(account)", as: owner)
            .json[member]?["amount"]?.string
    }
}

/// A provider whose next calls go wrong.
final class FaultyProvider: WrappingProvider {
    enum Fault: Sendable {
        /// The call does not arrive.
        case dropRequest
        /// The call arrives, its answer does not.
        case dropAnswer
    }

    let provider: any PaymentProvider
    private let faults: FaultQueue

    init(_ provider: any PaymentProvider, _ faults: FaultQueue) {
        self.provider = provider
        self.faults = faults
    }

    func call(_ body: () async throws -> ProviderAnswer) async throws -> ProviderAnswer {
        switch self.faults.next() {
        case .dropRequest: throw ProviderConnectionLost()
        case .dropAnswer:
            _ = try await body()
            throw ProviderConnectionLost()
        case nil: return try await body()
        }
    }
}
