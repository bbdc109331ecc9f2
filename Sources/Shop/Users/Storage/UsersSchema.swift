import EventSourcing

/// The tables of the users service.
enum UsersSchema {
    static let migrations = [
        Migration(
            "users/001-accounts",
            [
                // Not read models: who has an address, and what proves it, is decided here in the transaction of the command.
                """
                CREATE TABLE user_emails (email TEXT PRIMARY KEY, user BLOB NOT NULL UNIQUE) STRICT, WITHOUT ROWID
                """,
                """
                CREATE TABLE credentials (
                    user BLOB PRIMARY KEY, hash TEXT NOT NULL, changed_at INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID
                """,
                """
                CREATE TABLE users (
                    id BLOB PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL,
                    blocked INTEGER NOT NULL, tokens_before INTEGER,
                    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID
                """,
                """
                CREATE TABLE revoked_tokens (
                    token TEXT PRIMARY KEY, user BLOB NOT NULL, revoked_at INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID
                """,
            ]),
        Migration(
            "users/002-sessions",
            [
                """
                CREATE TABLE sessions (
                    family BLOB PRIMARY KEY, user BLOB NOT NULL,
                    created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, ended_at INTEGER
                ) STRICT, WITHOUT ROWID
                """,
                "CREATE INDEX sessions_by_user ON sessions (user)",
                "CREATE INDEX sessions_by_expiry ON sessions (expires_at)",
                // A token is kept as its hash. `seed` makes its successor, together with the token itself.
                """
                CREATE TABLE refresh_tokens (
                    hash BLOB PRIMARY KEY, family BLOB NOT NULL, expires_at INTEGER NOT NULL,
                    exchanged_at INTEGER, seed BLOB, successor BLOB
                ) STRICT, WITHOUT ROWID
                """,
                "CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family)",
                """
                CREATE TABLE access_tokens (
                    token TEXT PRIMARY KEY, family BLOB NOT NULL, user BLOB NOT NULL,
                    issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID
                """,
                "CREATE INDEX access_tokens_by_family ON access_tokens (family)",
                "CREATE INDEX access_tokens_by_user ON access_tokens (user, issued_at)",
                "CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at)",
            ]),
    ]
}
