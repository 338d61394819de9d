//! From files to the store: loads the configuration, takes the ledger in, and falls back on the last good load where
//! the files are broken, so that nobody is silenced.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::clock::Clock;
use crate::config::{self, Config, Environment, FileSet, Looked, Problems, Severity};
use crate::daemon::outlook::{ground, told_book};
use crate::daemon::plan_loop::BY;
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::TaskId;
use crate::domain::journal::Draft;
use crate::domain::message::MessageKind;
use crate::domain::notice::Told;
use crate::domain::system::SystemWord;
use crate::domain::task::{Task, TaskState};
use crate::rules::intake::{self, Intake, IntakeError, Removals, Row};
use crate::rules::planner::{self, ToldBook};
use crate::store::{self, PendingWord, Store, Wake};

/// How far ahead a new calendar is compared with the old one.
const CALENDAR_AHEAD: TimeDelta = TimeDelta::days(400);
/// So many moved notices are named.
const MOVED_MAX: usize = 100;
/// So many problems are named to the office.
const PROBLEMS_MAX: usize = 20;

/// What becomes of what lies in the past when a new store is loaded for the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstLoad {
    /// Each role hears the loudest, once, marked late.
    #[default]
    CatchUp,
    /// It counts as told.
    Quiet,
}

/// A configuration in force, and why it is not the one in the files where it is not.
#[derive(Debug)]
pub struct Chosen {
    /// What runs.
    pub config: Config,
    /// What is wrong with the files; empty where they are in force.
    pub problems: Vec<String>,
    /// What was looked at on the disk.
    pub looked: Looked,
}

/// What taking a configuration in did.
#[derive(Debug, Default)]
pub struct Synced {
    /// Tasks loaded for the first time.
    pub added: BTreeSet<TaskId>,
    /// Tasks that went.
    pub withdrawn: Vec<(TaskId, String)>,
    /// Notices that another calendar moved, one line each.
    pub moved: Vec<String>,
}

/// The configuration in the files, or where they are broken the last good one that the store keeps.
///
/// # Errors
/// Where the files are broken and nothing is kept.
pub async fn start_config(path: &Path, env: &Environment, store: &Store) -> Result<Chosen, DaemonError> {
    let (found, looked) = config::look(path, env);
    match found {
        Ok(config) => Ok(Chosen {
            config,
            problems: Vec::new(),
            looked,
        }),
        Err(problems) => {
            let lines = error_lines(&problems);
            match kept(store, env).await? {
                Some(config) => Ok(Chosen {
                    config,
                    problems: lines,
                    looked,
                }),
                None => Err(DaemonError::Config(problems)),
            }
        }
    }
}

/// The last good load that the store keeps; none where it keeps none, or where it lacks a secret or a file now.
///
/// # Errors
/// Where the store fails.
pub async fn kept(store: &Store, env: &Environment) -> Result<Option<Config>, DaemonError> {
    let Some((_, text)) = store.last_load().await? else {
        return Ok(None);
    };
    let files: FileSet = serde_json::from_str(&text).map_err(DaemonError::KeptLoad)?;
    // What was good then may lack a secret or a file now: then there is nothing to fall back on.
    Ok(config::load_from(&files, env).ok())
}

/// The errors among problems, a line each, cut to what a mail can hold.
pub(super) fn error_lines(problems: &Problems) -> Vec<String> {
    let mut lines: Vec<String> = problems
        .0
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| {
            let place = match (&problem.file, &problem.cell) {
                (Some(file), Some(cell)) => format!("{}, {cell}: ", file.display()),
                (Some(file), None) => format!("{}:{}: ", file.display(), problem.line),
                (None, _) => String::new(),
            };
            format!("{place}{}", problem.text)
        })
        .collect();
    if lines.len() > PROBLEMS_MAX {
        let more = lines.len() - PROBLEMS_MAX;
        lines.truncate(PROBLEMS_MAX);
        lines.push(format!("… and {more} more"));
    }
    lines
}

