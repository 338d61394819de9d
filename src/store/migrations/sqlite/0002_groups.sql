-- Messages to groups: refused rich forms go again as plain text; parts leave in order, the loudest first.
ALTER TABLE messages ADD COLUMN plain BOOLEAN NOT NULL DEFAULT FALSE;  -- its rich form was refused
ALTER TABLE messages ADD COLUMN position BIGINT NOT NULL DEFAULT 0;    -- which part of several
DROP INDEX messages_lane;
CREATE INDEX messages_turn ON messages (channel, state, priority, created, position, next_attempt, id);
CREATE INDEX messages_due ON messages (channel, state, next_attempt);
CREATE INDEX attempts_at ON attempts (at);
