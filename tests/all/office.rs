//! An office in a temporary folder: its files, its store, and the program as its people type it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use duban::clock::ManualClock;
use duban::config::{self, Environment};
use duban::daemon::{self, Engine, FirstLoad, Gather};
use duban::rules::intake::Removals;
use duban::store::{Access, Store};
use serde_json::Value;
use tempfile::TempDir;

const CONFIG: &str = r#"
timezone = "Asia/Shanghai"
office = "office"
ledger = ["ledger.csv"]
store.url = "sqlite:duban.db"
channels.mail = { type = "email", server = "file:outbox", from = "Duban <duban@example.org>" }
channels.hook = { type = "webhook", url = "file:posts" }
people.office = { name = "Office", email = "office@example.org" }
people.ann = { name = "Ann", email = "ann@example.org" }
units.works = { name = "Public Works", head = "ann" }
defaults.ladder = "standard"
reviews.weekly = { cron = "30 8 * * MON", to = ["office", "heads"] }

[ladders.standard]
steps = [
  { at = "-3wd", level = "remind", to = ["owner"] },
  { at = "+1wd", level = "overdue", to = ["owner", "office"], every = "1wd", times = 5 },
  { from = "submitted", at = "+3wd", level = "remind", to = ["office"] },
]
"#;

/// The ledger of every office here.
pub(crate) const LEDGER: &str = "\
id,title,area,unit,lead,opened,due
bridge-1,Repair the north bridge,roads,works,office,2021-11-01,2190-06-15
bridge-2,Repair the south bridge,roads,works,office,2021-11-01,2021-12-16
";

/// The Monday on which the store of [`Office::running`] begins, 09:00 in Shanghai.
pub(crate) const BEGINNING: &str = "2021-12-13T01:00:00Z";

/// Files in a folder of their own.
pub(crate) struct Office {
    folder: TempDir,
}

impl Office {
    /// An office that never ran.
    pub(crate) fn new() -> Self {
        let office = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        office.write("duban.toml", CONFIG);
        office.write("ledger.csv", LEDGER);
        office
    }

    /// An office whose daemon ran for a moment at [`BEGINNING`] and stopped.
    pub(crate) async fn running() -> Self {
        let office = Self::new();
        let now: DateTime<Utc> = BEGINNING.parse().unwrap();
        let (config, store) = office.load(now).await;
        let clock = Arc::new(ManualClock::new(now));
        let engine = Arc::new(Engine::open(config, store.clone(), clock).await.unwrap());
        engine.decide(now, Gather::Done).await.unwrap();
        engine.deliver_all(now).await.unwrap();
        drop(engine);
        store.close().await;
        office
    }

    /// Takes the files in once more, as a daemon that starts does.
    pub(crate) async fn reload(&self) {
        let (_, store) = self.load(BEGINNING.parse().unwrap()).await;
        store.close().await;
    }

    async fn load(&self, now: DateTime<Utc>) -> (config::Config, Store) {
        let config = config::load(&self.path("duban.toml"), &Environment::default()).unwrap();
        let store = Store::open(&config.store, Access::Run, now).await.unwrap().store;
        daemon::sync(&store, &config, None, now, Removals::Guarded, FirstLoad::CatchUp)
            .await
            .unwrap()
            .unwrap();
        (config, store)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Changes the configuration in one place.
    pub(crate) fn edit(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.path("duban.toml")).unwrap();
        assert!(text.contains(from), "nothing to edit: {from}");
        self.write("duban.toml", text.replacen(from, to, 1));
    }

    /// Changes bytes of the store's file behind its back, as no statement could.
    pub(crate) fn tamper(&self, from: &str, to: &str) {
        assert_eq!(from.len(), to.len());
        let mut bytes = fs::read(self.path("duban.db")).unwrap();
        let places: Vec<usize> = bytes
            .windows(from.len())
            .enumerate()
            .filter(|(_, window)| *window == from.as_bytes())
            .map(|(place, _)| place)
            .collect();
        assert!(!places.is_empty(), "the store does not hold {from}");
        for place in places {
            bytes.splice(place..place + to.len(), to.bytes());
        }
        fs::write(self.path("duban.db"), bytes).unwrap();
    }

    /// Runs the program with these words.
    pub(crate) fn duban(&self, words: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_duban"))
            .args(words)
            .env_clear()
            .env("DUBAN_CONFIG", self.path("duban.toml"))
            .env("USER", "clerk")
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        Ran::of(&output)
    }

    /// The JSON that the program prints.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let ran = self.duban(words);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        serde_json::from_str(&ran.out).unwrap()
    }
}

/// What the program said, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
