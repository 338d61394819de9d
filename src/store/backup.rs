//! Backups: a proven copy of the store in one file, and a copy put back in the store's place.
//!
//! Both are complete before they get their name: whatever breaks off leaves the old file as it was, and at most a `.part`
//! beside it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::open::{MIGRATOR, beside_path, latest, probe, touch};
use super::sqlite::{self, Found, Lock, Mode, Pools};
use super::words;
use super::{Inner, PendingWord, Result, Store, StoreError, journal};
use crate::domain::journal::{Draft, Entry};

/// What a file holds, proven from its first page to its last, and its journal from the first entry to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// How many journal entries.
    pub entries: u64,
    /// The last of them; none: there is none.
    pub head: Option<Entry>,
    /// Whether an older program wrote it: the daemon brings it up when it starts.
    pub is_older: bool,
}

/// What was done when a backup was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// The backup.
    pub proven: Proven,
    /// Where the old store is kept, where there was one.
    pub old: Option<PathBuf>,
    /// The number of the last entry of the old store, where it could be read.
    pub old_head: Option<u64>,
}

impl Store {
    /// Writes a copy of the store to `to`, as of one moment, and proves it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the file cannot be written or does not prove; then there is none, or still the old one.
    pub async fn back_up(&self, to: &Path) -> Result<Proven> {
        let part = beside_path(to, ".part");
        remove(&part)?;
        let made = self.copy_and_prove(&part).await;
        let proven = match made {
            Ok(proven) => proven,
            Err(error) => {
                discard(&part);
                return Err(error);
            }
        };
        settle(&part, to)?;
        Ok(proven)
    }

    async fn copy_and_prove(&self, part: &Path) -> Result<Proven> {
        touch(part)?;
        let mut link = self.read().acquire().await?;
        sqlite::copy(&mut link, &part.to_string_lossy()).await?;
        drop(link);
        prove(part).await
    }
}

/// Proves a file that nobody writes: that it is a store that this program can read, every page of it, and its journal.
///
/// # Errors
///
/// [`StoreError`] that says what it is instead, or where it is broken.
pub async fn prove(path: &Path) -> Result<Proven> {
    File::open(path).map_err(|error| sqlite::refused(path, "open", error))?;
    let known = latest(&MIGRATOR);
    let is_older = match probe(path, Mode::Still).await? {
        Found::Foreign | Found::Empty => return Err(StoreError::NotAStore { path: path.to_owned() }),
        Found::Version(found) if found > known => {
            return Err(StoreError::Newer {
                path: path.to_owned(),
                found,
                known,
            });
        }
        Found::Version(found) => found < known,
    };
    let store = handle(path, Mode::Still, None);
    let proven = proven(&store, path, is_older).await;
    store.close().await;
    proven
}

async fn proven(store: &Store, path: &Path, is_older: bool) -> Result<Proven> {
    let faults = sqlite::check(store.read()).await?;
    if let Some(fault) = faults.first() {
        return Err(StoreError::Damaged {
            what: format!("pages in {} ({fault})", path.display()),
        });
    }
    let verified = store.verify().await?;
    Ok(Proven {
        entries: verified.entries,
        head: store.head().await?,
        is_older,
    })
}

/// Puts a proven backup in the place of the store at `path`, which no daemon may hold. An old store is kept beside it, under
/// its name with `aside` at the end. `note` is told what is known then, and gives the entry and the word to the office
/// that the restored store begins with.
///
/// # Errors
///
/// [`StoreError`]; then the old store stands as it was.
pub async fn put_back(
    backup: &Path,
    path: &Path,
    aside: &str,
    note: impl FnOnce(&Put) -> (Draft, PendingWord) + Send,
) -> Result<Put> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|error| sqlite::refused(folder, "create the folder", error))?;
    }
    let lock = Lock::take(&path.canonicalize().unwrap_or_else(|_| path.to_owned()))?;
    let part = beside_path(path, ".part");
    let done = put_part(backup, path, &part, aside, note).await;
    if done.is_err() {
        discard(&part);
    }
    lock.release();
    done
}

