//! What can go wrong with the store, in words a person can act on.

use std::path::PathBuf;

use thiserror::Error;

use crate::domain::id::TaskId;

/// The store could not do what it was asked. Whatever was under way was undone as a whole.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is no file.
    #[error("there is no store at {path}")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Another daemon holds it.
    #[error("the store {path} is held by another daemon{}", pid.map_or_else(String::new, |pid| format!(" (process {pid})")))]
    Locked {
        /// The store.
        path: PathBuf,
        /// The holder, where its lock file names it.
        pid: Option<u32>,
    },
    /// It was written by a later program.
    #[error("the store {path} has schema version {found}, and this program knows up to {known}")]
    Newer {
        /// The store.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The latest version known here.
        known: i64,
    },
    /// It was written by an earlier program, and only a daemon migrates.
    #[error("the store {path} has schema version {found}, older than {known}; the daemon brings it up when it starts")]
    Older {
        /// The store.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version needed.
        known: i64,
    },
    /// The file is something else.
    #[error("{path} is not a store of Duban")]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// The user may not open it.
    #[error("no permission to open the store {path}")]
    NotPermitted {
        /// The file or folder that was refused.
        path: PathBuf,
        /// The user id of its owner, where it can be told.
        owner: Option<u32>,
    },
    /// A file beside the store, or its folder, could not be used.
    #[error("cannot {doing} {path}")]
    File {
        /// What was tried: `create`, `lock` …
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It was opened for reading, or the file system is.
    #[error("the store can only be read")]
    ReadOnly(#[source] sqlx::Error),
    /// The disk or its quota is full.
    #[error("the disk is full")]
    Full(#[source] sqlx::Error),
    /// The disk failed.
    #[error("reading or writing the store failed")]
    Io(#[source] sqlx::Error),
    /// Another writer held it for longer than we wait: ten seconds for a process, a minute for a task of our own.
    #[error("the store is busy with another writer")]
    Busy(#[source] sqlx::Error),
    /// The database file is damaged.
    #[error("the store's file is damaged")]
    Corrupt(#[source] sqlx::Error),
    /// A row does not hold what this program writes.
    #[error("the store holds {what} that cannot be read")]
    Damaged {
        /// Table, row and what is wrong with it.
        what: String,
    },
    /// The journal's chain does not hold.
    #[error("the journal is broken at entry {seq}: {what}")]
    Broken {
        /// The first entry that does not fit.
        seq: u64,
        /// What does not fit.
        what: String,
    },
    /// The schema could not be brought up.
    #[error("the store's schema cannot be brought up to date")]
    Migration(#[source] Box<sqlx::migrate::MigrateError>),
    /// The database answered with an error that is none of the above.
    #[error("the store's database failed")]
    Database(#[source] sqlx::Error),
}

/// Results of the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Busy(error);
        }
        // Bytes that are no text, or a text where a number belongs: no program of ours wrote that.
        if let sqlx::Error::ColumnDecode { index, source } = &error {
            let what = format!("column {index} of a row ({source})");
            return Self::Damaged { what };
        }
        // The low byte is the primary result code of SQLite.
        match super::sqlite::primary_code(&error) {
            Some(5 | 6) => Self::Busy(error),
            Some(8) => Self::ReadOnly(error),
            Some(10) => Self::Io(error),
            Some(11 | 26) => Self::Corrupt(error),
            Some(13) => Self::Full(error),
            _ => Self::Database(error),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError;
        // A full disk is a full disk, whether a row or the schema is written.
        if let MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) = error {
            return Self::from(error);
        }
        Self::Migration(Box::new(error))
    }
}

/// Why an act was not done, though the store is well.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ActError<E> {
    /// No task has this id.
    #[error("no task has the id `{id}`")]
    Unknown {
        /// What was asked for.
        id: TaskId,
        /// Ids that look like it, the nearest first, at most three.
        near: Vec<TaskId>,
    },
    /// The rules refused it.
    #[error("{0}")]
    Refused(E),
}
