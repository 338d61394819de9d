//! Where the store is when the configuration has errors: found leniently, and not at all where it cannot be told
//! whether a trial is on. A live store in place of a trial's would write to people who were to hear nothing.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use thiserror::Error;
use toml::de::{DeTable, DeValue, Error as TomlError};

use super::environment::{Environment, sqlite_path, store_path};
use super::faults::similar;
use super::load::FILES_MAX;
use super::origin::{Origin, ReadError, one_name};
use crate::files::text::decode;

/// Why it cannot be told which store the files mean.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("it cannot be told which store these files mean, nor whether a trial is on: `{}` {why}", .file.display())]
pub struct StoreUntold {
    /// The file that hides it.
    pub file: PathBuf,
    /// What about it.
    pub why: String,
}

/// Where the store is, as well as a configuration that may be broken tells: the `[store] url` and whether there is a
/// `[delivery] trial`, in the main file or what it includes, else the default.
///
/// # Errors
/// Where a file that is there hides either: it cannot be read, or its syntax is broken and it speaks of them.
pub fn store_path_of(path: &Path, env: &Environment) -> Result<PathBuf, StoreUntold> {
    let root = path.strip_prefix("./").unwrap_or(path).to_owned();
    let mut seen = BTreeSet::from([one_name(&root)]);
    let mut waiting = vec![root.clone()];
    let mut found = Found::default();
    while let Some(file) = waiting.pop() {
        let bytes = match Origin::disk().read(&file) {
            Ok(bytes) => bytes,
            // What an include names and is not there says nothing; the main file says all.
            Err(ReadError::Missing) if file != root => continue,
            Err(error) => return Err(untold(&file, error.to_string())),
        };
        let text = decode(&bytes).map_err(|error| untold(&file, error.to_string()))?;
        let patterns = found.read(&file, &text)?;
        let folder = file.parent().unwrap_or(Path::new(""));
        for pattern in patterns.iter().rev() {
            let named = if pattern.contains(['*', '?', '[']) {
                Origin::disk().matching(folder, pattern)
            } else {
                vec![folder.join(pattern)]
            };
            waiting.extend(named.into_iter().rev().filter(|path| seen.insert(one_name(path))));
        }
        if seen.len() > FILES_MAX {
            return Err(untold(path, "includes too many files"));
        }
    }
    if let (false, Some(doubt)) = (found.trial, found.doubt) {
        return Err(doubt);
    }
    Ok(store_path(path, env, found.store, found.trial))
}

fn untold(file: &Path, why: impl Into<String>) -> StoreUntold {
    StoreUntold {
        file: file.to_owned(),
        why: why.into(),
    }
}

#[derive(Default)]
struct Found {
    store: Option<PathBuf>,
    trial: bool,
    /// Something that may be a trial; settled where a trial is found after all.
    doubt: Option<StoreUntold>,
}

impl Found {
    /// Reads one file; what it includes.
    fn read(&mut self, file: &Path, text: &str) -> Result<Vec<String>, StoreUntold> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let root = root.get_ref();
        let table = |key: &str| root.get(key).and_then(|value| value.get_ref().as_table());
        let says = |word: &str| without_comments(text).contains(word);
        let delivery = table("delivery");
        if delivery.is_some_and(|delivery| delivery.contains_key("trial")) {
            self.trial = true;
        } else if let Some(key) = hidden_trial(root, delivery) {
            self.doubt = Some(untold(file, format!("has `{key}`, which may be meant for a trial")));
        } else if !errors.is_empty() && says("trial") {
            self.doubt = Some(untold(file, "has broken lines and speaks of a trial"));
        }
        match table("store").and_then(|store| store.get("url")) {
            Some(url) => {
                let named = url.get_ref().as_str().and_then(sqlite_path);
                let folder = file.parent().unwrap_or(Path::new(""));
                let named = named.map(|named| folder.join(named));
                if named.is_none() || self.store.is_some() {
                    return Err(untold(file, "has a `[store] url` that cannot be used"));
                }
                self.store = named;
            }
            None if !errors.is_empty() && says("sqlite:") => {
                return Err(untold(file, "has broken lines and speaks of a store"));
            }
            None => {}
        }
        match root.get("include") {
            Some(include) if touched(text, &include.span(), &errors) => {
                Err(untold(file, "has a broken line at `include`"))
            }
            Some(include) => Ok(texts(include.get_ref())),
            None if !errors.is_empty() && says("include") => {
                Err(untold(file, "has broken lines and speaks of `include`"))
            }
            None => Ok(Vec::new()),
        }
    }
}

