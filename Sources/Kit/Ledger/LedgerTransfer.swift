public import Essentials

/// An amount that goes from one account to another.
public struct LedgerMovement: Hashable, Sendable {
    /// The account that the amount is taken from.
    public var debit: UniqueID
    /// The account that the amount is given to.
    public var credit: UniqueID
    /// In units of the ledger; above 0.
    public var amount: Int64

    public init(debit: UniqueID, credit: UniqueID, amount: Int64) {
        self.debit = debit
        self.credit = credit
        self.amount = amount
    }
}

/// A request to move an amount, at once or in two phases.
///
/// The id is the idempotency key: the same request again gives the first result, another request under the same id is
/// refused.
///
/// ```swift
/// try book.transfer(.pending(hold, debit: customer, credit: shop, amount: 1_250, timeout: .seconds(900)))
/// try book.transfer(.postPending(capture, pending: hold))
/// ```
public struct LedgerTransfer: Hashable, Sendable {
    public enum Action: Hashable, Sendable {
        /// Moves the amount.
        case post(LedgerMovement)
        /// Holds the amount until it is posted, voided or, after `timeout` if there is one, expired.
        case hold(LedgerMovement, timeout: Duration?)
        /// Moves `amount` of what `pending` holds, all of it when nil, and lets go of the rest.
        case postPending(UniqueID, amount: Int64?)
        /// Lets go of what `pending` holds. When nobody has heard of `pending` it leaves a tombstone, so that a request
        /// that comes late is refused.
        case voidPending(UniqueID)
    }

    public let id: UniqueID
    public let action: Action
    /// What the transfer is for, such as `capture`; part of the request.
    public let code: String

    public init(id: UniqueID, action: Action, code: String = "") {
        self.id = id
        self.code = code
        if case .hold(let movement, .some(let timeout)) = action {
            self.action = .hold(movement, timeout: .microseconds(timeout.nanoseconds / 1_000))
        } else {
            self.action = action
        }
    }

    public static func posted(
        _ id: UniqueID, debit: UniqueID, credit: UniqueID, amount: Int64, code: String = "",
    ) -> LedgerTransfer {
        LedgerTransfer(id: id, action: .post(LedgerMovement(debit: debit, credit: credit, amount: amount)), code: code)
    }

    /// - Parameter timeout: above zero, in steps of a microsecond; nil holds until somebody posts or voids.
    public static func pending(
        _ id: UniqueID, debit: UniqueID, credit: UniqueID, amount: Int64, timeout: Duration?, code: String = "",
    ) -> LedgerTransfer {
        let movement = LedgerMovement(debit: debit, credit: credit, amount: amount)
        return LedgerTransfer(id: id, action: .hold(movement, timeout: timeout), code: code)
    }

    /// - Parameter amount: at most what is held; nil posts all of it.
    public static func postPending(
        _ id: UniqueID, pending: UniqueID, amount: Int64? = nil, code: String = "",
    ) -> LedgerTransfer {
        LedgerTransfer(id: id, action: .postPending(pending, amount: amount), code: code)
    }

    public static func voidPending(_ id: UniqueID, pending: UniqueID, code: String = "") -> LedgerTransfer {
        LedgerTransfer(id: id, action: .voidPending(pending), code: code)
    }
}

/// A transfer that a ledger has accepted.
public struct LedgerEntry: Hashable, Sendable {
    public enum State: Hashable, Sendable {
        /// Done; nothing can follow.
        case settled
        /// Holds its amount. May become posted, voided or expired.
        case pending(until: Timestamp?)
        /// Another transfer posted this much of it. Nothing can follow.
        case posted(by: UniqueID, amount: Int64)
        /// Another transfer let go of it. Nothing can follow.
        case voided(by: UniqueID)
        /// Its time ran out. Nothing can follow.
        case expired
    }

    public let transfer: LedgerTransfer
    /// The ledger that it belongs to; nil for a void that left a tombstone.
    public let ledger: String?
    /// What was moved, held or let go; nil for a void that left a tombstone.
    public let movement: LedgerMovement?
    public internal(set) var state: State
    public let timestamp: Timestamp
    /// The place of the entry in the history of the debited account, from 1; 0 where there is no account.
    public let debitNumber: Int64
    /// The place of the entry in the history of the credited account, from 1; 0 where there is no account.
    public let creditNumber: Int64

    public init(
        transfer: LedgerTransfer, ledger: String?, movement: LedgerMovement?, state: State, timestamp: Timestamp,
        debitNumber: Int64, creditNumber: Int64,
    ) {
        self.transfer = transfer
        self.ledger = ledger
        self.movement = movement
        self.state = state
        self.timestamp = timestamp
        self.debitNumber = debitNumber
        self.creditNumber = creditNumber
    }

    public var id: UniqueID { self.transfer.id }

    /// The place of the entry in the history of `account`.
    public func number(in account: UniqueID) -> Int64? {
        if account == self.movement?.debit { return self.debitNumber }
        return account == self.movement?.credit ? self.creditNumber : nil
    }
}

/// What a ledger knows under the id of a transfer.
public enum LedgerRecord: Hashable, Sendable {
    case entry(LedgerEntry)
    /// A void came first: the transfer itself will be refused.
    case tombstone(id: UniqueID, by: UniqueID, timestamp: Timestamp)

    public var id: UniqueID {
        switch self {
        case .entry(let entry): entry.id
        case .tombstone(let id, _, _): id
        }
    }
}
