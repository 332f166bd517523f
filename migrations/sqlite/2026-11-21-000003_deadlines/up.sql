-- How long a run has been out of sight, and when OpenHEXA was asked to stop it.

ALTER TABLE run ADD COLUMN hidden_since TEXT;
ALTER TABLE run ADD COLUMN hidden_at TEXT;
ALTER TABLE run ADD COLUMN stop_asked_at TEXT;
ALTER TABLE run ADD COLUMN stops INTEGER NOT NULL DEFAULT 0;
