ALTER TABLE api_key DROP COLUMN created_by;
