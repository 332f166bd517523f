-- Each change of a task gets a number, so that whoever follows can ask what came after it. The file has one writer at
-- a time: numbers become visible in their order.

CREATE TABLE change_counter (
    value BIGINT NOT NULL
);

INSERT INTO change_counter (value) VALUES (0);

ALTER TABLE task ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;

CREATE INDEX task_by_change ON task (changed, id);

CREATE TRIGGER task_made AFTER INSERT ON task
BEGIN
    UPDATE change_counter SET value = value + 1;
    UPDATE task SET changed = (SELECT value FROM change_counter) WHERE id = NEW.id;
END;

CREATE TRIGGER task_changed AFTER UPDATE ON task WHEN NEW.changed = OLD.changed
BEGIN
    UPDATE change_counter SET value = value + 1;
    UPDATE task SET changed = (SELECT value FROM change_counter) WHERE id = NEW.id;
END;
