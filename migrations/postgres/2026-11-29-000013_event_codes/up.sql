-- Events and notes are stored as codes with data instead of English sentences. Earlier events keep their sentences.
ALTER TABLE event RENAME COLUMN what TO code;
ALTER TABLE event RENAME COLUMN detail TO data;
UPDATE event SET data = json_build_object('what', code, 'detail', data)::TEXT, code = 'earlier';
ALTER TABLE task ADD COLUMN note_code TEXT;
UPDATE task SET note_code = 'text' WHERE note IS NOT NULL;
