DROP INDEX task_by_start;
DROP INDEX task_by_end;
DROP INDEX task_by_name;
DROP INDEX task_by_word;
DROP INDEX task_by_launcher;
