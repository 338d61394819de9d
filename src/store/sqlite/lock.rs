//! One daemon for one file: an operating system's lock beside the store, which goes with the process that holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::store::{Result, StoreError};

/// A held lock; released when dropped. The file stays, because removing it would let two daemons hold two files of one name.
pub(in crate::store) struct Lock(File);

impl Lock {
    /// Takes the lock of the store at `path`, and writes this process's id into its file for whoever is refused.
    pub(in crate::store) fn take(path: &Path) -> Result<Self> {
        let beside = lock_path(path);
        let fault = |doing: &'static str| {
            let path = beside.clone();
            move |source| StoreError::File { doing, path, source }
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&beside)
            .map_err(|error| refused(&beside, "open the lock file", error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked {
                    path: path.to_owned(),
                    pid: holder(&mut file),
                });
            }
            Err(TryLockError::Error(source)) => return Err(fault("lock")(source)),
        }
        file.set_len(0).map_err(fault("write"))?;
        writeln!(file, "{}", std::process::id()).map_err(fault("write"))?;
        Ok(Self(file))
    }

    /// Gives it up before it is dropped.
    pub(in crate::store) fn release(&self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the store's lock could not be given up; it goes with the process");
        }
    }
}

/// A permission error names the file's owner, or its folder's.
pub(in crate::store) fn refused(path: &Path, doing: &'static str, source: std::io::Error) -> StoreError {
    if source.kind() == std::io::ErrorKind::PermissionDenied {
        StoreError::NotPermitted {
            path: path.to_owned(),
            owner: owner(path),
        }
    } else {
        StoreError::File {
            doing,
            path: path.to_owned(),
            source,
        }
    }
}

#[cfg(unix)]
fn owner(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    path.ancestors()
        .find_map(|path| path.metadata().ok())
        .map(|metadata| metadata.uid())
}

#[cfg(not(unix))]
fn owner(_path: &Path) -> Option<u32> {
    None
}

/// `<path>.lock`
fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_owner_of_the_nearest_folder_that_exists() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("not/there/duban.db");
        let error = refused(&path, "open", std::io::ErrorKind::PermissionDenied.into());
        let StoreError::NotPermitted {
            path: named,
            owner: found,
        } = error
        else {
            panic!("it is a matter of permission");
        };
        assert_eq!((named, found), (path, owner(folder.path())));
    }
}
