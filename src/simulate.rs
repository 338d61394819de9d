//! The same daemon on a manual clock: a span of time in seconds, the mails in a folder, the store in memory.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;

use crate::channel::Settings;
use crate::channel::email::Server;
use crate::channel::webhook::Target;
use crate::clock::ManualClock;
use crate::config::Config;
use crate::daemon::timeline::{TimelineRow, local_time};
use crate::daemon::{DaemonError, Engine, FirstLoad, Gather, sync};
use crate::domain::notice::{Notice, NoticeState};
use crate::rules::intake::Removals;
use crate::store::{Store, StoreError};

/// More reviews than this in one simulation are not listed.
const RUNS_MAX: u32 = 100_000;
/// So many journal entries are read at once.
const PAGE: u32 = 1000;

/// What a simulation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulated {
    /// Notices that went out.
    pub notices: usize,
    /// Messages that went out.
    pub messages: u32,
    /// Reviews that took place.
    pub reviews: usize,
}

/// Whether the mails of reviews show pictures as they would in earnest; drawing them takes longer than all the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pictures {
    /// None are drawn.
    #[default]
    LeftOut,
    /// Those that the configuration wants.
    Drawn,
}

/// Why a simulation ended early.
#[derive(Debug, Error)]
pub enum SimulateError {
    /// The daemon's own error.
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    /// The store in memory failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder cannot be written to.
    #[error("cannot write {path}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder holds something.
    #[error("{path} is not empty")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
}

/// Runs a first load at `from` and then lets the daemon run until `until`, exclusive; writes `timeline.json`,
/// `reviews.json`, `journal.jsonl`, `mail/*.eml`, `webhook/*.json` and `chat/CHANNEL/*.json` to `out`. `progress` is told the present of the simulation.
///
/// # Errors
/// Where `out` is not empty or cannot be written, or the daemon fails.
pub async fn simulate(
    mut config: Config,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    out: &Path,
    pictures: Pictures,
    progress: &(dyn Fn(DateTime<Utc>) + Sync),
) -> Result<Simulated, SimulateError> {
    make_empty(out)?;
    turn_into_folders(&mut config, out, pictures);
    let clock = ManualClock::new(from);
    let store = Store::memory(from).await?;
    sync(&store, &config, None, from, Removals::Accepted, FirstLoad::CatchUp)
        .await?
        .map_err(DaemonError::Intake)?;
    let engine = Arc::new(Engine::open(config, store.clone(), Arc::new(clock.clone())).await?);
    let mut now = from;
    while now < until {
        clock.set(now);
        progress(now);
        let decided = engine.decide(now, Gather::Configured).await?;
        let delivered = engine.deliver_all(now).await?;
        match [decided, delivered]
            .into_iter()
            .flatten()
            .filter(|next| *next > now)
            .min()
        {
            Some(next) => now = next,
            None => break,
        }
    }
    // What was planned before the end goes out; nothing is planned at the end itself.
    clock.set(until);
    engine.fold(until).await?;
    engine.deliver_all(until).await?;
    write_down(&engine, &store, out).await
}

fn make_empty(out: &Path) -> Result<(), SimulateError> {
    let failed = |source| SimulateError::Write {
        path: out.to_owned(),
        source,
    };
    fs::create_dir_all(out).map_err(failed)?;
    if fs::read_dir(out).map_err(failed)?.next().is_some() {
        return Err(SimulateError::NotEmpty { path: out.to_owned() });
    }
    for folder in ["mail", "webhook"] {
        fs::create_dir_all(out.join(folder)).map_err(failed)?;
    }
    Ok(())
}

/// Everything stays in the house: mail servers and webhooks become folders, and wait for nothing.
fn turn_into_folders(config: &mut Config, out: &Path, pictures: Pictures) {
    for review in &mut config.reviews {
        review.pictures &= pictures == Pictures::Drawn;
    }
    for (id, settings) in &mut config.channels {
        match settings {
            Settings::Email(settings) => {
                settings.server = Server::Scratch(out.join("mail"));
                settings.lane.budgets.clear();
            }
            Settings::Webhook(settings) => {
                settings.target = Target::Scratch(out.join("webhook"));
                settings.lane.budgets.clear();
            }
            // Its budget stays: it decides what is folded.
            Settings::Robot(settings) => {
                // A name of a channel is no path.
                let folder = id.as_str().replace(['/', '\\'], "_");
                settings.target = Target::Scratch(out.join("chat").join(folder));
            }
        }
    }
}

async fn write_down(engine: &Engine, store: &Store, out: &Path) -> Result<Simulated, SimulateError> {
    let rows = timeline(engine, store).await?;
    write(&out.join("timeline.json"), &rows)?;
    let almanac = &engine.config().almanac;
    let mut runs = store.runs(None, RUNS_MAX).await?;
    runs.sort_by(|a, b| (a.at, &a.review).cmp(&(b.at, &b.review)));
    let reviews: Vec<Value> = runs
        .iter()
        .map(|run| {
            json!({
                "review": run.review,
                "day": run.day.to_string(),
                "nominal": local_time(almanac, run.nominal),
                "at": local_time(almanac, run.at),
                "state": run.state.as_str(),
                "figures": run.figures,
            })
        })
        .collect();
    write(&out.join("reviews.json"), &reviews)?;
    write_journal(store, &out.join("journal.jsonl")).await?;
    Ok(Simulated {
        notices: rows.len(),
        messages: store.counts().await?.delivered,
        reviews: reviews.len(),
    })
}

/// As `journal export` writes it, so that whoever doubts a figure can count again.
async fn write_journal(store: &Store, path: &Path) -> Result<(), SimulateError> {
    let failed = |source| SimulateError::Write {
        path: path.to_owned(),
        source,
    };
    let mut file = io::BufWriter::new(fs::File::create(path).map_err(failed)?);
    let mut seen = 0;
    loop {
        let page = store.entries(seen, PAGE).await?;
        let Some(last) = page.last() else { break };
        seen = last.seq;
        for entry in &page {
            let line = serde_json::to_string(entry).map_err(|error| failed(error.into()))?;
            writeln!(file, "{line}").map_err(failed)?;
        }
    }
    file.flush().map_err(failed)
}

/// Every notice that went out, in the order of `plan`.
async fn timeline(engine: &Engine, store: &Store) -> Result<Vec<TimelineRow>, SimulateError> {
    let tasks = store.tasks().await?;
    let tasks: BTreeMap<_, _> = tasks
        .into_iter()
        .map(|stored| (stored.task.id.clone(), stored))
        .collect();
    let mut notices: Vec<(u32, Notice)> = Vec::new();
    for (id, stored) in &tasks {
        let of_task = store.notices_of_task(id).await?;
        notices.extend(
            of_task
                .into_iter()
                .filter(|(_, state, _)| *state == NoticeState::Delivered)
                .map(|(notice, _, _)| (stored.task.order, notice)),
        );
    }
    crate::daemon::order(&mut notices);
    Ok(notices
        .iter()
        .filter_map(|(_, notice)| {
            let stored = tasks.get(&notice.task)?;
            Some(TimelineRow::new(
                notice,
                &stored.task,
                &stored.state,
                &engine.config().almanac,
            ))
        })
        .collect())
}

/// As `plan --format json` writes it, so that the two can be compared byte by byte.
fn write(path: &Path, value: &impl Serialize) -> Result<(), SimulateError> {
    let failed = |source| SimulateError::Write {
        path: path.to_owned(),
        source,
    };
    let text = serde_json::to_string_pretty(value).map_err(|error| failed(error.into()))?;
    fs::write(path, text + "\n").map_err(failed)
}
