-- Messages to groups: refused rich forms go again as plain text; parts leave in order, the loudest first.
ALTER TABLE messages ADD COLUMN plain BOOLEAN NOT NULL DEFAULT FALSE;  -- its rich form was refused
ALTER TABLE messages ADD COLUMN position BIGINT NOT NULL DEFAULT 0;    -- which part of several
-- What waited before was not told apart by its level: it goes with the middle ones.
UPDATE messages SET priority = 3 WHERE priority = 1;
ALTER TABLE lanes ADD COLUMN paused_until BIGINT;                      -- the other side asked us to wait
DROP INDEX messages_lane;
CREATE INDEX messages_turn ON messages (channel, state, priority, created, position, next_attempt, id);
CREATE INDEX messages_due ON messages (channel, state, next_attempt);
CREATE INDEX attempts_at ON attempts (at);
