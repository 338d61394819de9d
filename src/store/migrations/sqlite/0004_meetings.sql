-- Meetings of reviews, as people were last told of them, and what was put on their agenda.
CREATE TABLE meetings (
  review   TEXT    NOT NULL,
  day      TEXT    NOT NULL,             -- the local day that the review's cron text names
  uid      TEXT    NOT NULL,             -- in calendars, for the meeting's whole life
  sequence BIGINT  NOT NULL,             -- raised with each change
  starts   BIGINT  NOT NULL,
  state    TEXT    NOT NULL,             -- planned, cancelled
  meeting  TEXT    NOT NULL,             -- all of it, JSON
  PRIMARY KEY (review, day)
);
CREATE INDEX meetings_starts ON meetings (starts);
CREATE TABLE agenda (
  review TEXT   NOT NULL,
  day    TEXT   NOT NULL,
  at     BIGINT NOT NULL,
  who    TEXT   NOT NULL,
  task   TEXT,
  text   TEXT   NOT NULL
);
CREATE INDEX agenda_day ON agenda (review, day, at);
