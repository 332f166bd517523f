-- API keys, by their hash only: a key is shown once, when it is made.

CREATE TABLE api_key (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    last_used_at TEXT,
    revoked_at TEXT
);
