//! What is SQLite's own: connections, PRAGMAs, the lock file, the copy before a migration, bulk statements, claims.
//! A second database gets a file like this one.

mod bulk;
mod census;
mod claim;
mod forget;
mod lock;

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor, Sqlite, SqliteConnection, SqlitePool};

use super::{Result, StoreError};

pub(super) use self::bulk::{attach_notices, insert_entries, insert_notices, mark_told, set_next, upsert_tasks};
pub(super) use self::census::census;
pub(super) use self::claim::{due_messages, due_tasks};
pub(super) use self::forget::{forget_files, forget_words};
pub(super) use self::lock::{Lock, refused};

/// The rest of the room is written against these names.
pub(super) type Pool = SqlitePool;
pub(super) type Link = SqliteConnection;
pub(super) type Tx = sqlx::Transaction<'static, Sqlite>;

/// "DUBA", set by the first migration: so that another program's database is not taken for ours.
const APPLICATION_ID: i64 = 1_146_438_209;

/// Begins a transaction that writes.
const BEGIN: &str = "BEGIN IMMEDIATE";
/// The write-ahead log is cut to this size when it has been folded into the file.
const LOG_BYTES_MAX: u32 = 64 * 1024 * 1024;

/// How long a write waits for another process's.
const BUSY: Duration = Duration::from_secs(10);

/// How long a caller waits for a connection: longer than [`BUSY`], since one waiter holds the writer so long.
const ACQUIRE: Duration = Duration::from_secs(60);

/// So many may look at a time.
const READERS: u32 = 2;

/// One connection writes; others look, and see what is committed.
pub(super) struct Pools {
    write: Pool,
    pub(super) read: Pool,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Made if it is missing, and written.
    Create,
    /// Written.
    Write,
    /// Looked at.
    Look,
    /// Looked at, where not even the files beside it may be made and no other process has it open.
    Still,
}

fn options(path: &Path, mode: Mode) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY)
        .disable_statement_logging();
    match mode {
        Mode::Create | Mode::Write => options
            .create_if_missing(mode == Mode::Create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("journal_size_limit", LOG_BYTES_MAX.to_string()),
        Mode::Look => options.read_only(true),
        Mode::Still => options.read_only(true).immutable(true),
    }
}

/// Connections live as long as the store: with the last one of a store in memory the store would go.
fn pool(connections: u32, options: SqliteConnectOptions) -> Pool {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_lazy_with(options)
}

impl Pools {
    /// Connections to a file; nothing is opened before it is used.
    pub(super) fn file(path: &Path, mode: Mode) -> Self {
        let look = if mode == Mode::Still { mode } else { Mode::Look };
        Self {
            write: pool(1, options(path, mode)),
            read: pool(READERS, options(path, look)),
        }
    }

    /// A store in memory: one connection for all.
    pub(super) fn memory() -> Self {
        let one = pool(
            1,
            SqliteConnectOptions::new().in_memory(true).disable_statement_logging(),
        );
        Self {
            write: one.clone(),
            read: one,
        }
    }

    /// Begins the one writing transaction. Immediate, because a deferred one that looks first and writes then can
    /// fail in a way that waiting does not cure.
    ///
    /// Named behaviour of sqlx 0.9 that this works around: where a full or failing disk makes SQLite undo a transaction by
    /// itself, sqlx believes it open for ever. Such a connection is given up, or no write would ever succeed again.
    pub(super) async fn begin(&self) -> Result<Tx> {
        match self.write.begin_with(BEGIN).await {
            Err(sqlx::Error::InvalidSavePointStatement) => {
                let stuck = self.write.acquire().await?;
                if stuck.is_in_transaction() {
                    tracing::warn!("the connection to the store is made anew: its last transaction was undone");
                    // It may have nothing to say in parting, and is gone all the same.
                    drop(stuck.close().await);
                }
                Ok(self.write.begin_with(BEGIN).await?)
            }
            begun => Ok(begun?),
        }
    }

    /// The connection that writes, outside a transaction.
    pub(super) async fn writer(&self) -> Result<sqlx::pool::PoolConnection<Sqlite>> {
        Ok(self.write.acquire().await?)
    }

    /// Folds the write-ahead log into the file and cuts it, as far as nobody is reading from it now.
    pub(super) async fn fold_log(&self) -> Result<()> {
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&self.write)
            .await?;
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn tampering(&self) -> &Pool {
        &self.write
    }

    /// Asked of the writing connection, so that our own commits do not count.
    pub(super) async fn data_version(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("PRAGMA data_version").fetch_one(&self.write).await?)
    }

    /// The writer last: it is the one that can fold the write-ahead log into the file.
    pub(super) async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// SQLite's primary result code.
pub(super) fn primary_code(error: &sqlx::Error) -> Option<i64> {
    let code = error.as_database_error()?.code()?;
    code.parse::<i64>().ok().map(|code| code & 0xff)
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No table yet: new, or a making that was cut short.
    Empty,
    /// A store of this schema version.
    Version(i64),
    /// Something else.
    Foreign,
}

/// Looks what the database behind `link` is.
pub(super) async fn inspect(link: &mut Link) -> Result<Found> {
    let looked = inspect_tables(link).await;
    match looked {
        Err(StoreError::Corrupt(error)) if primary_code(&error) == Some(26) => Ok(Found::Foreign),
        other => other,
    }
}

async fn inspect_tables(link: &mut Link) -> Result<Found> {
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'")
        .fetch_all(&mut *link)
        .await?;
    let application: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut *link)
        .await?;
    let migrated = tables.iter().any(|name| name == "_sqlx_migrations");
    if application != APPLICATION_ID {
        // The table of migrations is made before the first one is applied.
        let untouched = application == 0 && tables.len() == usize::from(migrated);
        return Ok(if untouched { Found::Empty } else { Found::Foreign });
    }
    let version: Option<i64> = sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations WHERE success")
        .fetch_one(&mut *link)
        .await?;
    Ok(version.map_or(Found::Empty, Found::Version))
}

/// Opens one connection to look at a file, whatever may be in it.
pub(super) async fn probe(path: &Path, mode: Mode) -> Result<Found> {
    let options = match mode {
        // Without touching the file's journal mode: it may be another program's.
        Mode::Create | Mode::Write => SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY)
            .disable_statement_logging(),
        Mode::Look | Mode::Still => options(path, mode),
    };
    let connected = options.connect().await.map_err(StoreError::from);
    let mut link = match connected {
        Err(StoreError::Corrupt(error)) if primary_code(&error) == Some(26) => return Ok(Found::Foreign),
        other => other?,
    };
    let found = inspect(&mut link).await;
    link.close().await?;
    found
}

/// Writes a copy of the whole database to `to`, which must not exist.
pub(super) async fn copy(link: &mut Link, to: &str) -> Result<()> {
    link.execute(sqlx::query("VACUUM INTO $1").bind(to)).await?;
    Ok(())
}

/// What SQLite's own check finds wrong with the file; empty: nothing.
pub(super) async fn check(pool: &Pool) -> Result<Vec<String>> {
    let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(10)").fetch_all(pool).await?;
    Ok(found.into_iter().filter(|line| line != "ok").collect())
}

/// Whether the error says that the file, or one beside it, could not be opened.
pub(super) fn cannot_open(error: &StoreError) -> bool {
    matches!(error, StoreError::Database(error) | StoreError::ReadOnly(error)
        if matches!(primary_code(error), Some(8 | 14)))
}
