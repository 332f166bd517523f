DROP TRIGGER task_changed ON task;
DROP FUNCTION number_change();
DROP INDEX task_by_change;
ALTER TABLE task DROP COLUMN changed;
DROP TABLE change_counter;
