-- Alerts, and the times at which runs and ticks are checked for them.

CREATE TABLE alert (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    -- One of the two.
    flow_id BIGINT REFERENCES flow (id),
    pipeline_id TEXT,
    -- The slug of the flow, or the name of the pipeline.
    name TEXT NOT NULL,
    -- failed, duration, records, errors, late or missed.
    cause TEXT NOT NULL,
    -- The id of the step, schedule or trigger; empty: the flow or pipeline as a whole.
    part TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    resolved_at TEXT,
    -- Whether subscribers were notified that it is open.
    notified BOOLEAN NOT NULL,
    -- When they are notified, if it is still open then.
    notify_at TEXT,
    muted_until TEXT,
    muted_by TEXT,
    -- Both in millionths.
    figure BIGINT,
    limit_value BIGINT,
    sample TEXT,
    flow_run_id BIGINT REFERENCES flow_run (id),
    -- No reference, here and below, so that old tasks can be deleted.
    task_id BIGINT,
    scheduled_for TEXT,
    occurrences BIGINT NOT NULL
);

-- One open alert per cause.
CREATE UNIQUE INDEX alert_open_of_flow ON alert (flow_id, cause, part)
WHERE resolved_at IS NULL AND flow_id IS NOT NULL;
CREATE UNIQUE INDEX alert_open_of_pipeline ON alert (account_id, pipeline_id, cause, part)
WHERE resolved_at IS NULL AND pipeline_id IS NOT NULL;

CREATE INDEX alert_by_account ON alert (account_id, opened_at, id);
CREATE INDEX alert_open ON alert (account_id, opened_at, id) WHERE resolved_at IS NULL;
CREATE INDEX alert_of_flow ON alert (flow_id, cause, part, id) WHERE flow_id IS NOT NULL;
CREATE INDEX alert_of_pipeline ON alert (account_id, pipeline_id, cause, part, id) WHERE pipeline_id IS NOT NULL;
CREATE INDEX alert_to_notify ON alert (notify_at) WHERE notify_at IS NOT NULL;

-- When a run is checked for its duration, or a tick for its end. Each has one check at most.
CREATE TABLE alert_check (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    due_at TEXT NOT NULL,
    -- One of the three: a run of a flow, a task, or a tick of a schedule.
    flow_run_id BIGINT UNIQUE REFERENCES flow_run (id),
    task_id BIGINT UNIQUE,
    schedule_id BIGINT REFERENCES schedule (id),
    scheduled_for TEXT,
    UNIQUE (schedule_id, scheduled_for)
);

CREATE INDEX alert_check_due ON alert_check (due_at, id);
