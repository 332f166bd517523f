-- Flows: documents with their versions, schedules and their ticks, runs with their steps, backfills, triggers, and webhooks that
-- start runs. Every rule that something happens at most once is a unique key here.

CREATE TABLE flow (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    slug TEXT NOT NULL,
    -- The number of the current version.
    version BIGINT NOT NULL,
    -- The names of the current version in both languages and the slug, in lower case, for searches.
    search TEXT NOT NULL,
    paused BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    deleted_at TEXT
);

-- A deleted flow keeps its history, and its slug can be used again.
CREATE UNIQUE INDEX flow_by_slug ON flow (account_id, slug) WHERE deleted_at IS NULL;

-- A version is never changed. Its runs launch pipelines as the user or key that saved it.
CREATE TABLE flow_version (
    flow_id BIGINT NOT NULL REFERENCES flow (id),
    number BIGINT NOT NULL,
    document TEXT NOT NULL,
    -- The ids of its pipelines by their codes, so that a pipeline can get another code.
    pipelines TEXT NOT NULL,
    saved_at TEXT NOT NULL,
    saved_by TEXT NOT NULL,
    PRIMARY KEY (flow_id, number)
);

CREATE TABLE schedule (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    flow_id BIGINT NOT NULL REFERENCES flow (id),
    -- The id in the document.
    code TEXT NOT NULL,
    paused BOOLEAN NOT NULL,
    -- Whether the current version has this schedule.
    active BOOLEAN NOT NULL,
    -- All ticks before this time have a row in `tick`. Null: the schedule does not fire.
    next_at TEXT,
    UNIQUE (flow_id, code)
);

CREATE INDEX schedule_due ON schedule (next_at) WHERE next_at IS NOT NULL;

-- Triggers of the current version: the end of a run of another flow, or a new file.
CREATE TABLE flow_trigger (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    flow_id BIGINT NOT NULL REFERENCES flow (id),
    code TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    -- The slug of the other flow, if its end is the event.
    source TEXT,
    -- The pattern of the files, if a file is the event.
    pattern TEXT,
    -- Files that were listed before do not start runs. Null: no listing succeeded yet.
    listed_at TEXT,
    next_at TEXT,
    lease_until TEXT,
    lease_owner TEXT,
    UNIQUE (flow_id, code)
);

