DROP TABLE session;
ALTER TABLE run DROP COLUMN launch_id;