async fn put_part(
    backup: &Path,
    path: &Path,
    part: &Path,
    aside: &str,
    note: impl FnOnce(&Put) -> (Draft, PendingWord) + Send,
) -> Result<Put> {
    remove(part)?;
    touch(part)?;
    // Into the file that is its owner's alone, whatever mode the backup has.
    File::open(backup)
        .and_then(|mut from| io::copy(&mut from, &mut File::options().write(true).truncate(true).open(part)?))
        .map_err(|error| sqlite::refused(part, "write", error))?;
    for made in [part, &beside_path(path, ".lock")] {
        give_to_owner(made, path)?;
    }
    // What is put back is proven, not what lay elsewhere.
    let mut put = Put {
        proven: prove(part).await?,
        old: None,
        old_head: None,
    };
    let there_is_one = fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0);
    if there_is_one {
        put.old_head = fold(path).await;
        put.old = Some(beside_path(path, aside));
    }
    let (entry, word) = note(&put);
    let store = handle(part, Mode::Write, None);
    let noted = begin_with(&store, entry, &word).await;
    store.close().await;
    noted?;
    if let Some(old) = &put.old {
        keep_aside(path, old)?;
    }
    settle(part, path)?;
    Ok(put)
}

async fn begin_with(store: &Store, entry: Draft, word: &PendingWord) -> Result<()> {
    let at = entry.at;
    let mut tx = store.begin().await?;
    journal::append(&mut tx, vec![entry]).await?;
    words::put(&mut tx, at, std::slice::from_ref(word)).await?;
    tx.commit().await?;
    // It gets its name as one file.
    store.inner.pools.fold_log().await
}

/// Folds the write-ahead log of the old store into its file, so that it is one file, and says how far it came. What cannot
/// be read is kept all the same.
async fn fold(path: &Path) -> Option<u64> {
    if !matches!(probe(path, Mode::Write).await, Ok(Found::Version(_))) {
        return None;
    }
    let store = handle(path, Mode::Write, None);
    let head = store.head().await.ok().flatten().map(|head| head.seq);
    if let Err(error) = store.inner.pools.fold_log().await {
        tracing::warn!("the old store's write-ahead log could not be folded into its file: {error}");
    }
    store.close().await;
    head
}

/// Gives the old store a second name; its own goes to the new one in one step, so that there is always a store.
fn keep_aside(path: &Path, old: &Path) -> Result<()> {
    for suffix in ["-wal", "-shm"] {
        let (from, to) = (beside_path(path, suffix), beside_path(old, suffix));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(sqlite::refused(&from, "move", error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    remove(old)?;
    fs::hard_link(path, old).map_err(|error| sqlite::refused(old, "keep the old store as", error))
}

/// A finished file gets its name, for good.
fn settle(part: &Path, path: &Path) -> Result<()> {
    let fault = |error| sqlite::refused(path, "write", error);
    File::open(part)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(part, path))
        .map_err(fault)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .map_err(fault)
}

/// What is half a copy helps nobody; that it cannot be removed matters less than why it is half.
fn discard(part: &Path) {
    for suffix in ["", "-journal", "-wal", "-shm"] {
        drop(fs::remove_file(beside_path(part, suffix)));
    }
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(sqlite::refused(path, "remove", error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// What an administrator makes belongs to whom the store, else its folder, belongs: the daemon must be able to use it.
#[cfg(unix)]
fn give_to_owner(made: &Path, path: &Path) -> Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};

    let fault = |error| sqlite::refused(made, "change the owner of", error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let owner = fs::metadata(path).or_else(|_| fs::metadata(folder.unwrap_or(Path::new("."))));
    let (owner, own) = (owner.map_err(fault)?, fs::metadata(made).map_err(fault)?);
    if owner.uid() != own.uid() {
        chown(made, Some(owner.uid()), Some(owner.gid())).map_err(fault)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn give_to_owner(_made: &Path, _path: &Path) -> Result<()> {
    Ok(())
}

fn handle(path: &Path, mode: Mode, lock: Option<Lock>) -> Store {
    Store {
        inner: Arc::new(Inner {
            pools: Pools::file(path, mode),
            path: Some(path.to_owned()),
            lock,
        }),
    }
}
