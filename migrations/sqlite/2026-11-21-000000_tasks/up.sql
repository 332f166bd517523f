-- What was launched, what became of it, and where. Times are UTC with milliseconds; JSON is kept as text,
-- because PostgreSQL's own type would refuse a result that holds U+0000.

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
    said TEXT,
    run_end TEXT,
    message TEXT,
    progress_value INTEGER NOT NULL,
    end_value INTEGER NOT NULL,
    data TEXT,
    data_late BOOLEAN NOT NULL,
    note TEXT,
    called_back BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    updated_at TEXT NOT NULL,
    cancel_asked_at TEXT,
    relaunch_of BIGINT REFERENCES task (id),
    revision BIGINT NOT NULL
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
    status TEXT,
    progress INTEGER NOT NULL,
    config TEXT NOT NULL,
    secrets TEXT,
    names_task BOOLEAN NOT NULL,
    drops_config BOOLEAN NOT NULL,
    send_notifications BOOLEAN NOT NULL,
    debug BOOLEAN NOT NULL,
    timeout_seconds BIGINT,
    attempted_at TEXT,
    attempts INTEGER NOT NULL,
    launched_as TEXT,
    unsure BOOLEAN NOT NULL,
    absent_looks INTEGER NOT NULL,
    unseen_since TEXT,
    next_look_at TEXT,
    lease_until TEXT,
    lease_owner TEXT,
    UNIQUE (instance, run_id)
);

-- Only live runs have a next look.
CREATE INDEX run_due ON run (next_look_at) WHERE next_look_at IS NOT NULL;

CREATE TABLE event (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    task_id BIGINT NOT NULL REFERENCES task (id),
    account_id BIGINT NOT NULL,
    at TEXT NOT NULL,
    source TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT,
    message TEXT
);

CREATE INDEX event_by_task ON event (task_id, id);
