//! A folder in the place of a server: one file for each message, complete or not there at all.
//!
//! The file's name is computed from the message, so that a repeat writes the same file again and never a second one.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::domain::outcome::Outcome;

/// A folder that takes messages.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Whether a file must be on the disk before it counts as delivered.
    synced: bool,
}

impl Folder {
    /// A folder whose files survive a power cut once they count as delivered.
    pub(super) fn durable(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            synced: true,
        }
    }

    /// A folder for what can be made again.
    pub(super) fn scratch(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            synced: false,
        }
    }

    /// Writes `bytes` as `name`, complete or not at all: to a temporary file, synced, renamed. The folder is made where
    /// it is missing.
    pub(super) async fn write(&self, name: String, bytes: Vec<u8>) -> Outcome {
        let folder = self.clone();
        let written = tokio::task::spawn_blocking(move || write_now(&folder, &name, &bytes)).await;
        match written {
            Ok(Ok(Before::Absent)) => Outcome::Delivered("written to the folder".to_owned()),
            Ok(Ok(Before::Present)) => {
                Outcome::Delivered("written to the folder again: it was already there".to_owned())
            }
            Ok(Err(error)) => refused(&error),
            Err(_) => Outcome::Unknown("writing to the folder was cut off".to_owned()),
        }
    }

    /// Whether files could be written to it, or it could be made. Leaves nothing behind.
    pub(super) async fn check(&self) -> Outcome {
        let path = self.path.clone();
        let tried = tokio::task::spawn_blocking(move || try_now(&path)).await;
        match tried {
            Ok(Ok(Before::Present)) => Outcome::Delivered("the folder takes files".to_owned()),
            Ok(Ok(Before::Absent)) => Outcome::Delivered("the folder is not there yet and can be made".to_owned()),
            Ok(Err(error)) => refused(&error),
            Err(_) => Outcome::Unknown("writing to the folder was cut off".to_owned()),
        }
    }
}

/// `20211213T010000Z`: sorts by time.
pub(super) fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// The text as part of a file name: letters and digits of any script, `.`, `_`, `-` stay, all else becomes `_`; never hidden,
/// at most 80 bytes.
pub(super) fn safe(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        let c = if c.is_alphanumeric() || matches!(c, '.' | '_' | '-') {
            c
        } else {
            '_'
        };
        if name.len() + c.len_utf8() > NAME_BYTES_MAX {
            break;
        }
        name.push(c);
    }
    if name.starts_with('.') {
        format!("_{}", name.trim_start_matches('.'))
    } else {
        name
    }
}

/// File systems allow 255 bytes; stamp, id and suffix need some.
const NAME_BYTES_MAX: usize = 80;

enum Before {
    Absent,
    Present,
}

fn write_now(Folder { path: folder, synced }: &Folder, name: &str, bytes: &[u8]) -> io::Result<Before> {
    fs::create_dir_all(folder)?;
    let path = folder.join(name);
    let before = if path.exists() { Before::Present } else { Before::Absent };
    let draft = Draft(folder.join(format!(".{name}.tmp")));
    let mut file = File::create(&draft.0)?;
    file.write_all(bytes)?;
    if *synced {
        file.sync_all()?;
    }
    drop(file);
    fs::rename(&draft.0, &path)?;
    if *synced {
        // Without this the name itself may be lost when the power goes.
        File::open(folder)?.sync_all()?;
    }
    Ok(before)
}

/// Writes a file and takes it away again, where the folder is or in the nearest one above it.
fn try_now(folder: &Path) -> io::Result<Before> {
    let above = folder.ancestors().map(|path| {
        if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        }
    });
    let mut is_below = false;
    for path in above {
        match fs::metadata(path) {
            Ok(found) if !found.is_dir() => return Err(ErrorKind::NotADirectory.into()),
            Ok(_) => {
                let name = format!(".duban-check-{}.tmp", std::process::id());
                let draft = Draft(path.join(name));
                File::create(&draft.0)?.write_all(b"?")?;
                return Ok(if is_below { Before::Absent } else { Before::Present });
            }
            Err(error) if error.kind() == ErrorKind::NotFound => is_below = true,
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::NotFound.into())
}

/// A half-written file goes away with its owner; after the rename there is nothing left to remove.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        if self.0.exists() {
            drop(fs::remove_file(&self.0));
        }
    }
}

/// What a person must mend stops the lane for good; what may pass (a full disk) is tried again. Never the path.
fn refused(error: &io::Error) -> Outcome {
    let needs_a_person = matches!(
        error.kind(),
        ErrorKind::PermissionDenied
            | ErrorKind::NotADirectory
            | ErrorKind::AlreadyExists
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::InvalidFilename
            | ErrorKind::IsADirectory
    );
    let words = format!("cannot write to the folder: {}", error.kind());
    if needs_a_person {
        Outcome::PermanentEndpoint(words)
    } else {
        Outcome::Unreachable(words)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_message_becomes_one_file_and_the_folder_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("new/mail");
        let outcome = Folder::durable(&folder)
            .write("a.eml".to_owned(), b"one".to_vec())
            .await;
        assert_eq!(outcome.kind(), "delivered");
        assert_eq!(names(&folder), ["a.eml"]);
        assert_eq!(fs::read(folder.join("a.eml")).unwrap(), b"one");
    }

    #[tokio::test]
    async fn a_repeat_writes_the_same_file_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        Folder::durable(dir.path())
            .write("a.eml".to_owned(), b"one".to_vec())
            .await;
        let again = Folder::durable(dir.path())
            .write("a.eml".to_owned(), b"one".to_vec())
            .await;
        assert_eq!(names(dir.path()), ["a.eml"]);
        assert!(again.words().contains("already there"), "{again}");
    }

    #[tokio::test]
    async fn a_file_in_the_folders_place_stops_the_lane() {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join("taken");
        fs::write(&taken, "x").unwrap();
        let outcome = Folder::durable(&taken).write("a.eml".to_owned(), b"one".to_vec()).await;
        assert_eq!(outcome.kind(), "permanent/endpoint");
    }

    #[tokio::test]
    async fn a_check_says_whether_the_folder_takes_files_and_leaves_none() {
        let dir = tempfile::tempdir().unwrap();
        let outcome = Folder::durable(dir.path()).check().await;
        assert_eq!(outcome, Outcome::Delivered("the folder takes files".to_owned()));
        let outcome = Folder::durable(&dir.path().join("not/yet")).check().await;
        assert_eq!(
            outcome,
            Outcome::Delivered("the folder is not there yet and can be made".to_owned())
        );
        assert!(names(dir.path()).is_empty());
    }

    #[tokio::test]
    async fn a_check_refuses_a_folder_below_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join("taken");
        fs::write(&taken, "x").unwrap();
        for folder in [taken.clone(), taken.join("below")] {
            let outcome = Folder::scratch(&folder).check().await;
            assert_eq!(outcome.kind(), "permanent/endpoint", "{outcome}");
        }
    }

    #[test]
    fn a_full_disk_is_tried_again() {
        let outcome = refused(&io::Error::from(ErrorKind::StorageFull));
        assert_eq!(outcome.kind(), "unreachable");
    }

    #[test]
    fn a_name_cannot_leave_the_folder_or_hide() {
        assert_eq!(safe("../../etc/passwd"), "__.._etc_passwd");
        assert_eq!(safe("张 三/李"), "张_三_李");
    }

    #[test]
    fn a_stamp_sorts_by_time() {
        let at = Utc.with_ymd_and_hms(2021, 12, 13, 1, 2, 3).unwrap();
        assert_eq!(stamp(at), "20211213T010203Z");
    }
}