/// Takes the ledger of a configuration into the store, or refuses it as a whole.
///
/// # Errors
/// Outside, where the store fails; inside, why the ledger is refused: then nothing of it is applied.
pub async fn sync(
    store: &Store,
    config: &Config,
    before: Option<&Config>,
    now: DateTime<Utc>,
    removals: Removals,
    first_load: FirstLoad,
) -> Result<Result<Synced, Vec<IntakeError>>, DaemonError> {
    let moved = match before {
        Some(before) => moved_by_calendar(store, before, config, now).await?,
        None => Vec::new(),
    };
    let mut synced = Synced {
        moved,
        ..Synced::default()
    };
    // Asked of the loads and not of the file: a store whose first load was cut short is still new.
    let is_new = store.last_load().await?.is_none();
    let text = serde_json::to_string(&config.files).map_err(DaemonError::KeptLoad)?;
    let prints: BTreeMap<_, String> = config.ladders.iter().map(|(id, ladder)| (id, ladder.print())).collect();
    let tasks = config.tasks_at(now);
    let taken = store
        .intake(now, |stored| {
            let stored: BTreeMap<TaskId, (Task, TaskState)> = stored
                .iter()
                .map(|stored| (stored.task.id.clone(), (stored.task.clone(), stored.state.clone())))
                .collect();
            let rows: Vec<Row<'_>> = tasks
                .iter()
                .map(|task| Row {
                    task,
                    ladder_print: prints.get(&task.ladder).map_or("", String::as_str),
                })
                .collect();
            let mut intake = intake::intake(&stored, &rows, now, removals)?;
            synced.added = rows
                .iter()
                .map(|row| row.task.id.clone())
                .filter(|id| !stored.contains_key(id))
                .collect();
            synced.withdrawn.clone_from(&intake.withdrawn);
            // What is added to a store that was loaded before is no first load, however the daemon was started.
            let told = match first_load {
                FirstLoad::Quiet if is_new => hush(&mut intake, config, &synced.added, now),
                FirstLoad::Quiet | FirstLoad::CatchUp => Vec::new(),
            };
            let words = words(store, is_new, &synced, now);
            let print = crate::rules::compose::message_id(MessageKind::System, &[&text]);
            let load = store::Load {
                print: print.as_str().to_owned(),
                text,
            };
            Ok(store::Intake {
                told,
                words,
                load: Some(load),
                // Ladders, people, times of day or the calendar may have changed: everything is looked at once more.
                wake: Wake::All,
                ..changes(intake, &synced.moved, now)
            })
        })
        .await?;
    Ok(taken.map(|_| synced))
}

/// What a store keeps of changed tasks: they matter now.
pub(super) fn to_keep(changed: Vec<intake::Changed>, now: DateTime<Utc>) -> Vec<store::Change> {
    changed
        .into_iter()
        .map(|changed| store::Change {
            task: changed.task,
            state: changed.state,
            entries: changed.entries,
            next_at: Some(now),
        })
        .collect()
}

fn changes(intake: Intake, moved: &[String], now: DateTime<Utc>) -> store::Intake {
    let changes = to_keep(intake.changed, now);
    let mut entries = Vec::new();
    if !moved.is_empty() {
        let data = json!({ "moved": moved });
        entries.push(Draft {
            at: now,
            task: None,
            kind: "calendar-changed".to_owned(),
            by: intake::BY.to_owned(),
            data,
        });
    }
    store::Intake {
        changes,
        entries,
        ..store::Intake::default()
    }
}

/// What the office is to be told of a load; stored with it, so that a crash delays the word and does not lose it.
fn words(store: &Store, is_new: bool, synced: &Synced, now: DateTime<Utc>) -> Vec<PendingWord> {
    let stamp = now.timestamp_millis();
    let mut words = Vec::new();
    if is_new {
        words.push(PendingWord {
            name: "new-store".to_owned(),
            word: SystemWord::NewStore {
                path: store.path().map(|path| path.display().to_string()).unwrap_or_default(),
                tasks: u32::try_from(synced.added.len()).unwrap_or(u32::MAX),
                late: 0,
            },
        });
    }
    if !synced.withdrawn.is_empty() {
        let tasks = synced
            .withdrawn
            .iter()
            .map(|(id, title)| (id.to_string(), title.clone()))
            .collect();
        words.push(PendingWord {
            name: format!("withdrawn:{stamp}"),
            word: SystemWord::Withdrawn { tasks },
        });
    }
    if !synced.moved.is_empty() {
        words.push(PendingWord {
            name: format!("calendar:{stamp}"),
            word: SystemWord::CalendarLoaded {
                moved: synced.moved.clone(),
            },
        });
    }
    words
}

