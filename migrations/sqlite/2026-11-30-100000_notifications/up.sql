-- Notifications: where they are sent, who wants which, and each message with its tries.

CREATE TABLE channel (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    -- webhook or email.
    kind TEXT NOT NULL,
    -- Encrypted: the URL, or the recipients as a JSON array.
    target TEXT NOT NULL,
    -- Of a webhook. Encrypted, because messages are signed with the secret itself.
    secret TEXT,
    old_secret TEXT,
    old_secret_until TEXT,
    -- Of the e-mails: en or fr.
    language TEXT NOT NULL,
    disabled_at TEXT,
    disabled_why TEXT,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    -- While a replica has the lease, no other one sends messages of this channel.
    lease_until TEXT,
    lease_owner TEXT,
    UNIQUE (account_id, name)
);

CREATE TABLE subscription (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    -- Everything, a flow or a pipeline as one text, because nulls are not equal to each other in a unique key.
    scope TEXT NOT NULL,
    flow_id BIGINT REFERENCES flow (id),
    pipeline_id TEXT,
    -- ALL or ERROR.
    level TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (channel_id, scope)
);

CREATE INDEX subscription_by_scope ON subscription (account_id, scope);
CREATE INDEX subscription_by_flow ON subscription (flow_id) WHERE flow_id IS NOT NULL;

CREATE TABLE delivery (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    -- The receiver recognises a repeated message by this id. It is random: unlike a number it is never assigned again after a
    -- restore of the database.
    message_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    -- What the message says, as JSON.
    notice TEXT NOT NULL,
    -- waiting, delivered or failed.
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    -- Recipients of an e-mail that no further try is for, as JSON.
    recipients TEXT NOT NULL,
    last_answer TEXT,
    created_at TEXT NOT NULL,
    -- The next try, while it is waiting.
    next_at TEXT,
    ended_at TEXT
);

CREATE INDEX delivery_due ON delivery (next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX delivery_due_by_channel ON delivery (channel_id, next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX delivery_by_account ON delivery (account_id, id);
CREATE INDEX delivery_by_channel ON delivery (channel_id, id);
CREATE INDEX delivery_by_age ON delivery (ended_at) WHERE ended_at IS NOT NULL;
