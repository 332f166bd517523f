DROP TRIGGER task_changed;
DROP TRIGGER task_made;
DROP INDEX task_by_change;
ALTER TABLE task DROP COLUMN changed;
DROP TABLE change_counter;
