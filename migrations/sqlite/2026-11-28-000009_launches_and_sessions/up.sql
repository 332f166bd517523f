-- A random id for each launch. A callback token names it, so that the token of an old launch does not report on a new
-- task that has the same number after a restore. Launches made before have none, and their tokens are refused.
ALTER TABLE run ADD COLUMN launch_id TEXT;

-- Browsers that are signed in with a key. A cookie whose session is not here, or that has ended, is refused: so signing
-- out holds on every replica, for copies of the cookie too. Of the key only a keyed hash is stored.
CREATE TABLE session (
    id TEXT NOT NULL PRIMARY KEY,
    key_hash TEXT NOT NULL,
    ends_at TEXT NOT NULL
);

CREATE INDEX session_by_holder ON session (key_hash, ends_at);
CREATE INDEX session_by_end ON session (ends_at);
