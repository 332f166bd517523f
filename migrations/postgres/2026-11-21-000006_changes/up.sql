-- Each change of a task gets a number, so that whoever follows can ask what came after it: the number of its
-- transaction. A sequence would not do: its numbers become visible out of order, and nobody could tell a number that
-- is still to come from one that was rolled back. Of transactions PostgreSQL tells below which number none is open.

-- Added to a transaction's number: a database that was moved to another server counts on from where it was.
CREATE TABLE change_counter (
    value BIGINT NOT NULL
);

INSERT INTO change_counter (value) VALUES (0);

ALTER TABLE task ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;

CREATE INDEX task_by_change ON task (changed, id);

CREATE FUNCTION number_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed := (SELECT value FROM openhexa_bridge.change_counter) + txid_current();
    RETURN NEW;
END;
$$;

CREATE TRIGGER task_changed BEFORE INSERT OR UPDATE ON task FOR EACH ROW EXECUTE PROCEDURE number_change();
