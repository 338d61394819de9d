//! From files to the store: loads the configuration, takes the ledger in, and falls back on the last good load where
//! the files are broken, so that nobody is silenced.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::clock::Clock;
use crate::config::{self, Config, Environment, FileSet, Problems, Severity};
use crate::daemon::outlook::{ground, told_book};
use crate::daemon::plan_loop::{BY, planned};
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::TaskId;
use crate::domain::journal::Draft;
use crate::domain::system::SystemWord;
use crate::domain::task::{Task, TaskState};
use crate::rules::intake::{self, Intake, IntakeError, Removals, Row};
use crate::rules::planner::{self, ToldBook};
use crate::store::{self, Planned, Store, StoredTask};

/// How far ahead a new calendar is compared with the old one.
const CALENDAR_AHEAD: TimeDelta = TimeDelta::days(400);
/// So many moved notices are named.
const MOVED_MAX: usize = 100;
/// So many problems are named to the office.
const PROBLEMS_MAX: usize = 20;

/// What becomes of what lies in the past of tasks that are loaded for the first time.
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
    match config::load(path, env) {
        Ok(config) => Ok(Chosen {
            config,
            problems: Vec::new(),
        }),
        Err(problems) => {
            let lines = error_lines(&problems);
            match kept(store, env).await? {
                Some(config) => Ok(Chosen {
                    config,
                    problems: lines,
                }),
                None => Err(DaemonError::Config(problems)),
            }
        }
    }
}

/// The last good load that the store keeps.
pub(super) async fn kept(store: &Store, env: &Environment) -> Result<Option<Config>, DaemonError> {
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
            let file = problem
                .file
                .as_ref()
                .map(|file| format!("{}:{}: ", file.display(), problem.line));
            format!("{}{}", file.unwrap_or_default(), problem.text)
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
    let prints: BTreeMap<_, String> = config.ladders.iter().map(|(id, ladder)| (id, ladder.print())).collect();
    let taken = store
        .intake(now, |stored| {
            let stored: BTreeMap<TaskId, (Task, TaskState)> = stored
                .iter()
                .map(|stored| (stored.task.id.clone(), (stored.task.clone(), stored.state.clone())))
                .collect();
            let rows: Vec<Row<'_>> = config
                .tasks
                .iter()
                .map(|task| Row {
                    task,
                    ladder_print: prints.get(&task.ladder).map_or("", String::as_str),
                })
                .collect();
            let intake = intake::intake(&stored, &rows, now, removals)?;
            synced.added = rows
                .iter()
                .map(|row| row.task.id.clone())
                .filter(|id| !stored.contains_key(id))
                .collect();
            synced.withdrawn.clone_from(&intake.withdrawn);
            Ok(changes(intake, &synced.moved, now))
        })
        .await?;
    if let Err(errors) = taken {
        return Ok(Err(errors));
    }
    // Ladders, people, times of day or the calendar may have changed: everything is looked at once more.
    store.wake_tasks(None, now).await?;
    if first_load == FirstLoad::Quiet && !synced.added.is_empty() {
        hush(store, config, &synced.added, now).await?;
    }
    let text = serde_json::to_string(&config.files).map_err(DaemonError::KeptLoad)?;
    let print = crate::rules::compose::message_id(crate::domain::message::MessageKind::System, &[&text]);
    store.save_load(now, print.as_str(), &text).await?;
    Ok(Ok(synced))
}

fn changes(intake: Intake, moved: &[String], now: DateTime<Utc>) -> store::Intake {
    let changes = intake
        .changed
        .into_iter()
        .map(|changed| store::Change {
            task: changed.task,
            state: changed.state,
            entries: changed.entries,
            next_at: Some(now),
        })
        .collect();
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
    store::Intake { changes, entries }
}

