-- What was said long ago is forgotten, a little at a time: which messages still have their words.
ALTER TABLE messages ADD COLUMN forgotten BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX messages_words ON messages (created) WHERE state = 'delivered' AND NOT forgotten;
-- The self-audit asks which messages wait past their time.
CREATE INDEX messages_open ON messages (next_attempt) WHERE state IN ('waiting', 'sending');
