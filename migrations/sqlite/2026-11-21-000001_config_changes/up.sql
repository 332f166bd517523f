-- What the configuration was, when, and by whom; the token is not kept.

CREATE TABLE config_change (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    at TEXT NOT NULL,
    changed_by TEXT,
    content TEXT
);

CREATE INDEX config_change_by_account ON config_change (account_id, id);
