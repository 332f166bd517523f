-- A page behind a cursor is one look into an index, whatever the order. updated_at has none on purpose: it would change
-- with every report, and each report would then rewrite every index of its task.

CREATE INDEX task_by_start ON task (account_id, started_at, id);
CREATE INDEX task_by_end ON task (account_id, ended_at, id);
CREATE INDEX task_by_name ON task (account_id, name, id);
CREATE INDEX task_by_word ON task (account_id, status, id);
CREATE INDEX task_by_launcher ON task (account_id, launcher_id, created_at, id);
