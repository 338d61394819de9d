//! A file that a command hands out: whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::command::Failure;

/// Writes a file beside its place, and moves it there when it is whole.
///
/// # Errors
/// Exit code 1, naming the file; then what was there is there still.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let told = |error: io::Error| {
        let text = format!("cannot write {}", path.display());
        Failure::Failed(anyhow::Error::new(error).context(text))
    };
    // A link stays one.
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if place.is_dir() {
        return Err(told(io::ErrorKind::IsADirectory.into()));
    }
    let beside = beside(&place);
    let written = fill(&beside, &place, bytes);
    if written.is_err() {
        // It may not even have been made.
        drop(fs::remove_file(&beside));
    }
    written.map_err(told)
}

fn fill(beside: &Path, place: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(beside)?;
    if let Ok(known) = fs::metadata(place) {
        file.set_permissions(known.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(beside, place)
}

fn beside(place: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(place.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    place.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("台账.csv");
        for text in ["first", "second"] {
            assert!(write(&path, text.as_bytes()).is_ok());
            assert_eq!(fs::read_to_string(&path).expect("read"), text);
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn a_folder_is_not_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(write(folder.path(), b"x").is_err());
    }
}
