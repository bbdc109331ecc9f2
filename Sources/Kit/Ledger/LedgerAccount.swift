public import Essentials

/// One account of a double-entry ledger: what has been taken from it (debits) and given to it (credits).
///
/// Amounts are counts of one indivisible unit, which the ledger's name says: minor units of `EUR`, pieces of
/// `stock/SKU`. They never go down except pending ones, which end by being posted, voided or expired.
public struct LedgerAccount: Hashable, Sendable {
    /// Which side of an account may not outgrow the other.
    public enum LimitPolicy: String, Hashable, Sendable, CaseIterable {
        /// Either side may be the larger one: cash boxes, the outside world.
        case none
        /// Nothing can be taken that has not been given: customers' balances, stock on hand. Pending debits count as
        /// taken, pending credits do not count as given.
        case debitsMustNotExceedCredits
        /// Nothing can be given back that has not been taken: loans, credit lines.
        case creditsMustNotExceedDebits
    }

    public let id: UniqueID
    /// The indivisible unit that the account counts, such as `EUR` or `stock/SKU`. Transfers stay inside one ledger.
    public let ledger: String
    /// What the account is for, such as `customer` or `cash`.
    public let code: String
    public let limit: LimitPolicy
    public internal(set) var debitsPosted: Int64
    public internal(set) var creditsPosted: Int64
    public internal(set) var debitsPending: Int64
    public internal(set) var creditsPending: Int64
    /// How many entries the account's history holds.
    public internal(set) var entryCount: Int64

    /// An account that nothing has happened to.
    public init(id: UniqueID, ledger: String, code: String, limit: LimitPolicy = .none) {
        self.init(
            id: id, ledger: ledger, code: code, limit: limit, debitsPosted: 0, creditsPosted: 0, debitsPending: 0,
            creditsPending: 0, entryCount: 0)
    }

    /// An account as a store remembers it.
    public init(
        id: UniqueID, ledger: String, code: String, limit: LimitPolicy, debitsPosted: Int64, creditsPosted: Int64,
        debitsPending: Int64, creditsPending: Int64, entryCount: Int64,
    ) {
        self.id = id
        self.ledger = ledger
        self.code = code
        self.limit = limit
        self.debitsPosted = debitsPosted
        self.creditsPosted = creditsPosted
        self.debitsPending = debitsPending
        self.creditsPending = creditsPending
        self.entryCount = entryCount
    }

    /// Credits less debits, both posted: what a customer owns, how many pieces are on hand.
    public var balance: Int64 { self.creditsPosted - self.debitsPosted }

    /// What can still be taken: the balance less what is held. Below zero only where the policy allows debits to exceed
    /// credits.
    public var availableToDebit: Int64 { self.creditsPosted.subtracting(self.debitsPosted, self.debitsPending) }

    /// What can still be given back where credits must not exceed debits.
    public var availableToCredit: Int64 { self.debitsPosted.subtracting(self.creditsPosted, self.creditsPending) }

    /// Whether the account keeps its own limit.
    public var keepsLimit: Bool {
        switch self.limit {
        case .none: true
        case .debitsMustNotExceedCredits: self.availableToDebit >= 0
        case .creditsMustNotExceedDebits: self.availableToCredit >= 0
        }
    }

    /// Whether `other` describes the same account, whatever has happened to either.
    func isSame(as other: LedgerAccount) -> Bool {
        self.id == other.id && self.ledger == other.ledger && self.code == other.code && self.limit == other.limit
    }
}

extension Int64 {
    /// The three numbers are not negative, so the first step cannot overflow; the second saturates.
    fileprivate func subtracting(_ posted: Int64, _ pending: Int64) -> Int64 {
        let (difference, overflow) = (self - posted).subtractingReportingOverflow(pending)
        return overflow ? .min : difference
    }
}

/// The sums over all accounts of one ledger.
public struct TrialBalance: Hashable, Sendable {
    public var ledger: String
    public var accounts: Int64
    public var debitsPosted: Int64
    public var creditsPosted: Int64
    public var debitsPending: Int64
    public var creditsPending: Int64
    /// The sum of all transfers that are still pending; what the accounts hold must be the same.
    public var openTransfers: Int64
    /// How many accounts break their own limit. Anything but 0 is a fault of the program.
    public var brokenLimits: Int64

    public init(
        ledger: String, accounts: Int64 = 0, debitsPosted: Int64 = 0, creditsPosted: Int64 = 0,
        debitsPending: Int64 = 0, creditsPending: Int64 = 0, openTransfers: Int64 = 0, brokenLimits: Int64 = 0,
    ) {
        self.ledger = ledger
        self.accounts = accounts
        self.debitsPosted = debitsPosted
        self.creditsPosted = creditsPosted
        self.debitsPending = debitsPending
        self.creditsPending = creditsPending
        self.openTransfers = openTransfers
        self.brokenLimits = brokenLimits
    }

    /// Whether debits equal credits, posted and pending, what is held equals the open transfers, and every account
    /// keeps its limit.
    public var isBalanced: Bool {
        self.debitsPosted == self.creditsPosted && self.debitsPending == self.creditsPending
            && self.debitsPending == self.openTransfers && self.brokenLimits == 0
    }
}
