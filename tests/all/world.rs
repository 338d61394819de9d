//! A whole Duban in a folder on a clock that is set by hand: files, a store in a file, and folders where mails and posts land.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use duban::clock::{Clock, ManualClock};
use duban::config::{self, Environment};
use duban::daemon::{self, Asked, Begun, ClockTrust, Engine, FirstLoad, Gather, Helm, RunOptions, TakenIn, Watch};
use duban::domain::id::TaskId;
use duban::domain::journal::Draft;
use duban::domain::message::{Message, MessageKind, MessageState};
use duban::domain::notice::NoticeState;
use duban::rules::intake::Removals;
use duban::rules::progress::{self, Act};
use duban::store::{Access, Change, Opened, Store, StoreError};
use tempfile::TempDir;

use crate::eml::{self, Mail};

/// An instant as people write it.
#[track_caller]
pub(crate) fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// The beginning of most configurations: one office, one unit with owner and head, mail and posts into folders.
pub(crate) const TOWN: &str = r#"
timezone = "Asia/Shanghai"
locale = "en"
calendar = "mon-fri"
office = "office"
ledger = ["ledger.csv"]
[store]
url = "sqlite:duban.db"
[defaults]
ladder = "standard"
[channels.mail]
type = "email"
server = "file:mail"
from = "Duban <duban@example.org>"
[channels.hook]
type = "webhook"
url = "file:hook"
[people.office]
name = "Office"
email = "office@example.org"
channels = ["mail", "hook"]
[people.ann]
name = "Ann"
email = "ann@example.org"
[people.ben]
name = "Ben"
email = "ben@example.org"
[people.cat]
name = "Cat"
email = "cat@example.org"
[units.works]
name = "Works"
contacts = ["ann"]
head = "ben"
[ladders.standard]
steps = [
  { at = "-3wd", level = "remind", to = ["owner"] },
  { at = "0d", level = "due", to = ["owner"] },
  { at = "+1wd", level = "overdue", to = ["owner"], every = "1wd", times = 5 },
  { at = "+3wd", level = "escalate", to = ["head"] },
]
"#;

/// The header of the ledgers of these tests.
pub(crate) const HEADER: &str = "id,title,unit,lead,opened,due\n";

/// A ledger of the town: each task `id`, opened on the first of January 2026, with its deadline.
pub(crate) fn ledger(tasks: &[(&str, &str)]) -> String {
    let rows = tasks
        .iter()
        .map(|(id, due)| format!("{id},Task {id},works,cat,2026-01-01,{due}\n"));
    HEADER.to_owned() + &rows.collect::<String>()
}

/// What stands in the timeline of a store: task, step, recipient and channel of a notice.
pub(crate) type Told = (String, String, String, String);

/// The folder with the clock, and the daemon while it runs.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) clock: ManualClock,
    pub(crate) removals: Removals,
    pub(crate) first_load: FirstLoad,
    pub(crate) clock_trust: ClockTrust,
    helm: Option<Arc<Helm>>,
    watch: Option<Watch>,
    pub(crate) problems: Vec<String>,
}

impl World {
    /// Files in a new folder; nothing runs yet.
    pub(crate) fn new(config: &str, ledger: &str) -> Self {
        let world = Self {
            dir: in_memory(),
            clock: ManualClock::new(DateTime::UNIX_EPOCH),
            removals: Removals::Guarded,
            first_load: FirstLoad::CatchUp,
            clock_trust: ClockTrust::Watched,
            helm: None,
            watch: None,
            problems: Vec::new(),
        };
        world.write("duban.toml", config);
        world.write("ledger.csv", ledger);
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Changes a text in the configuration.
    pub(crate) fn edit(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.path("duban.toml")).unwrap();
        assert!(text.contains(from), "{from} does not stand in the configuration");
        self.write("duban.toml", text.replace(from, to));
    }

    /// The daemon that runs.
    pub(crate) fn engine(&self) -> Arc<Engine> {
        self.helm().engine()
    }

    /// What steers it.
    pub(crate) fn helm(&self) -> Arc<Helm> {
        Arc::clone(self.helm.as_ref().unwrap())
    }

    pub(crate) fn store(&self) -> Store {
        self.engine().store().clone()
    }

    /// Starts the daemon and does what is due then.
    pub(crate) async fn start(&mut self, now: &str) {
        self.start_at(at(now)).await;
    }

    pub(crate) async fn start_at(&mut self, now: DateTime<Utc>) {
        self.begin_at(now).await.unwrap();
        self.pass(now).await;
    }

    /// Starts the daemon; nothing leaves yet.
    pub(crate) async fn begin_at(&mut self, now: DateTime<Utc>) -> Result<(), daemon::DaemonError> {
        assert!(self.helm.is_none(), "it runs");
        self.clock.set(now);
        let env = Environment::new([]);
        let path = self.path("duban.toml");
        let opened = open(&config::store_path_of(&path, &env).unwrap(), now).await;
        let options = RunOptions {
            first_load: self.first_load,
            removals: self.removals,
            clock_trust: self.clock_trust,
        };
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let begun = daemon::begin(&path, &env, opened, clock, options).await?;
        let Begun {
            helm, problems, looked, ..
        } = begun;
        self.watch = Some(Watch::new(&path, &env, looked));
        self.helm = Some(helm);
        self.problems = problems;
        Ok(())
    }

    /// Ends the daemon in order.
    pub(crate) async fn stop(&mut self) {
        let store = self.store();
        self.crash();
        store.close().await;
    }

    /// Ends the daemon as a power cut does: whatever it had not committed is gone.
    pub(crate) fn crash(&mut self) {
        self.helm = None;
        self.watch = None;
    }

    pub(crate) async fn restart(&mut self, now: &str) {
        self.stop().await;
        self.start(now).await;
    }

