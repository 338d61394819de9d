//! What a load looked at on the disk, and what stood there: so that a later look can tell whether anything changed.
//!
//! It knows files by their length, their time of change and their inode, and holds no content. A file that is missing, a
//! pattern and a folder are remembered too: what appears there is a change.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use glob::Pattern;

use super::origin::{below, matching};

/// By what a changed file is known.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    bytes: u64,
    changed: Option<SystemTime>,
    inode: u64,
}

/// What a load looked at, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// None where there was no file.
    files: BTreeMap<PathBuf, Option<Mark>>,
    /// Patterns in whole, and the files that matched.
    patterns: BTreeMap<String, Vec<PathBuf>>,
    /// Folders with all that is below; none where there was no folder.
    folders: BTreeMap<PathBuf, Option<Vec<PathBuf>>>,
}

impl Looked {
    /// A file is about to be read: as it was before counts.
    pub(super) fn at_file(&mut self, path: &Path) {
        if !self.files.contains_key(path) {
            self.files.insert(path.to_owned(), mark(path));
        }
    }

    pub(super) fn at_pattern(&mut self, pattern: &str, found: &[PathBuf]) {
        self.patterns.insert(pattern.to_owned(), found.to_vec());
    }

    pub(super) fn below_folder(&mut self, folder: &Path, found: Option<&[PathBuf]>) {
        self.folders.insert(folder.to_owned(), found.map(<[PathBuf]>::to_vec));
    }

    /// The same places as they are now.
    #[must_use]
    pub fn again(&self) -> Self {
        let files = self.files.keys().map(|path| (path.clone(), mark(path)));
        let patterns = self.patterns.keys().map(|pattern| (pattern.clone(), matching(pattern)));
        let folders = self.folders.keys().map(|folder| (folder.clone(), below(folder)));
        Self {
            files: files.collect(),
            patterns: patterns.collect(),
            folders: folders.collect(),
        }
    }

    /// The folders in which a change can be seen at once. Folders and not files: an editor puts another file in its place.
    #[must_use]
    pub fn places(&self) -> BTreeSet<PathBuf> {
        let folder_of = |path: &Path| match path.parent() {
            Some(folder) if folder.as_os_str().is_empty() => Some(PathBuf::from(".")),
            folder => folder.map(Path::to_owned),
        };
        let of_files = self.files.keys().filter_map(|path| folder_of(path));
        let of_patterns = self
            .patterns
            .keys()
            .filter_map(|pattern| folder_of(&fixed_part(pattern)));
        let of_folders = self.folders.iter().flat_map(|(folder, found)| {
            let inner = found.iter().flatten().filter_map(|path| folder_of(path));
            std::iter::once(folder.clone()).chain(inner)
        });
        of_files.chain(of_patterns).chain(of_folders).collect()
    }

    /// Whether something that happened to this file can change what a load finds. `path` may be absolute where the load
    /// was asked for a relative one.
    #[must_use]
    pub fn concerns(&self, path: &Path) -> bool {
        let here = std::path::absolute(".").unwrap_or_default();
        [Some(path), path.strip_prefix(here).ok()]
            .into_iter()
            .flatten()
            .map(|path| path.strip_prefix("./").unwrap_or(path))
            .any(|path| self.is_named(path))
    }

    fn is_named(&self, path: &Path) -> bool {
        let is_matched = |pattern: &String| Pattern::new(pattern).is_ok_and(|pattern| pattern.matches_path(path));
        self.files.contains_key(path)
            || self.patterns.keys().any(is_matched)
            || self.folders.keys().any(|folder| path.starts_with(folder))
    }
}

/// The part of a pattern before its first sign; below it anything may match.
fn fixed_part(pattern: &str) -> PathBuf {
    let end = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
    // So that `conf.d/*` stands for `conf.d/x`, whose folder is asked for.
    PathBuf::from(format!("{}x", pattern.get(..end).unwrap_or(pattern)))
}

fn mark(path: &Path) -> Option<Mark> {
    let facts = fs::metadata(path).ok()?;
    Some(Mark {
        bytes: facts.len(),
        changed: facts.modified().ok(),
        inode: inode(&facts),
    })
}

#[cfg(unix)]
fn inode(facts: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(facts)
}

#[cfg(not(unix))]
fn inode(_facts: &fs::Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(folder: &Path) -> Looked {
        let mut looked = Looked::default();
        looked.at_file(&folder.join("duban.toml"));
        looked.at_file(&folder.join("missing.toml"));
        let pattern = folder.join("conf.d/*.toml").display().to_string();
        looked.at_pattern(&pattern, &matching(&pattern));
        looked
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("conf.d")).expect("a folder");
        fs::write(folder.path().join("duban.toml"), "a = 1").expect("a file");
        folder
    }

    #[test]
    fn what_did_not_change_looks_as_it_did() {
        let folder = folder();
        let looked = look(folder.path());
        assert_eq!(looked.again(), looked);
    }

    #[test]
    fn a_file_that_another_takes_the_place_of_has_changed() {
        let folder = folder();
        let looked = look(folder.path());
        fs::write(folder.path().join("new"), "a = 2").expect("a file");
        fs::rename(folder.path().join("new"), folder.path().join("duban.toml")).expect("renamed");
        assert_ne!(looked.again(), looked);
    }

    #[test]
    fn a_file_that_was_missing_and_a_new_match_are_changes() {
        for name in ["missing.toml", "conf.d/more.toml"] {
            let folder = folder();
            let looked = look(folder.path());
            fs::write(folder.path().join(name), "").expect("a file");
            assert_ne!(looked.again(), looked, "{name}");
            assert!(looked.concerns(&folder.path().join(name)), "{name}");
        }
    }

    #[test]
    fn the_store_beside_the_files_concerns_nobody() {
        let folder = folder();
        assert!(!look(folder.path()).concerns(&folder.path().join("duban.db-wal")));
    }

    #[test]
    fn the_folders_of_files_and_patterns_are_watched() {
        let places = look(Path::new("/etc/duban")).places();
        let expected: Vec<&Path> = ["/etc/duban", "/etc/duban/conf.d"].map(Path::new).to_vec();
        assert_eq!(places.iter().map(PathBuf::as_path).collect::<Vec<_>>(), expected);
    }
}
