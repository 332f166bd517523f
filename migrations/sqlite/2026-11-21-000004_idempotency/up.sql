-- Launches that may be asked for again under the same Idempotency-Key. Of the request only a keyed hash is kept:
-- a body may hold secrets, and short ones could be guessed through a plain one.

CREATE TABLE idempotency (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    task_id BIGINT NOT NULL REFERENCES task (id),
    created_at TEXT NOT NULL,
    UNIQUE (account_id, key)
);

CREATE INDEX idempotency_by_age ON idempotency (created_at);
