ALTER TABLE run DROP COLUMN fingerprint;
