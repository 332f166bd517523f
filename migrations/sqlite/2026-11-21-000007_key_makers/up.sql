-- Who made a key. Of keys made before nobody knows.
ALTER TABLE api_key ADD COLUMN created_by TEXT;
