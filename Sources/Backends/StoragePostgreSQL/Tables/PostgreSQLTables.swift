#if PostgreSQL
    public import EventSourcing

    extension PostgreSQLStore {
        /// The tables of messaging, ledger and sagas, in the order in which they were introduced. A log that has its own tables
        /// puts them behind these.
        public static let kitMigrations: [Migration] = [
            PostgreSQLTables.messaging, PostgreSQLTables.ledger, PostgreSQLTables.sagas,
        ]
    }

    /// The tables that the relational units of the kit modules work with.
    enum PostgreSQLTables {
        static let messaging = Migration(
            "messaging/001-inbox-and-effects",
            [
                """
                CREATE TABLE inbox_watermarks (
                    consumer text COLLATE "C" NOT NULL,
                    service text COLLATE "C" NOT NULL,
                    epoch bytea NOT NULL,
                    partition_count bigint NOT NULL,
                    partition_index bigint NOT NULL,
                    position bigint NOT NULL,
                    PRIMARY KEY (consumer, service, epoch, partition_count, partition_index)
                )
                """,
                """
                CREATE TABLE inbox_parked (
                    number bigint NOT NULL PRIMARY KEY,
                    consumer text COLLATE "C" NOT NULL,
                    line text COLLATE "C" NOT NULL,
                    service text COLLATE "C" NOT NULL,
                    epoch bytea NOT NULL,
                    position bigint NOT NULL,
                    event_id bytea NOT NULL,
                    event bytea NOT NULL,
                    state text COLLATE "C" NOT NULL,
                    due_at bigint,
                    attempts bigint NOT NULL,
                    error text COLLATE "C",
                    parked_at bigint NOT NULL
                )
                """,
                "CREATE UNIQUE INDEX inbox_parked_once ON inbox_parked (consumer, service, epoch, position)",
                "CREATE INDEX inbox_parked_by_line ON inbox_parked (consumer, line, number)",
                "CREATE INDEX inbox_parked_by_event ON inbox_parked (consumer, event_id)",
                "CREATE INDEX inbox_parked_due ON inbox_parked (consumer, due_at, number) WHERE state = 'scheduled'",
                "CREATE TABLE inbox_numbers (name text NOT NULL PRIMARY KEY, last bigint NOT NULL)",
                """
                CREATE TABLE effects (
                    queue text COLLATE "C" NOT NULL,
                    id bytea NOT NULL,
                    payload bytea NOT NULL,
                    state text COLLATE "C" NOT NULL,
                    moment bigint,
                    result text COLLATE "C",
                    attempts bigint NOT NULL,
                    error text COLLATE "C",
                    created_at bigint NOT NULL,
                    owner text COLLATE "C",
                    PRIMARY KEY (queue, id)
                )
                """,
                "CREATE INDEX effects_open ON effects (queue, moment, id) WHERE state IN ('due', 'claimed')",
                "CREATE INDEX effects_done ON effects (queue, moment, id) WHERE state = 'done'",
                "CREATE INDEX effects_dead ON effects (queue, id) WHERE state = 'dead'",
            ])

        static let ledger = Migration(
            "ledger/001-accounts-and-entries",
            [
                """
                CREATE TABLE ledger_accounts (
                    id bytea NOT NULL PRIMARY KEY,
                    ledger text COLLATE "C" NOT NULL,
                    code text COLLATE "C" NOT NULL,
                    limit_policy text COLLATE "C" NOT NULL,
                    debits_posted bigint NOT NULL CHECK (debits_posted >= 0),
                    credits_posted bigint NOT NULL CHECK (credits_posted >= 0),
                    debits_pending bigint NOT NULL CHECK (debits_pending >= 0),
                    credits_pending bigint NOT NULL CHECK (credits_pending >= 0),
                    entry_count bigint NOT NULL,
                    CHECK (limit_policy <> 'debitsMustNotExceedCredits'
                        OR credits_posted - debits_posted >= debits_pending),
                    CHECK (limit_policy <> 'creditsMustNotExceedDebits'
                        OR debits_posted - credits_posted >= credits_pending)
                )
                """,
                "CREATE INDEX ledger_accounts_by_ledger ON ledger_accounts (ledger, id)",
                """
                CREATE TABLE ledger_entries (
                    id bytea NOT NULL PRIMARY KEY,
                    kind text COLLATE "C" NOT NULL,
                    code text COLLATE "C" NOT NULL,
                    timeout bigint,
                    pending_id bytea,
                    asked_amount bigint,
                    ledger text COLLATE "C",
                    debit_account bytea,
                    credit_account bytea,
                    amount bigint CHECK (amount > 0),
                    debit_number bigint,
                    credit_number bigint,
                    timestamp bigint NOT NULL,
                    state text COLLATE "C" NOT NULL,
                    expires_at bigint,
                    settled_by bytea,
                    settled_amount bigint
                )
                """,
                "CREATE UNIQUE INDEX ledger_entries_by_debit ON ledger_entries (debit_account, debit_number)",
                "CREATE UNIQUE INDEX ledger_entries_by_credit ON ledger_entries (credit_account, credit_number)",
                """
                CREATE INDEX ledger_entries_by_expiry ON ledger_entries (expires_at, id)
                WHERE state = 'pending' AND expires_at IS NOT NULL
                """,
                "CREATE INDEX ledger_entries_pending ON ledger_entries (ledger, amount) WHERE state = 'pending'",
            ])

        static let sagas = Migration(
            "mainstay/001-sagas",
            [
                """
                CREATE TABLE sagas (
                    id bytea PRIMARY KEY,
                    definition text COLLATE "C" NOT NULL,
                    definition_hash text COLLATE "C" NOT NULL,
                    status text COLLATE "C" NOT NULL,
                    reason text COLLATE "C",
                    due bigint,
                    owner text COLLATE "C",
                    epoch bigint NOT NULL,
                    version bigint NOT NULL,
                    started_at bigint NOT NULL,
                    updated_at bigint NOT NULL,
                    metadata text COLLATE "C" NOT NULL
                )
                """,
                "CREATE INDEX sagas_by_due ON sagas (due) WHERE due IS NOT NULL",
                "CREATE INDEX sagas_by_status ON sagas (status) WHERE status NOT IN ('completed', 'compensated')",
                """
                CREATE TABLE saga_entries (
                    saga bytea NOT NULL,
                    sequence bigint NOT NULL,
                    at bigint NOT NULL,
                    fact text COLLATE "C" NOT NULL,
                    state text COLLATE "C",
                    PRIMARY KEY (saga, sequence)
                )
                """,
                """
                CREATE TABLE saga_signals (
                    saga bytea NOT NULL,
                    name text COLLATE "C" NOT NULL,
                    payload text COLLATE "C" NOT NULL,
                    PRIMARY KEY (saga, name)
                )
                """,
            ])
    }
#endif
