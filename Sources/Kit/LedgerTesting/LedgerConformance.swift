public import EventSourcing
public import Ledger
public import Testing

/// The rules that every store of a ledger keeps. A backend's test is three lines:
///
/// ```swift
/// @Test(arguments: LedgerConformance.allCases)
/// func `the store keeps the rule`(_ rule: LedgerConformance) async throws {
///     try await rule.check { store.transactor.map { $0 } }
/// }
/// ```
public enum LedgerConformance: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case opensAnAccountOnce = "an account is opened once, and opening it otherwise is refused"
    case readsBackWhatItWrote = "every kind of entry in every state is read back as it was written"
    case repeatsTheFirstResult = "a repeated transfer changes nothing, a different one under its id is refused"
    case keepsLimits = "what an account has not got cannot be taken, pending or posted"
    case settlesOnce = "a pending transfer is posted, voided or expired, and only once"
    case expiresInPages = "pending transfers expire when their time is over, the earliest first, a page at a time"
    case refusesWhatWasVoidedBefore = "a void that comes first leaves a tombstone that refuses the late transfer"
    case doesAllOrNone = "a batch happens whole or not at all, even when its refusal is caught"
    case forgetsWhatWasRolledBack = "a transaction that throws leaves no trace in the ledger"
    case pagesHistory = "an account's history comes in order, in pages, whichever side it was on"
    case balances = "the trial balance sums each ledger by itself"
    case listsAccounts = "ledgers and accounts are listed in order, in pages"
    case refusesWritesWhenReading = "a reading transaction cannot write"
    case agreesWithTheNaiveLedger = "random transfers end as in a ledger that is too simple to be wrong"
    case sellsNoMoreThanThereIs = "200 parallel buyers of 100 units buy exactly 100"

    public var testDescription: String { self.rawValue }

    /// Checks the rule on stores that `fresh` makes, each of them empty.
    public func check(_ fresh: () async throws -> Transactor<any LedgerUnit>) async throws {
        switch self {
        case .opensAnAccountOnce: try await Self.checkOpening(try await fresh())
        case .readsBackWhatItWrote: try await Self.checkReadingBack(try await fresh())
        case .repeatsTheFirstResult: try await Self.checkRepeating(try await fresh())
        case .keepsLimits: try await Self.checkLimits(try await fresh())
        case .settlesOnce: try await Self.checkSettling(try await fresh())
        case .expiresInPages: try await Self.checkExpiry(try await fresh())
        case .refusesWhatWasVoidedBefore: try await Self.checkTombstones(try await fresh())
        case .doesAllOrNone: try await Self.checkBatches(try await fresh())
        case .forgetsWhatWasRolledBack: try await Self.checkRollback(try await fresh())
        case .pagesHistory: try await Self.checkHistory(try await fresh())
        case .balances: try await Self.checkTrialBalance(try await fresh())
        case .listsAccounts: try await Self.checkListing(try await fresh())
        case .refusesWritesWhenReading: try await Self.checkReadOnly(try await fresh())
        case .agreesWithTheNaiveLedger:
            for seed in UInt64(1)...8 { try await LedgerWalk(seed: seed).run(on: try await fresh()) }
        case .sellsNoMoreThanThereIs: try await Self.checkParallelBuyers(try await fresh())
        }
    }
}