CREATE INDEX flow_trigger_due ON flow_trigger (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX flow_trigger_by_source ON flow_trigger (account_id, source) WHERE active;

-- Files that a trigger has seen, each version once. They start a run when two listings in a row show the same.
CREATE TABLE seen_file (
    trigger_id BIGINT NOT NULL REFERENCES flow_trigger (id),
    path TEXT NOT NULL,
    size BIGINT NOT NULL,
    modified TEXT NOT NULL,
    -- waiting, settled (it has a tick, or was there when the trigger was saved), or gone: settled, and not in the last listing.
    state TEXT NOT NULL,
    listed_at TEXT NOT NULL,
    PRIMARY KEY (trigger_id, path, size, modified)
);

CREATE TABLE backfill (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    flow_id BIGINT NOT NULL REFERENCES flow (id),
    schedule_id BIGINT NOT NULL REFERENCES schedule (id),
    version BIGINT NOT NULL,
    range_from TEXT NOT NULL,
    range_to TEXT NOT NULL,
    mode TEXT NOT NULL,
    parallel INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    cancel_asked_at TEXT,
    ended_at TEXT
);

CREATE INDEX backfill_by_flow ON backfill (flow_id, id);
CREATE INDEX backfill_open ON backfill (id) WHERE ended_at IS NULL;

CREATE TABLE flow_run (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    flow_id BIGINT NOT NULL REFERENCES flow (id),
    version BIGINT NOT NULL,
    -- What started it: manual, schedule, webhook, flow, file, backfill or replay.
    cause TEXT NOT NULL,
    -- The user or key that started it, or that saved the version; the pipelines are launched as this caller.
    launcher TEXT NOT NULL,
    schedule_id BIGINT REFERENCES schedule (id),
    scheduled_for TEXT,
    interval_start TEXT,
    interval_end TEXT,
    inputs TEXT NOT NULL,
    file TEXT,
    -- Keys of the message of a webhook that are no inputs.
    ignored TEXT,
    replay_of BIGINT REFERENCES flow_run (id),
    backfill_id BIGINT REFERENCES backfill (id),
    -- Whether it waits for other runs of its flow to end.
    waiting BOOLEAN NOT NULL,
    -- Whether the versions of its pipelines are fixed and its values were validated.
    prepared BOOLEAN NOT NULL,
    -- Why it could not be prepared the last time, or why it was refused.
    trouble TEXT,
    -- The first of the failures to prepare it; after some time it is refused.
    failing_since TEXT,
    status TEXT NOT NULL,
    warnings BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    cancel_asked_at TEXT,
    cancelled_by TEXT,
    -- Grows with each change.
    revision BIGINT NOT NULL,
    -- When it is due. Null: it has ended.
    next_at TEXT,
    lease_until TEXT,
    lease_owner TEXT
);

CREATE INDEX flow_run_due ON flow_run (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX flow_run_by_account ON flow_run (account_id, created_at, id);
CREATE INDEX flow_run_by_status ON flow_run (account_id, status, created_at, id);
CREATE INDEX flow_run_by_flow ON flow_run (flow_id, created_at, id);
CREATE INDEX flow_run_active ON flow_run (flow_id, id) WHERE ended_at IS NULL;
CREATE INDEX flow_run_by_tick ON flow_run (schedule_id, scheduled_for) WHERE schedule_id IS NOT NULL;
CREATE INDEX flow_run_by_backfill ON flow_run (backfill_id) WHERE backfill_id IS NOT NULL;

-- The ticks of a backfill, each with one run at most.
CREATE TABLE backfill_tick (
    backfill_id BIGINT NOT NULL REFERENCES backfill (id),
    scheduled_for TEXT NOT NULL,
    flow_run_id BIGINT UNIQUE REFERENCES flow_run (id),
    PRIMARY KEY (backfill_id, scheduled_for)
);

-- A firing time of a schedule, or an event of a trigger, with what became of it.
CREATE TABLE tick (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    flow_id BIGINT NOT NULL REFERENCES flow (id),
    schedule_id BIGINT REFERENCES schedule (id),
    trigger_id BIGINT REFERENCES flow_trigger (id),
    scheduled_for TEXT NOT NULL,
    -- Of a trigger: the run of the other flow, or the file with its size and time.
    event TEXT,
    -- run, overlap, missed or refused.
    outcome TEXT NOT NULL,
    why TEXT,
    flow_run_id BIGINT UNIQUE REFERENCES flow_run (id),
    UNIQUE (schedule_id, scheduled_for),
    UNIQUE (trigger_id, event)
);

CREATE INDEX tick_by_flow ON tick (flow_id, scheduled_for, id);

CREATE TABLE step_run (
    flow_run_id BIGINT NOT NULL REFERENCES flow_run (id),
    -- Its position in the document.
    step INTEGER NOT NULL,
    -- Its id in the document.
    code TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Details of the state, as JSON.
    detail TEXT,
    -- Why it failed before it had a task, or could not start the last time.
    problem TEXT,
    -- The first of the failures to start it; after some time it fails.
    failing_since TEXT,
    not_before TEXT,
    pipeline_id TEXT,
    pipeline_name TEXT,
    version TEXT,
    -- The task of the current attempt, or of the reused result.
    task_id BIGINT REFERENCES task (id),
    reused_from BIGINT REFERENCES flow_run (id),
    started_at TEXT,
    ended_at TEXT,
    PRIMARY KEY (flow_run_id, step)
);

-- One attempt of a step has one task.
CREATE TABLE attempt (
    flow_run_id BIGINT NOT NULL,
    step INTEGER NOT NULL,
    n INTEGER NOT NULL,
    task_id BIGINT NOT NULL UNIQUE REFERENCES task (id),
    PRIMARY KEY (flow_run_id, step, n),
    FOREIGN KEY (flow_run_id, step) REFERENCES step_run (flow_run_id, step)
);

-- The run and step that a task belongs to, as JSON, so that lists of tasks need no other table.
ALTER TABLE task ADD COLUMN flow_step TEXT;

-- Runs that were started with an Idempotency-Key, with a keyed hash of the request.
CREATE TABLE flow_idempotency (
    account_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    flow_run_id BIGINT NOT NULL REFERENCES flow_run (id),
    created_at TEXT NOT NULL,
    PRIMARY KEY (account_id, key)
);

CREATE INDEX flow_idempotency_by_age ON flow_idempotency (created_at);

-- Webhooks that start a flow or a pipeline.
CREATE TABLE hook (
    id TEXT NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    -- One of the two.
    flow TEXT,
    pipeline_id TEXT,
    -- bearer, basic or signature.
    method TEXT NOT NULL,
    -- The user name of the method basic.
    username TEXT,
    -- Encrypted, because a signature is verified with the secret itself.
    secret TEXT NOT NULL,
    old_secret TEXT,
    old_secret_until TEXT,
    -- Input or parameter: where its value is in the body, as a JSON pointer.
    mapping TEXT NOT NULL,
    -- The runs are launched as this caller.
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    last_used_at TEXT
);

CREATE INDEX hook_by_account ON hook (account_id, created_at);

-- Received messages by their id, so that a repeated one gets the same response.
CREATE TABLE hook_message (
    hook_id TEXT NOT NULL REFERENCES hook (id),
    message_id TEXT NOT NULL,
    task_id BIGINT REFERENCES task (id),
    flow_run_id BIGINT REFERENCES flow_run (id),
    received_at TEXT NOT NULL,
    PRIMARY KEY (hook_id, message_id)
);

CREATE INDEX hook_message_by_age ON hook_message (received_at);
