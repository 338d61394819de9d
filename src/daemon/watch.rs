//! Watches the files while the daemon runs, and reads them: at once when somebody asks, else when they changed and have come
//! to rest.
//!
//! It has a task of its own, so that a file system that hangs holds up no decision. Folders are watched, and a look every
//! minute finds what their file system does not tell. What was looked at is known by the last reading, good or bad, so that
//! a missing file that appears, and a file that a pattern now matches, are changes too.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::{Notify, mpsc};

use crate::config::{self, Config, Environment, Looked};
use crate::daemon::sync::error_lines;

/// Changed files are read when nothing changed for so long: an editor saves in several steps, and a copy takes its time.
const CALM: Duration = Duration::from_secs(1);
/// Without any word from the file system the files are looked at this often.
const LOOK: Duration = Duration::from_secs(60);
/// Files that change while they are read are read again so often.
const READS_MAX: u32 = 20;
/// And so long after.
const READ_AGAIN: Duration = Duration::from_millis(200);

/// Why files were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// They changed.
    ByAChange,
    /// Somebody asked for it: then what is in force is put in force anew.
    BySomebody,
}

/// What the files said.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration, or what is wrong with it.
    pub(super) found: Result<Box<Config>, Vec<String>>,
    pub(super) asked: Asked,
}

/// The files of a configuration, and what they looked like when they were last read.
#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    env: Environment,
    looked: Looked,
}

impl Watch {
    /// Begins with what the start looked at.
    #[must_use]
    pub fn new(path: &Path, env: &Environment, looked: Looked) -> Self {
        Self {
            path: path.to_owned(),
            env: env.clone(),
            looked,
        }
    }

    /// What the files say now, where anything changed since they were last read.
    pub async fn look(&mut self) -> Option<Loaded> {
        if self.again().await == self.looked {
            return None;
        }
        Some(self.load(Asked::ByAChange).await)
    }

    /// What the files say now. Files that change meanwhile are read again.
    pub async fn load(&mut self, asked: Asked) -> Loaded {
        for _ in 0..READS_MAX {
            let (path, env) = (self.path.clone(), self.env.clone());
            let read = tokio::task::spawn_blocking(move || config::look(&path, &env)).await;
            let found = match read {
                Ok((found, looked)) => {
                    self.looked = looked;
                    found.map(Box::new).map_err(|problems| error_lines(&problems))
                }
                Err(error) => Err(vec![format!("reading the files broke off: {error}")]),
            };
            if self.again().await == self.looked {
                return Loaded { found, asked };
            }
            tokio::time::sleep(READ_AGAIN).await;
        }
        let text = "the files change all the time while they are read; they are read again when they have come to rest";
        Loaded {
            found: Err(vec![text.to_owned()]),
            asked,
        }
    }

    /// What was looked at, as it is now.
    async fn again(&self) -> Looked {
        let looked = self.looked.clone();
        let again = tokio::task::spawn_blocking(move || looked.again()).await;
        // It can only have been cut off by the end of the process.
        again.unwrap_or_else(|_| self.looked.clone())
    }

    /// Reads the files whenever `bell` is rung or they changed, and hands on what they say; for ever.
    pub(super) async fn run(mut self, bell: Arc<Notify>, loads: mpsc::Sender<Loaded>, on_asked: impl Fn() + Send) {
        let eyes = Eyes::open();
        eyes.turn_to(&self.looked);
        let mut clock = tokio::time::interval(LOOK);
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let woken = tokio::select! {
                biased;
                () = bell.notified() => Some(Asked::BySomebody),
                () = eyes.changed.notified() => self.calm(&bell).await,
                _ = clock.tick() => self.calm(&bell).await,
            };
            let Some(asked) = woken else { continue };
            if asked == Asked::BySomebody {
                on_asked();
            }
            let loaded = self.load(asked).await;
            eyes.turn_to(&self.looked);
            if loads.send(loaded).await.is_err() {
                return;
            }
        }
    }

    /// Waits until files that changed have come to rest, or somebody cannot wait; none where nothing changed.
    async fn calm(&self, bell: &Notify) -> Option<Asked> {
        let mut seen = self.again().await;
        if seen == self.looked {
            return None;
        }
        loop {
            tokio::select! {
                biased;
                () = bell.notified() => return Some(Asked::BySomebody),
                () = tokio::time::sleep(CALM) => {}
            }
            let next = self.again().await;
            if next == seen {
                return Some(Asked::ByAChange);
            }
            seen = next;
        }
    }
}

/// What the file system tells of changes, where it tells anything.
struct Eyes {
    watcher: Mutex<Option<RecommendedWatcher>>,
    places: Mutex<Vec<PathBuf>>,
    looked: Arc<Mutex<Looked>>,
    changed: Arc<Notify>,
}

impl Eyes {
    fn open() -> Self {
        let looked: Arc<Mutex<Looked>> = Arc::default();
        let changed: Arc<Notify> = Arc::default();
        let (seen, bell) = (Arc::clone(&looked), Arc::clone(&changed));
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // An error, such as too many events, tells that something was missed.
            let is_change = event.map_or(true, |event| {
                is_change(&event, &seen.lock().unwrap_or_else(PoisonError::into_inner))
            });
            if is_change {
                bell.notify_one();
            }
        });
        let watcher = watcher
            .inspect_err(|error| tracing::warn!("changed files are seen within a minute and not at once: {error}"))
            .ok();
        Self {
            watcher: Mutex::new(watcher),
            places: Mutex::default(),
            looked,
            changed,
        }
    }

    /// Watches the folders of what was looked at last. Each is taken anew: another may have its name now.
    fn turn_to(&self, looked: &Looked) {
        self.looked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(looked);
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(watcher) = watcher.as_mut() else { return };
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        for place in places.drain(..) {
            // It may be gone.
            drop(watcher.unwatch(&place));
        }
        for place in looked.places() {
            match watcher.watch(&place, RecursiveMode::NonRecursive) {
                Ok(()) => places.push(place),
                Err(error) => tracing::debug!("{} is looked at every minute: {error}", place.display()),
            }
        }
    }
}

/// Whether an event can have changed what a load finds. Reading is an event too; names in the folder always count, since
/// one may lead to another.
fn is_change(event: &notify::Event, looked: &Looked) -> bool {
    let is_named = || event.paths.is_empty() || event.paths.iter().any(|path| looked.concerns(path));
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) | EventKind::Modify(ModifyKind::Data(_)) => is_named(),
        EventKind::Access(_) => false,
        EventKind::Modify(ModifyKind::Metadata(_)) => is_named(),
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    }
}
