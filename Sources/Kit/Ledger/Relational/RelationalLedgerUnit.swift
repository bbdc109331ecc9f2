public import Essentials
public import EventSourcing

/// A unit whose ledger lives in SQL tables. A backend conforms by having the tables; the statements are the same for all.
///
/// Tables: `ledger_accounts`, `ledger_entries`.
public protocol RelationalLedgerUnit: RelationalUnit, LedgerUnit {}

extension RelationalLedgerUnit {
    // MARK: Accounts

    public func ledgerAccount(_ id: UniqueID) throws -> LedgerAccount? {
        try self.query("SELECT * FROM ledger_accounts WHERE id = ?", [.blob(id.bytes)]).first
            .map { try LedgerAccount($0) }
    }

    public func putLedgerAccount(_ account: LedgerAccount) throws {
        try self.execute(
            """
            INSERT INTO ledger_accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET
                debits_posted = excluded.debits_posted, credits_posted = excluded.credits_posted,
                debits_pending = excluded.debits_pending, credits_pending = excluded.credits_pending,
                entry_count = excluded.entry_count
            """,
            [
                .blob(account.id.bytes), .text(account.ledger), .text(account.code), .text(account.limit.rawValue),
                .integer(account.debitsPosted), .integer(account.creditsPosted), .integer(account.debitsPending),
                .integer(account.creditsPending), .integer(account.entryCount),
            ])
    }

    public func ledgerAccounts(of ledger: String, after id: UniqueID?, limit: Int) throws -> [LedgerAccount] {
        let rows = try self.query(
            "SELECT * FROM ledger_accounts WHERE ledger = ? AND id > ? ORDER BY id LIMIT ?",
            [.text(ledger), .blob(id?.bytes ?? []), .integer(Int64(limit))])
        return try rows.map { try LedgerAccount($0) }
    }

    public func ledgers(after name: String?, limit: Int) throws -> [String] {
        let rows = try self.query(
            "SELECT DISTINCT ledger FROM ledger_accounts WHERE ledger > ? ORDER BY ledger LIMIT ?",
            [.text(name ?? ""), .integer(Int64(limit))])
        return try rows.map { try $0.text("ledger") }
    }

    public func trialBalance(of ledger: String) throws -> TrialBalance {
        let sums = try self.query(
            """
            SELECT count(*) AS accounts,
                coalesce(sum(debits_posted), 0) AS debits_posted, coalesce(sum(credits_posted), 0) AS credits_posted,
                coalesce(sum(debits_pending), 0) AS debits_pending,
                coalesce(sum(credits_pending), 0) AS credits_pending,
                coalesce(sum(CASE
                    WHEN limit_policy = 'debitsMustNotExceedCredits'
                        AND credits_posted - debits_posted < debits_pending THEN 1
                    WHEN limit_policy = 'creditsMustNotExceedDebits'
                        AND debits_posted - credits_posted < credits_pending THEN 1
                    ELSE 0 END), 0) AS broken_limits
            FROM ledger_accounts WHERE ledger = ?
            """, [.text(ledger)])[0]
        let open = try self.query(
            "SELECT coalesce(sum(amount), 0) AS open FROM ledger_entries WHERE state = 'pending' AND ledger = ?",
            [.text(ledger)])[0]
        return TrialBalance(
            ledger: ledger, accounts: try sums.integer("accounts"), debitsPosted: try sums.integer("debits_posted"),
            creditsPosted: try sums.integer("credits_posted"), debitsPending: try sums.integer("debits_pending"),
            creditsPending: try sums.integer("credits_pending"), openTransfers: try open.integer("open"),
            brokenLimits: try sums.integer("broken_limits"))
    }

    // MARK: Entries

    public func ledgerRecord(_ id: UniqueID) throws -> LedgerRecord? {
        try self.query("SELECT * FROM ledger_entries WHERE id = ?", [.blob(id.bytes)]).first
            .map { try LedgerRecord($0) }
    }

    public func putLedgerRecord(_ record: LedgerRecord) throws {
        try self.execute(
            """
            INSERT INTO ledger_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET
                state = excluded.state, expires_at = excluded.expires_at, settled_by = excluded.settled_by,
                settled_amount = excluded.settled_amount
            """, record.columns)
    }

    public func dueLedgerEntries(at now: Timestamp, limit: Int) throws -> [LedgerEntry] {
        try self.ledgerEntries(
            """
            SELECT * FROM ledger_entries WHERE state = 'pending' AND expires_at IS NOT NULL AND expires_at <= ?
            ORDER BY expires_at, id LIMIT ?
            """, [.integer(now.microseconds), .integer(Int64(limit))])
    }

    public func nextLedgerExpiry() throws -> Timestamp? {
        try self.query(
            """
            SELECT min(expires_at) AS next FROM ledger_entries WHERE state = 'pending' AND expires_at IS NOT NULL
            """)[0].optionalInteger("next").map { Timestamp(microseconds: $0) }
    }

    public func ledgerEntries(of account: UniqueID, after number: Int64, limit: Int) throws -> [LedgerEntry] {
        let values: [SQLValue] = [.blob(account.bytes), .integer(number), .integer(Int64(limit))]
        return try self.ledgerEntries(
            """
            SELECT * FROM (
                SELECT ledger_entries.*, debit_number AS number FROM ledger_entries
                WHERE debit_account = ? AND debit_number > ? ORDER BY debit_number LIMIT ?) AS debits
            UNION ALL SELECT * FROM (
                SELECT ledger_entries.*, credit_number AS number FROM ledger_entries
                WHERE credit_account = ? AND credit_number > ? ORDER BY credit_number LIMIT ?) AS credits
            ORDER BY number LIMIT ?
            """, values + values + [.integer(Int64(limit))])
    }

    private func ledgerEntries(_ sql: String, _ values: [SQLValue]) throws -> [LedgerEntry] {
        try self.query(sql, values).map { row in
            guard case .entry(let entry) = try LedgerRecord(row) else {
                throw EventStoreError(.corrupt, "a tombstone stands where only transfers can be")
            }
            return entry
        }
    }
}
