-- What each recipient of a review was told, word for word and in figures: the next one's changes are counted from it.
CREATE TABLE kept_reviews (
    review    TEXT NOT NULL,
    day       TEXT NOT NULL,               -- local civil date of the run
    at        BIGINT NOT NULL,             -- when it was written: a run by hand may follow another on one day
    recipient TEXT NOT NULL,               -- person:ID or channel:ID
    name      TEXT NOT NULL,
    edition   TEXT NOT NULL,
    locale    TEXT NOT NULL,
    channel   TEXT NOT NULL,
    message   TEXT NOT NULL,               -- the message that carried it; its first part where it went in several
    figures   TEXT NOT NULL,
    subject   TEXT NOT NULL,
    body      TEXT NOT NULL,               -- the plain text
    PRIMARY KEY (review, day, at, recipient)
);
-- Who was told last of a task, and what became of tasks, are asked of the journal before each review.
CREATE INDEX journal_kind ON journal (kind, task, at);
