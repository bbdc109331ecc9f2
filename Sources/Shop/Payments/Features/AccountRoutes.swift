import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import Ledger
import ShopContracts

/// Opens a wallet.
struct OpenAccount: APIModel {
    var currency: String

    static let schema = Schema.object([.init("currency", .string(.currency))])
}

/// A wallet as its owner sees it.
struct AccountView: APIModel, Hashable {
    var accountId: AccountID
    var currency: String
    /// What is on the account.
    var balance: MoneyAmount
    /// What can be spent: the balance without what is held for transfers under way.
    var available: MoneyAmount
    /// What is on its way to the account.
    var pending: MoneyAmount
    var openedAt: Timestamp

    static let schemaName = "Account"
    static let schema = Schema.object([
        .init("accountId", .uuid), .init("currency", .string(.currency)), .init("balance", .model(MoneyAmount.self)),
        .init("available", .model(MoneyAmount.self)), .init("pending", .model(MoneyAmount.self)),
        .init("openedAt", .timestamp),
    ])

    init(_ wallet: WalletRow, in unit: any ServiceUnit) throws {
        guard let account = try unit.ledgerAccount(wallet.accountID.rawValue) else {
            throw EventStoreError(.corrupt, "account \(wallet.accountID) is not in the ledger")
        }
        self.accountId = wallet.accountID
        self.currency = wallet.currency.code
        self.balance = MoneyAmount(Money(minor: account.balance, wallet.currency))
        self.available = MoneyAmount(Money(minor: account.availableToDebit, wallet.currency))
        self.pending = MoneyAmount(Money(minor: account.creditsPending, wallet.currency))
        self.openedAt = wallet.openedAt
    }
}

/// One line of an account's history.
struct AccountEntry: APIModel, Hashable {
    enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// An amount is set aside, or on its way; the balance stays as it is.
        case hold = "HOLD"
        /// The balance changes.
        case movement = "MOVEMENT"
        /// What was set aside or on its way is no more; the balance stays as it is.
        case release = "RELEASE"
    }

    var entryId: UniqueID
    var number: Int64
    var kind: Kind
    /// `DEBIT` takes from the account, `CREDIT` gives to it.
    var direction: CreatePosting.Direction
    var amount: MoneyAmount
    var at: Timestamp

    static let schema = Schema.object([
        .init("entryId", .uuid), .init("number", .integer(1...Int64.max)),
        .init("kind", .oneOf(Kind.allCases.map(\.rawValue))),
        .init("direction", .oneOf(CreatePosting.Direction.allCases.map(\.rawValue))),
        .init("amount", .model(MoneyAmount.self)), .init("at", .timestamp),
    ])

    init?(_ entry: LedgerEntry, of wallet: WalletRow) {
        let account = wallet.accountID.rawValue
        guard let movement = entry.movement, let number = entry.number(in: account) else { return nil }
        self.entryId = entry.id
        self.number = number
        self.kind =
            switch entry.transfer.action {
            case .hold: .hold
            case .post, .postPending: .movement
            case .voidPending: .release
            }
        self.direction = movement.debit == account ? .debit : .credit
        self.amount = MoneyAmount(Money(minor: movement.amount, wallet.currency))
        self.at = entry.timestamp
    }
}

/// What customers do with their wallets.
enum AccountRoutes {
    private static let account = Parameter.path("accountId", .uuid, "The account.")

    static func routes(_ accounts: Accounts) -> [Route] {
        [Self.open(accounts), Self.list(accounts), Self.read(accounts), Self.entries(accounts)]
    }

    private static func open(_ accounts: Accounts) -> Route {
        Route(
            .post, "/v1/accounts", "openAccount", tag: "Accounts", "Opens an account in a currency",
            body: .model(OpenAccount.self), answers: [.json(.created, AccountView.self, "The account")],
            problems: [.conflict]
        ) { request in
            let code = try request.decode(OpenAccount.self).currency
            guard let currency = Currency(code) else {
                throw Problem(.validationFailed, "/currency: '\(code)' is no currency of ISO 4217")
            }
            let wallet = try await accounts.open(
                currency, for: UserID(try request.caller().subject), metadata: request.metadata)
            let view = try await accounts.environment.store.read { try AccountView(wallet, in: $0) }
            return try .json(.created, view)
        }
    }

    private static func list(_ accounts: Accounts) -> Route {
        Route(
            .get, "/v1/accounts", "listAccounts", tag: "Accounts", "Lists the caller's accounts, the oldest first",
            parameters: PageRequest.parameters, answers: [.json(.ok, Page<AccountView>.self, "A page of accounts")]
        ) { request in
            let page = try PageRequest(request, keyParts: 1)
            let owner = UserID(try request.caller().subject)
            let after = try page.after.map { parts in
                guard let id = AccountID(parts[0]) else {
                    throw Problem(.validationFailed, "query/cursor: a cursor that an earlier page gave is expected")
                }
                return id
            }
            let answer = try await accounts.environment.store.read { unit in
                let rows = try PaymentsView.wallets(of: owner, after: after, limit: page.limit + 1, in: unit)
                return try page.page(of: rows, key: { ["\($0.accountID)"] }) { try AccountView($0, in: unit) }
            }
            return try .json(.ok, answer)
        }
    }

    private static func read(_ accounts: Accounts) -> Route {
        Route(
            .get, "/v1/accounts/{accountId}", "readAccount", tag: "Accounts", "Tells what is on an account",
            parameters: [Self.account], answers: [.json(.ok, AccountView.self, "The account")], problems: [.notFound]
        ) { request in
            let id = try request.id("accountId", as: AccountID.self)
            let owner = UserID(try request.caller().subject)
            let view = try await accounts.environment.store.read { unit in
                try AccountView(try Accounts.owned(id, by: owner, in: unit), in: unit)
            }
            return try .json(.ok, view)
        }
    }

    private static func entries(_ accounts: Accounts) -> Route {
        Route(
            .get, "/v1/accounts/{accountId}/entries", "listAccountEntries", tag: "Accounts",
            "Lists what has happened to an account, the oldest first",
            parameters: [Self.account] + PageRequest.parameters,
            answers: [.json(.ok, Page<AccountEntry>.self, "A page of entries")], problems: [.notFound]
        ) { request in
            let id = try request.id("accountId", as: AccountID.self)
            let owner = UserID(try request.caller().subject)
            let page = try PageRequest(request, keyParts: 1)
            let after = try page.after.map { parts in
                guard let number = Int64(parts[0]), number >= 0 else {
                    throw Problem(.validationFailed, "query/cursor: a cursor that an earlier page gave is expected")
                }
                return number
            }
            let answer = try await accounts.environment.store.read { unit in
                let wallet = try Accounts.owned(id, by: owner, in: unit)
                let entries = try unit.ledgerEntries(of: id.rawValue, after: after ?? 0, limit: page.limit + 1)
                    .compactMap { AccountEntry($0, of: wallet) }
                return page.page(of: entries, key: { ["\($0.number)"] }) { $0 }
            }
            return try .json(.ok, answer)
        }
    }
}
