public import EventSourcing

/// The tables of `Ledger`.
public enum SQLiteLedger {
    public static let migration = Migration(
        "ledger/001-accounts-and-entries",
        [
            """
            CREATE TABLE ledger_accounts (
                id BLOB NOT NULL PRIMARY KEY,
                ledger TEXT NOT NULL,
                code TEXT NOT NULL,
                limit_policy TEXT NOT NULL,
                debits_posted INTEGER NOT NULL CHECK (debits_posted >= 0),
                credits_posted INTEGER NOT NULL CHECK (credits_posted >= 0),
                debits_pending INTEGER NOT NULL CHECK (debits_pending >= 0),
                credits_pending INTEGER NOT NULL CHECK (credits_pending >= 0),
                entry_count INTEGER NOT NULL,
                CHECK (limit_policy <> 'debitsMustNotExceedCredits'
                    OR credits_posted - debits_posted >= debits_pending),
                CHECK (limit_policy <> 'creditsMustNotExceedDebits'
                    OR debits_posted - credits_posted >= credits_pending)
            ) STRICT
            """,
            "CREATE INDEX ledger_accounts_by_ledger ON ledger_accounts (ledger, id)",
            """
            CREATE TABLE ledger_entries (
                id BLOB NOT NULL PRIMARY KEY,
                kind TEXT NOT NULL,
                code TEXT NOT NULL,
                timeout INTEGER,
                pending_id BLOB,
                asked_amount INTEGER,
                ledger TEXT,
                debit_account BLOB,
                credit_account BLOB,
                amount INTEGER CHECK (amount > 0),
                debit_number INTEGER,
                credit_number INTEGER,
                timestamp INTEGER NOT NULL,
                state TEXT NOT NULL,
                expires_at INTEGER,
                settled_by BLOB,
                settled_amount INTEGER
            ) STRICT
            """,
            "CREATE UNIQUE INDEX ledger_entries_by_debit ON ledger_entries (debit_account, debit_number)",
            "CREATE UNIQUE INDEX ledger_entries_by_credit ON ledger_entries (credit_account, credit_number)",
            """
            CREATE INDEX ledger_entries_by_expiry ON ledger_entries (expires_at, id)
            WHERE state = 'pending' AND expires_at IS NOT NULL
            """,
            "CREATE INDEX ledger_entries_pending ON ledger_entries (ledger, amount) WHERE state = 'pending'",
        ])
}