    /// Does all that is due at an instant. Says when the next thing is.
    pub(crate) async fn pass(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.clock.set(now);
        let engine = self.engine();
        let decided = engine.decide(now, Gather::Configured).await.unwrap();
        let delivered = engine.deliver_all(now).await.unwrap();
        [decided, delivered].into_iter().flatten().min()
    }

    /// Lets the daemon run until an instant, inclusive.
    pub(crate) async fn run_until(&self, until: &str) {
        self.run_to(at(until)).await;
    }

    pub(crate) async fn run_to(&self, until: DateTime<Utc>) {
        let mut now = self.clock.now();
        loop {
            let next = self.pass(now).await;
            let next = next.map(|next| next.max(now + TimeDelta::milliseconds(1)));
            if now == until {
                return;
            }
            now = next.map_or(until, |next| next.min(until));
        }
    }

    /// Looks at the files as a running daemon does, and takes in what changed.
    pub(crate) async fn look_at_files(&mut self) -> Option<TakenIn> {
        let loaded = self.watch.as_mut().unwrap().look().await;
        let now = self.clock.now();
        let taken = match loaded {
            Some(loaded) => Some(self.helm().take_in(loaded).await.unwrap()),
            None => None,
        };
        self.run_to(now + TimeDelta::seconds(5)).await;
        taken
    }

    /// Somebody asks for the files to be loaded, as by SIGHUP.
    pub(crate) async fn reload(&mut self) -> TakenIn {
        let loaded = self.watch.as_mut().unwrap().load(Asked::BySomebody).await;
        self.helm().take_in(loaded).await.unwrap()
    }

    /// Does what the loops of a running daemon do now, its doubts of the clock included.
    pub(crate) async fn round(&self) {
        self.helm().decide(Gather::Done).await.unwrap();
        self.helm().deliver_all().await.unwrap();
    }

    /// Somebody does something to a task, now.
    pub(crate) async fn act(&self, task: &str, act: &Act) {
        let now = self.clock.now();
        act_on(&self.store(), task, act, now).await;
    }

    /// The mails in the folder, in order of time.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        eml::read_folder(&self.path("mail"))
    }

    /// The mails to a person that came since there were `seen` in all.
    pub(crate) fn mails_to(&self, who: &str) -> Vec<Mail> {
        let address = format!("{who}@example.org");
        let mut mails = self.mails();
        mails.retain(|mail| mail.to == address);
        mails
    }

    /// The posts in a folder, in order of time.
    pub(crate) fn posts(&self, folder: &str) -> Vec<serde_json::Value> {
        posts(&self.path(folder))
    }

    /// Everything that was told so far, in no special order.
    pub(crate) async fn told(&self) -> Vec<Told> {
        let store = self.store();
        let mut told = Vec::new();
        for stored in store.tasks().await.unwrap() {
            for (notice, state, _) in store.notices_of_task(&stored.task.id).await.unwrap() {
                if state == NoticeState::Delivered {
                    told.push((
                        notice.task.to_string(),
                        notice.step_name(),
                        notice.recipient.id.clone(),
                        notice.channel.to_string(),
                    ));
                }
            }
        }
        told.sort();
        told
    }

    /// The steps of a task that a person was told, in the order of time.
    pub(crate) async fn heard(&self, task: &str, who: &str) -> Vec<String> {
        let notices = self.store().notices_of_task(&TaskId::new(task)).await.unwrap();
        notices
            .iter()
            .filter(|(notice, state, _)| *state == NoticeState::Delivered && notice.recipient.id == who)
            .map(|(notice, _, _)| notice.step_name())
            .collect()
    }

    /// The messages of a kind in a state.
    pub(crate) async fn messages(&self, kind: MessageKind, state: MessageState) -> Vec<Message> {
        let mut messages = self.store().messages(&[state], 100_000).await.unwrap();
        messages.retain(|message| message.kind == kind);
        messages
    }

    /// The subjects of what the office was told about Duban itself, oldest first.
    pub(crate) async fn words_to_office(&self) -> Vec<String> {
        let mut messages = self.messages(MessageKind::System, MessageState::Delivered).await;
        messages.sort_by_key(|message| message.created);
        messages
            .into_iter()
            .map(|message| message.content.words.subject)
            .collect()
    }
}

/// A folder in memory where the machine has such a place: a year of commits is then a matter of seconds.
fn in_memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

/// Opens the store; what a power cut left running within this very process may hold it a moment longer.
async fn open(path: &Path, now: DateTime<Utc>) -> Opened {
    for _ in 0..1000 {
        match Store::open(path, Access::Run, now).await {
            Err(StoreError::Locked { .. }) => tokio::time::sleep(Duration::from_millis(5)).await,
            opened => return opened.unwrap(),
        }
    }
    Store::open(path, Access::Run, now).await.unwrap()
}

/// The posts in a folder, in order of time.
pub(crate) fn posts(folder: &Path) -> Vec<serde_json::Value> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "json"));
    paths.sort();
    paths
        .iter()
        .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
        .collect()
}

/// Somebody does something to a task, as commands do it.
pub(crate) async fn act_on(store: &Store, task: &str, act: &Act, now: DateTime<Utc>) {
    let id = TaskId::new(task);
    let done = store
        .act(&id, now, |stored| {
            let fact = progress::decide(&stored.state, act)?;
            let state = progress::apply(Some(stored.state.clone()), &fact, now).unwrap();
            Ok::<_, progress::Refused>(Change {
                task: stored.task.clone(),
                state,
                entries: vec![Draft::of_fact(now, id.clone(), "test", &fact, None)],
                next_at: None,
            })
        })
        .await
        .unwrap();
    assert!(done.is_ok(), "{done:?}");
}
