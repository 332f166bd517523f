-- A keyed hash of the config that a launch without a task id makes, secrets included: launches with the same one could be
-- mistaken for each other. Earlier launches have no fingerprint, so each of them may match any other.
ALTER TABLE run ADD COLUMN fingerprint TEXT;