/// A key that is `trial` in a wrong place, or nearly `trial` or `delivery` in a right one.
fn hidden_trial<'a>(root: &'a DeTable<'_>, delivery: Option<&'a DeTable<'_>>) -> Option<&'a str> {
    let nearly = |table: &'a DeTable<'_>| {
        let keys = table.keys().map(|key| key.get_ref().as_ref());
        keys.into_iter().find(|key| similar(key, ["trial"]).is_some())
    };
    let elsewhere = || {
        let mut tables = root.iter().filter_map(|(_, value)| value.get_ref().as_table());
        tables.find_map(|table| {
            table
                .keys()
                .map(|key| key.get_ref().as_ref())
                .find(|key| *key == "trial")
        })
    };
    nearly(root).or_else(|| delivery.and_then(nearly)).or_else(elsewhere)
}

fn texts(include: &DeValue<'_>) -> Vec<String> {
    let text = |value: &DeValue<'_>| value.as_str().map(|text| text.trim().to_owned());
    match include.as_array() {
        Some(items) => items.iter().filter_map(|item| text(item.get_ref())).collect(),
        None => text(include).into_iter().collect(),
    }
}

/// Whether an error lies on the lines of a value: then parts of it may have been lost.
fn touched(text: &str, value: &Range<usize>, errors: &[TomlError]) -> bool {
    let line = |byte: usize| text.bytes().take(byte).filter(|byte| *byte == b'\n').count();
    let lines = line(value.start)..=line(value.end);
    errors.iter().any(|error| {
        error
            .span()
            .is_none_or(|span| lines.contains(&line(span.start)) || lines.contains(&line(span.end)))
    })
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Where the store is, relative to the folder of these files; none where that cannot be told.
    fn place(files: &[(&str, &str)]) -> Option<String> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, text).expect("written");
        }
        let found = store_path_of(&folder.path().join("duban.toml"), &Environment::default()).ok()?;
        let found = found.strip_prefix(folder.path()).expect("inside");
        Some(found.display().to_string())
    }

    #[test]
    fn a_broken_configuration_still_tells_where_its_store_is() {
        let text = "nonsense = = 1\n[store]\nurl = \"sqlite:data/a.db\"\n[delivery]\ntrial = \"person:x\"\n";
        assert_eq!(place(&[("duban.toml", text)]).as_deref(), Some("data/a.trial.db"));
    }

    #[test]
    fn a_trial_and_a_store_in_an_include_are_found() {
        let files = [
            (
                "duban.toml",
                "nonsense = = 1\ninclude = [\"conf.d/*.toml\", \"gone.toml\"]\n",
            ),
            (
                "conf.d/a.toml",
                "include = \"deeper/b.toml\"\n[store]\nurl = \"sqlite:a.db\"",
            ),
            (
                "conf.d/deeper/b.toml",
                "include = \"../a.toml\"\ndelivery.trial = \"person:x\"",
            ),
        ];
        assert_eq!(place(&files).as_deref(), Some("conf.d/a.trial.db"));
    }

    #[test]
    fn without_a_word_of_a_trial_a_broken_file_means_the_live_store() {
        let text = "nonsense = = 1\n# trial = \"person:admin\"\n";
        assert_eq!(place(&[("duban.toml", text)]).as_deref(), Some("var/duban.db"));
    }

    #[test]
    fn a_trial_that_may_be_hidden_leaves_it_untold() {
        for text in [
            "[delivery\ntrial = \"person:x\"\n",
            "[delivry]\ntrial = \"person:x\"\n",
            "[delivery]\ntrail = \"person:x\"\n",
            "trial = \"person:x\"\n",
            "include = [\"a.toml\" \"b.toml\"]\n",
            "include = [\"a.toml\n",
        ] {
            assert_eq!(place(&[("duban.toml", text)]), None, "{text}");
        }
    }

    #[test]
    fn a_trial_whose_value_is_broken_is_a_trial() {
        let text = "[delivery]\ntrial = \"person:x\n";
        assert_eq!(place(&[("duban.toml", text)]).as_deref(), Some("var/duban.trial.db"));
    }

    #[test]
    fn an_include_that_cannot_be_read_leaves_it_untold() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("duban.toml");
        fs::write(&path, "include = \"a.toml\"").expect("written");
        fs::write(folder.path().join("a.toml"), b"x = \"\xff\xff\"").expect("written");
        let told = store_path_of(&path, &Environment::default()).expect_err("untold");
        assert_eq!(told.file, folder.path().join("a.toml"));
    }

    #[test]
    fn a_store_that_cannot_be_used_leaves_it_untold() {
        assert_eq!(place(&[("duban.toml", "store.url = \"sqlit:a.db\"")]), None);
        assert_eq!(place(&[("duban.toml", "[store\nurl = \"sqlite:a.db\"\n")]), None);
    }

    #[test]
    fn a_main_file_that_is_gone_leaves_it_untold() {
        assert_eq!(place(&[]), None);
    }
}
