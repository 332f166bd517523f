-- A keyed hash of the config that a launch without a task id makes, secrets included: launches with the same one could be
-- mistaken for each other. Launches of before have none, and could be any.
ALTER TABLE run ADD COLUMN fingerprint TEXT;
