//! Where the bytes of configuration files come from: the disk, or a kept set of an earlier load.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use glob::Pattern;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::files::text::FILE_BYTES_MAX;

use super::looked::Looked;

/// Every file of a load, so that the load can be repeated without them. Prints their names only: a file may hold a
/// secret in the clear.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Kept", try_from = "Kept")]
pub struct FileSet {
    /// The path of `duban.toml` as it was given.
    pub root: PathBuf,
    /// The bytes of each file that was read, by the path under which it was read.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
}

impl fmt::Debug for FileSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.files.keys()).finish()
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    root: String,
    files: BTreeMap<String, String>,
}

impl From<FileSet> for Kept {
    fn from(set: FileSet) -> Self {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        Self {
            root: text(&set.root),
            files: set
                .files
                .iter()
                .map(|(path, bytes)| (text(path), STANDARD.encode(bytes)))
                .collect(),
        }
    }
}

impl TryFrom<Kept> for FileSet {
    type Error = base64::DecodeError;

    fn try_from(kept: Kept) -> Result<Self, Self::Error> {
        let files = kept.files.into_iter();
        Ok(Self {
            root: kept.root.into(),
            files: files
                .map(|(path, text)| Ok((path.into(), STANDARD.decode(text)?)))
                .collect::<Result<_, Self::Error>>()?,
        })
    }
}

/// Why a file could not be read.
#[derive(Debug, Error)]
pub(super) enum ReadError {
    #[error("the file does not exist")]
    Missing,
    #[error("the file has more than 64 MiB")]
    TooLarge,
    #[error("the file changes while it is read")]
    Changing,
    #[error("the file cannot be read: {0}")]
    Unreadable(io::Error),
}

/// How often a file that changes while it is read is read again.
const READS_MAX: u32 = 5;

/// The disk, with what was looked at there, or a kept set.
pub(super) enum Origin<'a> {
    Disk(RefCell<Looked>),
    Kept(&'a FileSet),
}

impl Origin<'_> {
    /// The disk, where nothing was looked at yet.
    pub(super) fn disk() -> Self {
        Self::Disk(RefCell::default())
    }

    pub(super) fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        match self {
            Self::Disk(looked) => {
                looked.borrow_mut().at_file(path);
                read_whole(path)
            }
            Self::Kept(set) => set.files.get(path).cloned().ok_or(ReadError::Missing),
        }
    }

    pub(super) fn exists(&self, path: &Path) -> bool {
        match self {
            Self::Disk(looked) => {
                looked.borrow_mut().at_file(path);
                path.is_file()
            }
            Self::Kept(set) => set.files.contains_key(path),
        }
    }

    /// The files that match a pattern in a folder, sorted; an empty list where it is no pattern.
    pub(super) fn matching(&self, folder: &Path, pattern: &str) -> Vec<PathBuf> {
        let whole = match folder.to_str() {
            _ if Path::new(pattern).is_absolute() => pattern.to_owned(),
            Some("") | None => pattern.to_owned(),
            Some(folder) => format!("{}/{pattern}", Pattern::escape(folder)),
        };
        // `./` in a pattern names nothing; both origins must see the same text.
        let whole: Vec<&str> = whole.split('/').filter(|part| *part != ".").collect();
        let whole = whole.join("/");
        match self {
            Self::Disk(looked) => {
                let found = matching(&whole);
                looked.borrow_mut().at_pattern(&whole, &found);
                found
            }
            Self::Kept(set) => {
                let options = glob::MatchOptions {
                    require_literal_separator: true,
                    ..glob::MatchOptions::new()
                };
                let Ok(pattern) = Pattern::new(&whole) else {
                    return Vec::new();
                };
                let matches = |path: &&PathBuf| pattern.matches_path_with(path, options);
                set.files.keys().filter(matches).cloned().collect()
            }
        }
    }

    /// All files below a folder, sorted; none: there is no such folder.
    pub(super) fn below(&self, folder: &Path) -> Option<Vec<PathBuf>> {
        match self {
            Self::Disk(looked) => {
                let found = below(folder);
                looked.borrow_mut().below_folder(folder, found.as_deref());
                found
            }
            Self::Kept(set) => {
                let mut found: Vec<PathBuf> = set
                    .files
                    .keys()
                    .filter(|path| path.starts_with(folder))
                    .cloned()
                    .collect();
                found.sort();
                Some(found)
            }
        }
    }
}

/// The files on the disk that match a whole pattern, sorted; none where it is no pattern.
pub(super) fn matching(pattern: &str) -> Vec<PathBuf> {
    let Ok(paths) = glob::glob(pattern) else {
        return Vec::new();
    };
    paths.filter_map(Result::ok).filter(|path| path.is_file()).collect()
}

/// All files on the disk below a folder, sorted; none: there is no such folder.
pub(super) fn below(folder: &Path) -> Option<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    if !folder.is_dir() {
        return None;
    }
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).ok()?.filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Some(found)
}

/// One name for a file that can be reached by several: `a/../b` and `b`.
pub(super) fn one_name(path: &Path) -> PathBuf {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.iter().collect()
}

fn read_whole(path: &Path) -> Result<Vec<u8>, ReadError> {
    for _ in 0..READS_MAX {
        let before = stamp(path)?;
        if before.0 > FILE_BYTES_MAX {
            return Err(ReadError::TooLarge);
        }
        let bytes = fs::read(path).map_err(ReadError::Unreadable)?;
        if stamp(path)? == before && bytes.len() as u64 == before.0 {
            return Ok(bytes);
        }
    }
    Err(ReadError::Changing)
}

fn stamp(path: &Path) -> Result<(u64, Option<SystemTime>), ReadError> {
    match fs::metadata(path) {
        Ok(data) => Ok((data.len(), data.modified().ok())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ReadError::Missing),
        Err(error) => Err(ReadError::Unreadable(error)),
    }
}
