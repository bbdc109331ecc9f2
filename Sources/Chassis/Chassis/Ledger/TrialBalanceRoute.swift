import Essentials
public import EventSourcing
import HTTPTypes
import Ledger

/// The sums of one ledger, for whoever checks that nothing appears or is lost.
public struct LedgerTotals: APIModel, Hashable {
    /// The unit that the ledger counts, such as `EUR` or `stock/PRODUCT`.
    public var ledger: String
    public var accounts: Int64
    /// Posted, over all accounts.
    public var debits: Int64
    /// Posted, over all accounts.
    public var credits: Int64
    /// What pending transfers hold.
    public var pending: Int64
    /// Whether debits equal credits, posted and pending, what is held equals the open transfers, and every account
    /// keeps its limit.
    public var equal: Bool

    init(_ balance: TrialBalance) {
        self.ledger = balance.ledger
        self.accounts = balance.accounts
        self.debits = balance.debitsPosted
        self.credits = balance.creditsPosted
        self.pending = balance.debitsPending
        self.equal = balance.isBalanced
    }

    public static let schema = Schema.object([
        .init("ledger", .text(1...100)), .init("accounts", .integer(0...Int64.max)),
        .init("debits", .integer(0...Int64.max)), .init("credits", .integer(0...Int64.max)),
        .init("pending", .integer(0...Int64.max)), .init("equal", .boolean),
    ])
}

/// The sums of every ledger of a service.
public struct TrialBalanceReport: APIModel, Hashable {
    /// By name.
    public var ledgers: [LedgerTotals]
    /// Whether every ledger is in order.
    public var equal: Bool

    public static let schema = Schema.object([
        .init("ledgers", .array(.model(LedgerTotals.self), count: 0...1_000_000)), .init("equal", .boolean),
    ])
}

extension Route {
    /// `GET /internal/ledger/trial-balance`: the sums of every ledger in the service's database, for other services.
    public static func trialBalance(of store: ServiceStore) -> Route {
        Route(
            .get, "/internal/ledger/trial-balance", "trialBalance", tag: "Internal",
            "Sums up every ledger of the service", access: .services,
            answers: [.json(.ok, TrialBalanceReport.self, "The sums of each ledger")]
        ) { _ in
            try ServiceResponse.json(.ok, try await store.read { try TrialBalanceReport(in: $0) })
        }
    }
}

extension TrialBalanceReport {
    /// Sums up every ledger that a transaction reaches.
    /// - Complexity: O(accounts).
    init(in unit: any ServiceUnit) throws {
        var totals: [LedgerTotals] = []
        while true {
            let names = try unit.ledgers(after: totals.last?.ledger, limit: 500)
            totals += try names.map { LedgerTotals(try unit.trialBalance(of: $0)) }
            guard names.count == 500 else { break }
        }
        self.ledgers = totals
        self.equal = totals.allSatisfy(\.equal)
    }
}
