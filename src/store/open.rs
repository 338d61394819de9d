//! Opening: who may, which version, and what is done to an older one.

use std::path::{Path, PathBuf};

use chrono::SecondsFormat;
use sha2::{Digest, Sha256};
use sqlx::migrate::Migrator;

use crate::domain::journal::hex;

use super::cell::ms;
use super::sqlite::{self, Found, Lock, Mode, Pools};
use super::{Inner, Instant, Result, Store, StoreError};

pub(super) static MIGRATOR: Migrator = sqlx::migrate!("src/store/migrations/sqlite");

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To run the daemon: alone, held by a lock; made if it is missing, brought up if it is older.
    Run,
    /// To act beside a running daemon: it must exist and have this version.
    Act,
    /// To look only: it must exist and have this version.
    Look,
}

/// A store that was opened, and what was done for it.
pub struct Opened {
    /// The store.
    pub store: Store,
    /// Whether it was made just now.
    pub created: bool,
    /// The version it had before, where it was brought up.
    pub migrated_from: Option<i64>,
    /// The copy of the older version.
    pub copy: Option<PathBuf>,
}

impl Store {
    /// Opens the store in the file `path`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`], [`Locked`](StoreError::Locked), [`Newer`](StoreError::Newer),
    /// [`Older`](StoreError::Older), [`NotAStore`](StoreError::NotAStore), [`NotPermitted`](StoreError::NotPermitted),
    /// and those of the file system and the database.
    pub async fn open(path: &Path, access: Access, now: Instant) -> Result<Opened> {
        open_with(path, access, now, &MIGRATOR).await
    }

    /// A store that lives as long as its handles.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the database fails.
    pub async fn memory(now: Instant) -> Result<Self> {
        let pools = Pools::memory();
        MIGRATOR.run(&mut *pools.writer().await?).await?;
        name(&pools, ":memory:", now).await?;
        Ok(Self {
            inner: Inner {
                pools,
                path: None,
                lock: None,
            }
            .into(),
        })
    }
}

/// The schema of this program.
#[cfg(test)]
pub(super) fn schema() -> &'static Migrator {
    &MIGRATOR
}

/// [`Store::open`] with the schema of another program, for tests.
pub(super) async fn open_with(path: &Path, access: Access, now: Instant, schema: &Migrator) -> Result<Opened> {
    match access {
        Access::Run => run(path, now, schema).await,
        Access::Act => beside(path, Mode::Write, schema).await,
        Access::Look => beside(path, Mode::Look, schema).await,
    }
}

async fn run(path: &Path, now: Instant, schema: &Migrator) -> Result<Opened> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| sqlite::refused(folder, "create the folder", error))?;
    }
    // A link to the file must not lead to a lock of its own.
    let lock = Lock::take(&path.canonicalize().unwrap_or_else(|_| path.to_owned()))?;
    touch(path)?;
    let known = latest(schema);
    let found = probe(path, Mode::Write).await?;
    let mut opened = Opened {
        store: Store {
            inner: Inner {
                pools: Pools::file(path, Mode::Create),
                path: Some(path.to_owned()),
                lock: Some(lock),
            }
            .into(),
        },
        created: false,
        migrated_from: None,
        copy: None,
    };
    let pools = &opened.store.inner.pools;
    match found {
        Found::Foreign => return Err(StoreError::NotAStore { path: path.to_owned() }),
        Found::Version(found) if found > known => {
            return Err(StoreError::Newer {
                path: path.to_owned(),
                found,
                known,
            });
        }
        Found::Version(found) if found < known => {
            opened.copy = Some(keep(pools, path, found).await?);
            opened.migrated_from = Some(found);
        }
        Found::Empty => opened.created = true,
        Found::Version(_) => {}
    }
    schema.run(&mut *pools.writer().await?).await?;
    name(pools, &path.to_string_lossy(), now).await?;
    Ok(opened)
}

async fn beside(path: &Path, mode: Mode, schema: &Migrator) -> Result<Opened> {
    if !path.try_exists().unwrap_or(true) {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    std::fs::OpenOptions::new()
        .read(true)
        .write(mode == Mode::Write)
        .open(path)
        .map_err(|error| sqlite::refused(path, "open", error))?;
    let mut mode = mode;
    let found = match probe(path, mode).await {
        // In a folder that may not be written, the files beside a resting store cannot be made; nor are they needed.
        Err(error) if mode == Mode::Look && sqlite::cannot_open(&error) && rests(path) => {
            mode = Mode::Still;
            probe(path, mode).await?
        }
        other => other?,
    };
    let known = latest(schema);
    match found {
        Found::Foreign => return Err(StoreError::NotAStore { path: path.to_owned() }),
        Found::Empty => return Err(StoreError::Missing { path: path.to_owned() }),
        Found::Version(found) if found > known => {
            return Err(StoreError::Newer {
                path: path.to_owned(),
                found,
                known,
            });
        }
        Found::Version(found) if found < known => {
            return Err(StoreError::Older {
                path: path.to_owned(),
                found,
                known,
            });
        }
        Found::Version(_) => {}
    }
    Ok(Opened {
        store: Store {
            inner: Inner {
                pools: Pools::file(path, mode),
                path: Some(path.to_owned()),
                lock: None,
            }
            .into(),
        },
        created: false,
        migrated_from: None,
        copy: None,
    })
}

pub(super) fn latest(schema: &Migrator) -> i64 {
    schema.iter().map(|migration| migration.version).max().unwrap_or(0)
}

pub(super) async fn probe(path: &Path, mode: Mode) -> Result<Found> {
    if std::fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0) && rests(path) {
        return Ok(Found::Empty);
    }
    sqlite::probe(path, mode).await
}

/// Whether no write-ahead log lies beside the file: then nobody has it open.
fn rests(path: &Path) -> bool {
    !beside_path(path, "-wal").exists()
}

pub(super) fn beside_path(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes the file where there is none, readable by its owner only: it holds names and what is said to them.
pub(super) fn touch(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
        .open(path)
        .map(drop)
        .map_err(|error| sqlite::refused(path, "open", error))
}

/// Keeps a copy of an older version, complete before it gets its name.
async fn keep(pools: &Pools, path: &Path, version: i64) -> Result<PathBuf> {
    let copy = beside_path(path, &format!(".v{version}.bak"));
    let part = beside_path(path, &format!(".v{version}.bak.part"));
    match std::fs::remove_file(&part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(sqlite::refused(&part, "remove", error));
        }
        Ok(()) | Err(_) => {}
    }
    touch(&part)?;
    sqlite::copy(&mut *pools.writer().await?, &part.to_string_lossy()).await?;
    std::fs::File::open(&part)
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::rename(&part, &copy))
        .map_err(|error| sqlite::refused(&copy, "write", error))?;
    Ok(copy)
}

/// Gives a new store its instance; an old one keeps its own.
async fn name(pools: &Pools, path: &str, now: Instant) -> Result<()> {
    let made = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    let digest = hex(&Sha256::digest(format!("{path}\n{}", ms(now)).as_bytes()));
    let mut tx = pools.begin().await?;
    for (name, value) in [("created", made), ("instance", digest.chars().take(16).collect())] {
        sqlx::query("INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
            .bind(name)
            .bind(value)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(())
}
