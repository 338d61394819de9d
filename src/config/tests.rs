//! The room as its users see it: small files in, a configuration or printed problems out.

mod audit;
mod calendars;
mod channels;
mod charts;
mod duties;
mod files;
mod groups;
mod keys;
mod ladders;
mod ledgers;
mod meetings;
mod people;
mod robots;
mod samples;
mod schemas;
mod secrets;
mod web;
mod workbooks;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Config, Environment, Problems, load};

/// What every fixture needs beside its own subject.
pub(super) const BASE: &str = r#"
timezone = "Asia/Shanghai"
office = "office"
channels.mail = { type = "email", server = "file:out", from = "duban@example.org" }
people.office = { email = "office@example.org" }
people.boss = { name = "局长", email = "boss@example.org" }
people.ann = { name = "联系人", email = "ann@example.org" }
units.edu = { name = "市教育局", aliases = ["教育局"], head = "boss", contacts = ["ann"] }
ladders.standard.steps = [{ at = "-3wd", level = "remind", to = ["owner"] }]
defaults.ladder = "standard"
"#;

/// One task in TOML, as line for a fixture.
pub(super) const TASK: &str = r#"tasks = [{ id = "1", title = "T", unit = "edu", lead = "boss", due = 2026-06-30 }]"#;

/// A folder with files, and its `duban.toml` loaded.
pub(super) struct Fixture {
    folder: TempDir,
    pub(super) env: Environment,
}

impl Fixture {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(&path, text).expect("written");
            set_mode(&path, 0o600);
        }
        Self {
            folder,
            env: Environment::default(),
        }
    }

    /// With a file of any bytes beside the others.
    pub(super) fn and(self, name: &str, bytes: &[u8]) -> Self {
        fs::write(self.path(name), bytes).expect("written");
        self
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn load(&self) -> Result<Config, Problems> {
        load(&self.path("duban.toml"), &self.env)
    }

    pub(super) fn config(&self) -> Config {
        self.load().unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// What is printed of the problems or the warnings, with paths relative to the folder.
    pub(super) fn printed(&self) -> String {
        let problems = self
            .load()
            .map_or_else(|problems| problems, |config| Problems(config.warnings));
        problems
            .to_string()
            .replace(&format!("{}/", self.folder.path().display()), "")
    }
}

/// Who may read a file and who write it, where files have that.
pub(super) fn set_mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("a mode");
    #[cfg(not(unix))]
    let _ = (path, mode);
}

/// The configuration of one `duban.toml`: the base with lines added.
pub(super) fn with(lines: &str) -> Fixture {
    Fixture::new(&[("duban.toml", &format!("{lines}\n{BASE}"))])
}

/// The headlines of the problems: no excerpts, no hints.
#[track_caller]
pub(super) fn check(fixture: &Fixture, expected: &[&str]) {
    let printed = fixture.printed();
    let lines: Vec<&str> = printed
        .lines()
        .filter(|line| line.contains(": error: ") || line.contains(": warning: "))
        .collect();
    assert_eq!(lines, expected, "\n{printed}");
}

/// Asserts that the printed problems hold a text.
#[track_caller]
pub(super) fn says(fixture: &Fixture, text: &str) {
    let printed = fixture.printed();
    assert!(printed.contains(text), "`{text}` is not in\n{printed}");
}

#[test]
fn a_ledger_in_csv_becomes_tasks() {
    let fixture = Fixture::new(&[
        ("duban.toml", &format!("ledger = \"ledger.csv\"\n{BASE}")),
        (
            "ledger.csv",
            "编号,整改任务,牵头领导,责任单位,立项日期,完成时限\n7,班额,局长,教育局,2026-01-05,2026年6月30日\n",
        ),
    ]);
    let config = fixture.config();
    let task = &config.tasks[0];
    assert_eq!(
        (task.id.as_str(), task.unit.as_str(), task.due.to_string().as_str()),
        ("7", "edu", "2026-06-30")
    );
    assert!(config.places[&task.id].ends_with("ledger.csv:2"));
    assert_eq!(config.files.files.len(), 2);
}

#[test]
fn the_base_has_no_problem() {
    check(&with(TASK), &[]);
}