/// Records the past of tasks that were just loaded as covered.
async fn hush(store: &Store, config: &Config, added: &BTreeSet<TaskId>, now: DateTime<Utc>) -> Result<(), DaemonError> {
    const BATCH: u32 = 500;
    let mut decide = |stored: &StoredTask, told: &[store::ToldRow]| {
        let Some(ground) = ground(config, &stored.task, &stored.state) else {
            return Planned::default();
        };
        let quiet = if added.contains(&stored.task.id) {
            planner::quieted(&ground, now)
        } else {
            Vec::new()
        };
        let mut book = told_book(told);
        for told in &quiet {
            book.note(told.key.clone(), told.occurrence, told.level);
        }
        let plan = planner::plan(&ground, &book, now, now + TimeDelta::milliseconds(1));
        let mut planned = planned(&stored.task.id, plan, now);
        if !quiet.is_empty() {
            let data = json!({ "reason": "the first load was quiet: what lay in the past counts as told" });
            let task = Some(stored.task.id.clone());
            planned.entries.push(Draft {
                at: now,
                task,
                kind: "hushed".to_owned(),
                by: BY.to_owned(),
                data,
            });
        }
        planned.told.extend(quiet);
        planned
    };
    while store.plan_due(now, BATCH, &mut decide).await? == BATCH {}
    Ok(())
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

/// What a start found and did: everything that the office is told of it.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) engine: Arc<Engine>,
    pub(super) problems: Vec<String>,
    pub(super) synced: Synced,
}

/// Chooses the configuration, takes its ledger in, and opens the ways out. A ledger that is refused leaves the last good
/// load in force.
pub(super) async fn start(
    path: &Path,
    env: &Environment,
    store: Store,
    clock: Arc<dyn Clock>,
    removals: Removals,
    first_load: FirstLoad,
) -> Result<Started, DaemonError> {
    let now = clock.now();
    let Chosen {
        mut config,
        mut problems,
    } = start_config(path, env, &store).await?;
    let before = kept(&store, env).await?;
    let mut synced = Synced::default();
    match sync(&store, &config, before.as_ref(), now, removals, first_load).await? {
        Ok(done) => synced = done,
        Err(errors) => {
            let Some(before) = before else {
                return Err(DaemonError::Intake(errors));
            };
            problems.extend(errors.iter().map(|error| format!("{error} ({})", error.hint())));
            config = before;
            store.wake_tasks(None, now).await?;
        }
    }
    let engine = Arc::new(Engine::open(config, store, clock).await?);
    Ok(Started {
        engine,
        problems,
        synced,
    })
}

/// The cause under which the office is told of broken or refused files.
pub(super) const LOAD_CAUSE: &str = "load";

impl Engine {
    /// Tells the office what a start found: broken files or files in order again, withdrawn rows, a moved calendar.
    pub(super) async fn tell_of_start(
        &self,
        problems: &[String],
        synced: &Synced,
        now: DateTime<Utc>,
    ) -> Result<(), DaemonError> {
        self.tell_of_load(problems, now).await?;
        if !synced.withdrawn.is_empty() {
            let tasks = synced
                .withdrawn
                .iter()
                .map(|(id, title)| (id.to_string(), title.clone()))
                .collect();
            self.tell_office("withdrawn", &SystemWord::Withdrawn { tasks }, None, now)
                .await?;
        }
        if !synced.moved.is_empty() {
            let word = SystemWord::CalendarLoaded {
                moved: synced.moved.clone(),
            };
            self.tell_office("calendar", &word, None, now).await?;
        }
        Ok(())
    }

    /// Tells the office that the files are broken or refused, or that they are in order again.
    pub(super) async fn tell_of_load(&self, problems: &[String], now: DateTime<Utc>) -> Result<(), DaemonError> {
        if problems.is_empty() {
            return self.tell_office_end(LOAD_CAUSE, &SystemWord::LoadAccepted, now).await;
        }
        for problem in problems {
            tracing::error!("the last good load stays in force: {problem}");
        }
        let word = SystemWord::LoadRefused {
            problems: problems.to_vec(),
            since: self.as_of(now),
        };
        self.tell_office_once(LOAD_CAUSE, &word, None, now).await
    }
}
