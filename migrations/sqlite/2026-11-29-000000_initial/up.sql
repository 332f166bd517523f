-- Tasks, their runs and history, and the connections that runs are launched on. Times are UTC with milliseconds. JSON is stored
-- as text, because PostgreSQL's JSON type does not allow U+0000, which a result can contain.

CREATE TABLE connection (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    instance TEXT NOT NULL,
    url TEXT NOT NULL,
    workspace TEXT NOT NULL,
    token TEXT NOT NULL,
    user_id TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (account_id, instance, workspace)
);

CREATE TABLE config (
    account_id BIGINT NOT NULL PRIMARY KEY,
    connection_id BIGINT NOT NULL REFERENCES connection (id),
    content TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at TEXT NOT NULL,
    updated_by TEXT
);

CREATE TABLE task (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    connection_id BIGINT NOT NULL REFERENCES connection (id),
    name TEXT NOT NULL,
    pipeline_id TEXT NOT NULL,
    pipeline_code TEXT NOT NULL,
    pipeline_name TEXT NOT NULL,
    version TEXT,
    launcher_id BIGINT,
    launcher_username TEXT,
    launcher_name TEXT,
    search TEXT NOT NULL,
    state TEXT NOT NULL,
    status TEXT NOT NULL,
    reported TEXT,
    run_end TEXT,
    message TEXT,
    progress_value INTEGER NOT NULL,
    end_value INTEGER NOT NULL,
    data TEXT,
    data_late BOOLEAN NOT NULL,
    -- Why the task ended, if only the bridge knows: a code with a value.
    note_code TEXT,
    note TEXT,
    called_back BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    updated_at TEXT NOT NULL,
    cancel_asked_at TEXT,
    relaunch_of BIGINT REFERENCES task (id),
    revision BIGINT NOT NULL,
    -- The number of the last change, set by a trigger.
    change_number BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX task_by_creation ON task (account_id, created_at, id);
CREATE INDEX task_by_status ON task (account_id, status, created_at, id);
CREATE INDEX task_by_pipeline ON task (account_id, pipeline_id, created_at, id);

CREATE TABLE run (
    task_id BIGINT NOT NULL PRIMARY KEY REFERENCES task (id),
    account_id BIGINT NOT NULL,
    connection_id BIGINT NOT NULL REFERENCES connection (id),
    instance TEXT NOT NULL,
    run_id TEXT,
    -- A random id for each launch. A callback token contains it, so that the token of an old launch is not valid for a new
    -- task that has the same id after a restore.
    launch_id TEXT,
    status TEXT,
    progress INTEGER NOT NULL,
    config TEXT NOT NULL,
    secrets TEXT,
    -- A keyed hash of the config, including its secrets, of a launch without a task id. The runs of launches with the same
    -- fingerprint could be confused.
    fingerprint TEXT,
    names_task BOOLEAN NOT NULL,
    drops_config BOOLEAN NOT NULL,
    send_notifications BOOLEAN NOT NULL,
    debug BOOLEAN NOT NULL,
    timeout_seconds BIGINT,
    attempted_at TEXT,
    attempts INTEGER NOT NULL,
    launched_as TEXT,
    outcome_unknown BOOLEAN NOT NULL,
    absent_polls INTEGER NOT NULL,
    unseen_since TEXT,
    hidden_since TEXT,
    hidden_at TEXT,
    stop_asked_at TEXT,
    stops INTEGER NOT NULL,
    next_poll_at TEXT,
    lease_until TEXT,
    lease_owner TEXT,
    UNIQUE (instance, run_id)
);

-- Only active runs have a next poll.
CREATE INDEX run_due ON run (next_poll_at) WHERE next_poll_at IS NOT NULL;

CREATE TABLE event (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    task_id BIGINT NOT NULL REFERENCES task (id),
    account_id BIGINT NOT NULL,
    at TEXT NOT NULL,
    source TEXT NOT NULL,
    -- What happened, and its details as a JSON object.
    code TEXT NOT NULL,
    data TEXT,
    message TEXT
);

CREATE INDEX event_by_task ON event (task_id, id);

-- A page after a cursor is one index scan in each order. There is no index of updated_at on purpose: it changes with every
-- report, and each report would then update every index of its task.

CREATE INDEX task_by_start ON task (account_id, started_at, id);
CREATE INDEX task_by_end ON task (account_id, ended_at, id);
CREATE INDEX task_by_name ON task (account_id, name, id);
CREATE INDEX task_by_status_id ON task (account_id, status, id);
CREATE INDEX task_by_launcher ON task (account_id, launcher_id, created_at, id);

-- The history of configurations: when each was changed and by whom. The token is not stored.

CREATE TABLE config_change (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    at TEXT NOT NULL,
    changed_by TEXT,
    content TEXT
);

CREATE INDEX config_change_by_account ON config_change (account_id, id);

-- API keys. Only their hashes are stored: a key is shown once, when it is created.

CREATE TABLE api_key (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    last_used_at TEXT,
    revoked_at TEXT,
    created_by TEXT
);

-- Launches with an Idempotency-Key, which the client can repeat. Only a keyed hash of the request is stored: a body can contain
-- secrets, and short ones could be guessed from a hash without a key.

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

-- The last known types of the parameters that an account has defaults for, which determine which defaults are secret. It
-- contains no values.

CREATE TABLE parameter_declaration (
    connection_id BIGINT NOT NULL REFERENCES connection (id),
    pipeline_id TEXT NOT NULL,
    account_id BIGINT NOT NULL,
    parameters TEXT NOT NULL,
    PRIMARY KEY (connection_id, pipeline_id)
);

-- Browsers that are signed in with a key. A cookie is refused if its session is not in this table or has expired, so signing out
-- works on every replica and for copies of the cookie. Only a keyed hash of the key is stored.
CREATE TABLE session (
    id TEXT NOT NULL PRIMARY KEY,
    key_hash TEXT NOT NULL,
    ends_at TEXT NOT NULL
);

CREATE INDEX session_by_key_hash ON session (key_hash, ends_at);
CREATE INDEX session_by_end ON session (ends_at);

-- One row that `/readyz` writes, to check whether the database can be written to.
CREATE TABLE probe (
    id INTEGER PRIMARY KEY,
    writes BIGINT NOT NULL
);

-- Each change of a task gets a number, so that streams can read the changes after a position. SQLite has one writer at a time, so
-- the numbers become visible in order.

CREATE TABLE change_counter (
    value BIGINT NOT NULL
);

INSERT INTO change_counter (value) VALUES (0);

CREATE INDEX task_by_change ON task (change_number, id);

CREATE TRIGGER task_inserted AFTER INSERT ON task
BEGIN
    UPDATE change_counter SET value = value + 1;
    UPDATE task SET change_number = (SELECT value FROM change_counter) WHERE id = NEW.id;
END;

CREATE TRIGGER task_changed AFTER UPDATE ON task WHEN NEW.change_number = OLD.change_number
BEGIN
    UPDATE change_counter SET value = value + 1;
    UPDATE task SET change_number = (SELECT value FROM change_counter) WHERE id = NEW.id;
END;
