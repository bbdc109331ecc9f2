public import Essentials
public import EventSourcing

/// A unit of work that also reaches the ledger. Callers use ``LedgerBook``, which keeps the rules; a store only keeps
/// rows.
public protocol LedgerUnit: UnitOfWork {
    func ledgerAccount(_ id: UniqueID) throws -> LedgerAccount?
    /// Writes an account over whatever stood under its id.
    func putLedgerAccount(_ account: LedgerAccount) throws

    func ledgerRecord(_ id: UniqueID) throws -> LedgerRecord?
    /// Writes an entry or a tombstone over whatever stood under its id.
    func putLedgerRecord(_ record: LedgerRecord) throws

    /// Pending transfers whose time has run out at `now`, those that ran out first, at most `limit`.
    func dueLedgerEntries(at now: Timestamp, limit: Int) throws -> [LedgerEntry]
    /// When the next pending transfer's time runs out; nil when none waits.
    func nextLedgerExpiry() throws -> Timestamp?

    /// The entries of an account behind the given place in its history, oldest first, at most `limit`.
    func ledgerEntries(of account: UniqueID, after number: Int64, limit: Int) throws -> [LedgerEntry]
    /// The accounts of a ledger behind `id`, by id, at most `limit`.
    func ledgerAccounts(of ledger: String, after id: UniqueID?, limit: Int) throws -> [LedgerAccount]
    /// The names of all ledgers behind `name`, sorted, at most `limit`.
    func ledgers(after name: String?, limit: Int) throws -> [String]
    /// The sums over all accounts of one ledger.
    func trialBalance(of ledger: String) throws -> TrialBalance
}
