public import Essentials

/// Why a ledger did not do what it was asked. Nothing has been written.
public struct LedgerRefusal: Error, Hashable, Sendable {
    @nonexhaustive public enum Code: String, Hashable, Sendable, CaseIterable {
        /// An amount is zero or negative.
        case amountNotPositive
        /// The sum does not fit into 64 bits.
        case amountOverflow
        /// A timeout is zero or negative.
        case timeoutNotPositive
        /// Both sides name one account.
        case sameAccount
        /// The accounts count different units.
        case ledgersDiffer
        case accountNotFound
        /// The account exists with another ledger, code or limit.
        case accountExistsWithDifferentContent
        /// More is asked than the account has to give.
        case exceedsCredits
        /// More is given back than the account has taken.
        case exceedsDebits
        /// More is posted than the pending transfer holds.
        case exceedsPending
        /// The id belongs to another request.
        case existsWithDifferentContent
        /// A void came before the transfer it voids.
        case voidedBefore
        /// No transfer has the id that is to be posted.
        case pendingNotFound
        /// The id that is to be posted or voided belongs to a transfer that holds nothing.
        case notPending
        /// The pending transfer has been posted.
        case alreadyPosted
        /// The pending transfer has been voided.
        case alreadyVoided
        /// The pending transfer's time has run out.
        case expired
    }

    public var code: Code
    /// One sentence that names what was refused and why.
    public var message: String
    /// The transfer or account that was asked for.
    public var id: UniqueID
    /// The account whose limit refused, if one did.
    public var account: UniqueID?
    /// What there is, where too much was asked.
    public var available: Int64?
    /// What was asked, where too much was asked.
    public var asked: Int64?

    public init(
        _ code: Code, _ id: UniqueID, _ message: String, account: UniqueID? = nil, available: Int64? = nil,
        asked: Int64? = nil,
    ) {
        self.code = code
        self.id = id
        self.message = message
        self.account = account
        self.available = available
        self.asked = asked
    }
}

extension LedgerRefusal: CustomStringConvertible {
    public var description: String { "\(self.code.rawValue): \(self.message)" }
}
