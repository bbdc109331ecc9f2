import Chassis
import Essentials
import EventSourcing
import Ledger
import ShopContracts

/// Customers' wallets and the legs of transfers between them.
struct Accounts: Sendable {
    static let category = "account"
    /// How many wallets a person may have.
    static let limit = 100

    let environment: ServiceEnvironment
    let projector: Projector<any ServiceUnit>

    func open(_ currency: Currency, for owner: UserID, metadata: EventMetadata) async throws -> WalletRow {
        let id: AccountID = self.environment.ids.next()
        let now = self.environment.wallClock.now
        return try await self.environment.store.write { unit in
            guard try PaymentsView.wallets(of: owner, after: nil, limit: Self.limit, in: unit).count < Self.limit else {
                throw Problem(.conflict, "one person has at most \(Self.limit) accounts")
            }
            try MoneyBook(in: unit, at: now).openWallet(id, currency)
            let fact = AccountEvent.opened(AccountOpened(accountId: id, ownerId: owner, currency: currency))
            let event = try fact.newEvent(id: self.environment.ids.next(), timestamp: now, metadata: metadata)
            let stream = StreamID(category: Self.category, aggregateID: id.rawValue)
            try unit.append([event], to: stream, expecting: .exactly(.zero))
            try self.projector.advance(in: unit)
            return WalletRow(accountID: id, ownerID: owner, currency: currency, openedAt: now)
        }
    }

    /// - Throws: a problem `not-found` for a wallet that is somebody else's or nobody's.
    static func owned(_ id: AccountID, by owner: UserID, in unit: any ServiceUnit) throws -> WalletRow {
        guard let wallet = try PaymentsView.wallet(id, in: unit), wallet.ownerID == owner else {
            throw Problem(.notFound, "you have no account \(id)")
        }
        return wallet
    }

    // MARK: Postings

    func begin(_ posting: CreatePosting, _ amount: Money) async throws -> PostingState {
        let now = self.environment.wallClock.now
        return try await Self.refusing {
            try await self.environment.store.write { unit in
                guard let wallet = try PaymentsView.wallet(posting.accountId, in: unit) else {
                    throw Problem(.notFound, "there is no account \(posting.accountId)")
                }
                guard wallet.currency == amount.currency else {
                    throw Problem(
                        .unprocessable,
                        "account \(posting.accountId) is in \(wallet.currency), the amount in \(amount.currency)")
                }
                let entry = try MoneyBook(in: unit, at: now).begin(posting, amount)
                return try Self.state(of: entry)
            }
        }
    }

    func post(_ id: UniqueID) async throws -> PostingState {
        try await self.settle(id) { try $0.post(posting: id) }
    }

    func void(_ id: UniqueID) async throws -> PostingState {
        try await self.settle(id) { try $0.void(posting: id) }
    }

    private func settle(
        _ id: UniqueID, _ body: @escaping @Sendable (MoneyBook) throws -> Void,
    ) async throws -> PostingState {
        let now = self.environment.wallClock.now
        return try await Self.refusing {
            try await self.environment.store.write { unit in
                let money = MoneyBook(in: unit, at: now)
                try body(money)
                guard let entry = try money.book.entry(id) else {
                    return PostingState(postingId: id, status: .voided)
                }
                return try Self.state(of: entry)
            }
        }
    }

    private static func state(of entry: LedgerEntry) throws -> PostingState {
        switch entry.state {
        case .pending: return PostingState(postingId: entry.id, status: .pending)
        case .posted: return PostingState(postingId: entry.id, status: .posted)
        case .voided, .expired: return PostingState(postingId: entry.id, status: .voided)
        case .settled: throw Problem(.conflict, "\(entry.id) is no posting")
        }
    }

    /// Turns the ledger's refusals into problems.
    private static func refusing<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let refusal as LedgerRefusal {
            switch refusal.code {
            case .exceedsCredits:
                throw Problem(.insufficientFunds, "the account does not hold the amount that is asked of it")
            case .accountNotFound, .pendingNotFound: throw Problem(.notFound, refusal.message)
            case .voidedBefore, .alreadyVoided, .expired: throw Problem(.postingVoided, refusal.message)
            case .existsWithDifferentContent, .alreadyPosted, .notPending, .exceedsDebits, .exceedsPending,
                .accountExistsWithDifferentContent:
                throw Problem(.conflict, refusal.message)
            case .amountNotPositive, .amountOverflow, .timeoutNotPositive, .sameAccount, .ledgersDiffer:
                throw Problem(.unprocessable, refusal.message)
            }
        }
    }
}
