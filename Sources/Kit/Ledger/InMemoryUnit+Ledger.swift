public import Essentials
public import EventSourcing

/// The ledger of an in-memory store.
private struct LedgerFacet: Sendable {
    var accounts: [UniqueID: LedgerAccount] = [:]
    var records: [UniqueID: LedgerRecord] = [:]
    /// The entries of each account; the place in the array is the place in the history, less one.
    var histories: [UniqueID: [UniqueID]] = [:]
    /// Pending transfers with a timeout.
    var expiries: [UniqueID: Timestamp] = [:]

    func entry(_ id: UniqueID) -> LedgerEntry? {
        guard case .entry(let entry) = self.records[id] else { return nil }
        return entry
    }

    mutating func put(_ record: LedgerRecord) {
        self.expiries[record.id] = nil
        if case .entry(let entry) = record {
            if case .pending(let until?) = entry.state { self.expiries[entry.id] = until }
            if let movement = entry.movement, self.records[entry.id] == nil {
                self.histories[movement.debit, default: []].append(entry.id)
                self.histories[movement.credit, default: []].append(entry.id)
            }
        }
        self.records[record.id] = record
    }

    func trialBalance(of ledger: String) throws(EventStoreError) -> TrialBalance {
        var sums = TrialBalance(ledger: ledger)
        for account in self.accounts.values where account.ledger == ledger {
            sums.accounts += 1
            sums.debitsPosted = try Self.sum(sums.debitsPosted, account.debitsPosted)
            sums.creditsPosted = try Self.sum(sums.creditsPosted, account.creditsPosted)
            sums.debitsPending = try Self.sum(sums.debitsPending, account.debitsPending)
            sums.creditsPending = try Self.sum(sums.creditsPending, account.creditsPending)
            if !account.keepsLimit { sums.brokenLimits += 1 }
        }
        for case .entry(let entry) in self.records.values where entry.ledger == ledger {
            if case .pending = entry.state {
                sums.openTransfers = try Self.sum(sums.openTransfers, entry.movement?.amount ?? 0)
            }
        }
        return sums
    }

    private static func sum(_ left: Int64, _ right: Int64) throws(EventStoreError) -> Int64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        guard !overflow else { throw EventStoreError(.unavailable, "the sum over all accounts exceeds 64 bits") }
        return sum
    }
}

extension InMemoryUnit: LedgerUnit {
    private var ledger: LedgerFacet { self.facet(LedgerFacet.self, initially: LedgerFacet()) }

    private func changeLedger(_ change: (inout LedgerFacet) -> Void) throws {
        var facet = self.ledger
        // The store's own reference goes first, so that the change copies nothing that is ours alone.
        try self.setFacet(LedgerFacet())
        change(&facet)
        try self.setFacet(facet)
    }

    public func ledgerAccount(_ id: UniqueID) throws -> LedgerAccount? { self.ledger.accounts[id] }

    public func putLedgerAccount(_ account: LedgerAccount) throws {
        try self.changeLedger { $0.accounts[account.id] = account }
    }

    public func ledgerRecord(_ id: UniqueID) throws -> LedgerRecord? { self.ledger.records[id] }

    public func putLedgerRecord(_ record: LedgerRecord) throws {
        try self.changeLedger { $0.put(record) }
    }

    public func dueLedgerEntries(at now: Timestamp, limit: Int) throws -> [LedgerEntry] {
        let ledger = self.ledger
        return ledger.expiries.filter { $0.value <= now }
            .sorted { ($0.value, $0.key) < ($1.value, $1.key) }
            .prefix(limit).compactMap { ledger.entry($0.key) }
    }

    public func nextLedgerExpiry() throws -> Timestamp? { self.ledger.expiries.values.min() }

    public func ledgerEntries(of account: UniqueID, after number: Int64, limit: Int) throws -> [LedgerEntry] {
        let ledger = self.ledger
        return (ledger.histories[account] ?? []).dropFirst(Int(max(0, number))).prefix(limit)
            .compactMap { ledger.entry($0) }
    }

    public func ledgerAccounts(of ledger: String, after id: UniqueID?, limit: Int) throws -> [LedgerAccount] {
        let accounts = self.ledger.accounts.values.filter { account in
            account.ledger == ledger && id.map { account.id > $0 } ?? true
        }
        return Array(accounts.sorted { $0.id < $1.id }.prefix(limit))
    }

    public func ledgers(after name: String?, limit: Int) throws -> [String] {
        let names = Set(self.ledger.accounts.values.map(\.ledger))
        return Array(names.filter { ledger in name.map { ledger > $0 } ?? true }.sorted().prefix(limit))
    }

    public func trialBalance(of ledger: String) throws -> TrialBalance { try self.ledger.trialBalance(of: ledger) }
}