/// The past of tasks that are loaded for the first time counts as told; each gets an entry that says so.
fn hush(intake: &mut Intake, config: &Config, added: &BTreeSet<TaskId>, now: DateTime<Utc>) -> Vec<(TaskId, Told)> {
    let mut all = Vec::new();
    for changed in &mut intake.changed {
        let id = &changed.task.id;
        if !added.contains(id) {
            continue;
        }
        let Some(ground) = ground(config, &changed.task, &changed.state) else {
            continue;
        };
        let quiet = planner::quieted(&ground, now);
        if quiet.is_empty() {
            continue;
        }
        changed.entries.push(Draft {
            at: now,
            task: Some(id.clone()),
            kind: "hushed".to_owned(),
            by: BY.to_owned(),
            data: json!({ "reason": "the first load was quiet: what lay in the past counts as told" }),
        });
        all.extend(quiet.into_iter().map(|told| (id.clone(), told)));
    }
    all
}

/// What another calendar moves of what would go out in the next year or so, a line for each notice.
async fn moved_by_calendar(
    store: &Store,
    before: &Config,
    after: &Config,
    now: DateTime<Utc>,
) -> Result<Vec<String>, DaemonError> {
    if before.almanac.calendar == after.almanac.calendar {
        return Ok(Vec::new());
    }
    let told = store.all_told().await?;
    let mut moved = Vec::new();
    for stored in store.tasks().await? {
        let book = told
            .get(&stored.task.id)
            .map_or_else(ToldBook::default, |rows| told_book(rows));
        let plan = |config| {
            let ground = ground(config, &stored.task, &stored.state)?;
            Some(planner::plan(&ground, &book, now, now + CALENDAR_AHEAD).notices)
        };
        let (Some(old), Some(new)) = (plan(before), plan(after)) else {
            continue;
        };
        let old: BTreeMap<_, _> = old.iter().map(|notice| (&notice.id, notice.at)).collect();
        for notice in &new {
            if let Some(from) = old.get(&notice.id).filter(|at| **at != notice.at) {
                let local = |at: DateTime<Utc>| after.almanac.local(at).format("%Y-%m-%d %H:%M").to_string();
                moved.push(format!(
                    "{} {} {}: {} -> {}",
                    notice.task,
                    notice.step_name(),
                    notice.recipient.name,
                    local(*from),
                    local(notice.at)
                ));
            }
        }
    }
    if moved.len() > MOVED_MAX {
        let more = moved.len() - MOVED_MAX;
        moved.truncate(MOVED_MAX);
        moved.push(format!("… and {more} more"));
    }
    Ok(moved)
}

/// What a start found and did.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) engine: Arc<Engine>,
    pub(super) problems: Vec<String>,
    pub(super) tasks: usize,
    pub(super) looked: Looked,
}

/// Chooses the configuration, takes its ledger in, and opens the ways out. A ledger that is refused leaves the last good
/// load in force.
pub(super) async fn start(
    path: &Path,
    env: &Environment,
    store: Store,
    clock: Arc<dyn Clock>,
    now: DateTime<Utc>,
    removals: Removals,
    first_load: FirstLoad,
) -> Result<Started, DaemonError> {
    let Chosen {
        mut config,
        mut problems,
        looked,
    } = start_config(path, env, &store).await?;
    let before = kept(&store, env).await?;
    match sync(&store, &config, before.as_ref(), now, removals, first_load).await? {
        Ok(_) => {}
        Err(errors) => {
            let Some(before) = before else {
                return Err(DaemonError::Intake(errors));
            };
            problems.extend(refusal_lines(&errors));
            config = before;
            store.wake_tasks(None, now).await?;
        }
    }
    // From here on the tasks stand in the store, and need not stand in memory too.
    let tasks = config.tasks_at(now).len();
    config.tasks = Vec::new();
    config.places = BTreeMap::new();
    let engine = Arc::new(Engine::open(config, store, clock).await?);
    Ok(Started {
        engine,
        problems,
        tasks,
        looked,
    })
}

/// Why a ledger is refused, a line each, with what to do about it.
pub(super) fn refusal_lines(errors: &[IntakeError]) -> Vec<String> {
    let lines = errors.iter().map(|error| format!("{error} ({})", error.hint()));
    lines.collect()
}
