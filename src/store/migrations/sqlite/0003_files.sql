-- Files that go with messages, each kept once: the rows of `messages` name them by hash.
CREATE TABLE files (
    hash  TEXT PRIMARY KEY NOT NULL,     -- lower hex SHA-256 of the bytes
    bytes BLOB NOT NULL,
    kept  BIGINT NOT NULL                -- when it was last put there
);
