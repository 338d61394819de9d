-- Instants are UTC milliseconds; columns named for a word of the product hold that type as JSON text.
PRAGMA application_id = 1146438209; -- "DUBA"

CREATE TABLE meta (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

CREATE TABLE tasks (
    id       TEXT PRIMARY KEY NOT NULL,
    position BIGINT NOT NULL,            -- place in the ledger
    standing TEXT NOT NULL,              -- phase, withdrawal included
    task     TEXT NOT NULL,
    state    TEXT NOT NULL,
    next_at  BIGINT                      -- when it next matters; none: not before something happens
);
CREATE INDEX tasks_next ON tasks (next_at, position) WHERE next_at IS NOT NULL;
CREATE INDEX tasks_position ON tasks (position);

-- High-water marks: occurrences up to `occurrence` of a step need not be told to a role again.
CREATE TABLE told (
    task         TEXT NOT NULL,
    round        BIGINT NOT NULL,
    anchor       TEXT NOT NULL,
    anchor_value TEXT NOT NULL,
    step         TEXT NOT NULL,
    role         TEXT NOT NULL,
    occurrence   BIGINT NOT NULL,
    level        BIGINT NOT NULL,        -- 0 remind … 5 summon
    sent         BOOLEAN NOT NULL,
    reason       TEXT NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (task, round, anchor, anchor_value, step, role)
) WITHOUT ROWID;

CREATE TABLE notices (
    id      TEXT PRIMARY KEY NOT NULL,
    task    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    recipient TEXT NOT NULL,             -- person:ID or channel:ID
    late    BIGINT NOT NULL,             -- 1: it goes out late
    state   TEXT NOT NULL,               -- waiting queued delivered undeliverable dropped
    message TEXT,                        -- the message that carries it now
    why     TEXT,                        -- why it was dropped or could not be delivered
    notice  TEXT NOT NULL
);
CREATE INDEX notices_task ON notices (task, at);
CREATE INDEX notices_state ON notices (state, at);
CREATE INDEX notices_recipient ON notices (state, recipient, at);
CREATE INDEX notices_message ON notices (message);

CREATE TABLE messages (
    id           TEXT PRIMARY KEY NOT NULL,
    kind         TEXT NOT NULL,
    channel      TEXT NOT NULL,
    recipient    TEXT NOT NULL,          -- the id within content, to find what goes to the same
    priority     BIGINT NOT NULL,        -- 0: word to the office, before all else
    state        TEXT NOT NULL,          -- waiting sending delivered undeliverable dropped
    created      BIGINT NOT NULL,
    next_attempt BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    frozen       BOOLEAN NOT NULL,       -- an attempt ended unknown: its bytes do not change any more
    last_outcome TEXT,
    climb        TEXT NOT NULL,
    content      TEXT NOT NULL
);
CREATE INDEX messages_lane ON messages (channel, state, priority, next_attempt, id);
CREATE INDEX messages_to ON messages (recipient, channel) WHERE state = 'waiting';
CREATE INDEX messages_state ON messages (state, created);

CREATE TABLE attempts (
    message TEXT NOT NULL,
    number  BIGINT NOT NULL,             -- from 1
    at      BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    words   TEXT NOT NULL,
    PRIMARY KEY (message, number)
) WITHOUT ROWID;

CREATE TABLE journal (
    seq  INTEGER PRIMARY KEY NOT NULL,   -- from 1, without gaps
    at   BIGINT NOT NULL,
    task TEXT,
    kind TEXT NOT NULL,
    who  TEXT NOT NULL,
    data TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX journal_task ON journal (task, seq);
CREATE INDEX journal_at ON journal (at);
CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_not_shortened BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TABLE lanes (
    channel       TEXT PRIMARY KEY NOT NULL,
    stopped_since BIGINT,
    cause         TEXT NOT NULL,
    told          BOOLEAN NOT NULL,
    next_try      BIGINT
);

CREATE TABLE causes (
    name  TEXT PRIMARY KEY NOT NULL,
    since BIGINT NOT NULL
);

-- What the office is still to be told, stored with what it tells of.
CREATE TABLE words (
    name TEXT PRIMARY KEY NOT NULL,
    at   BIGINT NOT NULL,
    word TEXT NOT NULL
);

CREATE TABLE reviews (
    id      TEXT PRIMARY KEY NOT NULL,
    cron    TEXT NOT NULL,
    zone    TEXT NOT NULL,
    nominal BIGINT NOT NULL,
    next_at BIGINT NOT NULL
);

CREATE TABLE runs (
    review  TEXT NOT NULL,
    day     TEXT NOT NULL,               -- local civil date
    nominal BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    state   TEXT NOT NULL,               -- sent missed skipped
    figures TEXT NOT NULL,
    seq     BIGINT NOT NULL,             -- the last journal entry that it tells of
    PRIMARY KEY (review, day)
);
CREATE INDEX runs_at ON runs (at);

CREATE TABLE loads (
    id    BIGINT PRIMARY KEY NOT NULL,
    at    BIGINT NOT NULL,
    print TEXT NOT NULL,
    body  TEXT NOT NULL
);
