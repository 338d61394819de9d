//! What the ledger's changes mean: stored rows and proven rows in, journal entries and new states out.
//!
//! A row is compared with the row as last loaded, and only changed cells act. An unchanged cell never undoes an act.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

use crate::domain::id::{LadderId, TaskId};
use crate::domain::journal::{Draft, Fact};
use crate::domain::review::Mismatch;
use crate::domain::task::{Phase, Status, Task, TaskState};
use crate::domain::when::When;
use crate::rules::progress::{self, Act};
use crate::rules::recurrence;

/// Whoever edited the files: the `by` of their entries.
pub const BY: &str = "ledger";

/// So many open tasks may always be withdrawn or closed in one load.
const CHANGES_ALWAYS_ALLOWED: usize = 3;
/// Beyond that, at most this share of the open tasks may be withdrawn in one load, in per cent.
const WITHDRAWN_MAX_PERCENT: usize = 10;
/// Beyond that, at most this share of the open tasks may be closed in one load, in per cent.
const CLOSED_MAX_PERCENT: usize = 30;

/// A row as loaded, with the steps of its ladder in one text.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The row.
    pub task: &'a Task,
    /// Its ladder's steps, so that a changed ladder is found.
    pub ladder_print: &'a str,
}

/// Whether a load may withdraw or close more tasks than an oversight would explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removals {
    /// Refuse such a load.
    Guarded,
    /// `--accept-removals`: somebody said that it is meant.
    Accepted,
}

/// A task as it is after the load, and what the load did to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The row to keep.
    pub task: Task,
    /// The state to keep.
    pub state: TaskState,
    /// What happened; empty where only unplanned things changed.
    pub entries: Vec<Draft>,
}

/// What a load does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intake {
    /// Tasks that are new or changed; in ledger order, then those that went.
    pub changed: Vec<Changed>,
    /// Tasks that this load withdrew: id and title.
    pub withdrawn: Vec<(TaskId, String)>,
    /// How many tasks were new.
    pub added: usize,
}

/// Why a load is refused as a whole; nothing of it is applied.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IntakeError {
    /// Too many open tasks are missing.
    #[error("{missing} of {open} open tasks are missing from the ledger: {}", names(.tasks))]
    Withdraws {
        /// How many are missing.
        missing: usize,
        /// Of how many.
        open: usize,
        /// The first of them.
        tasks: Vec<String>,
    },
    /// Too many open tasks would be closed.
    #[error("{closed} of {open} open tasks would be closed at once: {}", names(.tasks))]
    Closes {
        /// How many.
        closed: usize,
        /// Of how many.
        open: usize,
        /// The first of them.
        tasks: Vec<String>,
    },
    /// An id is used for another task.
    #[error("task {id} is {} and was `{old}`; the row with its id now says `{new}`, opened on another day", .standing.as_str())]
    IdReused {
        /// The id.
        id: TaskId,
        /// Where the task stands that had it.
        standing: Phase,
        /// Its title.
        old: String,
        /// The row's title.
        new: String,
    },
}

impl IntakeError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Withdraws { .. } | Self::Closes { .. } => {
                "if this is meant, start once with `duban run --accept-removals`; until then the last good ledger stays in force"
            }
            Self::IdReused { .. } => "an id belongs to one task for ever: give the new task an id of its own",
        }
    }
}

fn names(tasks: &[String]) -> String {
    tasks.join(", ")
}

/// Decides what a load does to what is stored.
///
/// # Errors
/// All reasons to refuse the load: it withdraws or closes too much, or gives an id to another task.
pub fn intake(
    stored: &BTreeMap<TaskId, (Task, TaskState)>,
    rows: &[Row<'_>],
    now: DateTime<Utc>,
    removals: Removals,
) -> Result<Intake, Vec<IntakeError>> {
    let mut intake = Intake::default();
    let mut errors = Vec::new();
    let mut closed = Vec::new();
    for row in rows {
        match stored.get(&row.task.id) {
            None => {
                intake.changed.extend(arrive(row, now));
                intake.added += 1;
            }
            // What is done is not rewritten by what the row says of the times to come.
            Some((task, state)) if recurrence::is_history(&task.id, state) => {}
            Some((task, state)) => {
                if is_reused(task, state, row.task) {
                    errors.push(IntakeError::IdReused {
                        id: task.id.clone(),
                        standing: state.standing(),
                        old: task.title.clone(),
                        new: row.task.title.clone(),
                    });
                    continue;
                }
                let changed = change(task, state, row, now);
                if is_open(state)
                    && changed
                        .as_ref()
                        .is_some_and(|changed| changed.state.phase == Phase::Closed)
                {
                    closed.push(task.id.to_string());
                }
                intake.changed.extend(changed);
            }
        }
    }
    let present: BTreeSet<&TaskId> = rows.iter().map(|row| &row.task.id).collect();
    let gone: Vec<_> = stored
        .values()
        .filter(|(task, state)| !state.withdrawn && !present.contains(&task.id))
        .filter(|(task, state)| !recurrence::stays(&task.id, state, now))
        .collect();
    let missing = rows_of(
        gone.iter()
            .filter(|(_, state)| is_open(state))
            .map(|(task, _)| &task.id),
    );
    for (task, state) in gone {
        intake
            .changed
            .extend(with_facts(task, Some(state.clone()), &[Fact::Withdrawn], now));
        intake.withdrawn.push((task.id.clone(), task.title.clone()));
    }
    if removals == Removals::Guarded {
        let open = stored.values().filter(|(_, state)| is_open(state)).count();
        if is_too_many(missing.len(), open, WITHDRAWN_MAX_PERCENT) {
            errors.push(IntakeError::Withdraws {
                missing: missing.len(),
                open,
                tasks: first(missing),
            });
        }
        if is_too_many(closed.len(), open, CLOSED_MAX_PERCENT) {
            errors.push(IntakeError::Closes {
                closed: closed.len(),
                open,
                tasks: first(closed),
            });
        }
    }
    if errors.is_empty() { Ok(intake) } else { Err(errors) }
}

/// Where a row and the journal disagree, cell by cell.
#[must_use]
pub fn mismatches(task: &Task, state: &TaskState) -> Vec<Mismatch> {
    if state.withdrawn {
        return Vec::new();
    }
    let found = |column: &str, row: String, journal: String| Mismatch {
        task: task.id.clone(),
        column: column.to_owned(),
        row,
        journal,
    };
    let mut all = Vec::new();
    if task.due != state.due {
        all.push(found("due", task.due.to_string(), state.due.to_string()));
    }
    let agrees = match task.status {
        None => true,
        Some(Status::Open) => matches!(state.phase, Phase::Open | Phase::Acknowledged),
        Some(Status::Submitted) => state.phase == Phase::Submitted,
        Some(Status::Closed) => state.phase == Phase::Closed,
        Some(Status::Cancelled) => state.phase == Phase::Cancelled,
    };
    if let (false, Some(status)) = (agrees, task.status) {
        all.push(found(
            "status",
            status.as_str().to_owned(),
            state.phase.as_str().to_owned(),
        ));
    }
    all
}

/// The ids of the rows of some tasks: one that repeats counts once, however often it would have come round.
fn rows_of<'a>(tasks: impl Iterator<Item = &'a TaskId>) -> Vec<String> {
    let rows: BTreeSet<&str> = tasks
        .map(|id| recurrence::parts(id).map_or(id.as_str(), |(row, _)| row))
        .collect();
    rows.into_iter().map(str::to_owned).collect()
}

fn is_open(state: &TaskState) -> bool {
    matches!(state.standing(), Phase::Open | Phase::Acknowledged | Phase::Submitted)
}

fn is_too_many(count: usize, open: usize, percent: usize) -> bool {
    count > CHANGES_ALWAYS_ALLOWED && count * 100 > open * percent
}

fn first(mut ids: Vec<String>) -> Vec<String> {
    const SHOWN: usize = 10;
    if ids.len() > SHOWN {
        ids.truncate(SHOWN);
        ids.push("…".to_owned());
    }
    ids
}

fn is_reused(task: &Task, state: &TaskState, row: &Task) -> bool {
    let over = matches!(state.standing(), Phase::Closed | Phase::Cancelled | Phase::Withdrawn);
    over && task.opened != row.opened && task.title != row.title
}

/// A task that was not there before: what its cells already say has happened is entered as of now.
fn arrive(row: &Row<'_>, now: DateTime<Utc>) -> Option<Changed> {
    let task = row.task;
    let mut facts = vec![Fact::Loaded {
        due: task.due,
        opened: task.opened,
        ladder_print: row.ladder_print.to_owned(),
    }];
    if !task.progress.is_empty() {
        facts.push(Fact::Reported {
            progress: task.progress.clone(),
        });
    }
    match (task.status, task.closed) {
        (Some(Status::Closed), on) | (None | Some(Status::Open), on @ Some(_)) => facts.push(Fact::Closed { on }),
        (Some(Status::Submitted), _) => facts.push(Fact::Submitted),
        (Some(Status::Cancelled), _) => facts.push(Fact::Cancelled),
        (None | Some(Status::Open), None) => {}
    }
    with_facts(task, None, &facts, now)
}

/// What a daemon that runs on adds without a load: the rows that are not stored yet, as they arrive.
#[must_use]
pub fn arrivals(stored: &BTreeSet<&TaskId>, rows: &[Row<'_>], now: DateTime<Utc>) -> Vec<Changed> {
    rows.iter()
        .filter(|row| !stored.contains(&row.task.id))
        .filter_map(|row| arrive(row, now))
        .collect()
}

/// The state that a row has right after its first load at `now`.
#[must_use]
pub fn first_state(row: &Row<'_>, now: DateTime<Utc>) -> Option<TaskState> {
    arrive(row, now).map(|changed| changed.state)
}

/// A task that was there before; none where nothing about it changed.
fn change(old: &Task, state: &TaskState, row: &Row<'_>, now: DateTime<Utc>) -> Option<Changed> {
    let new = row.task;
    let mut course = Course {
        state: state.clone(),
        facts: Vec::new(),
        now,
    };
    if state.withdrawn {
        course.goes(Fact::Restored);
    }
    if let Some(to) = new.opened.filter(|to| old.opened != new.opened && *to != state.opened) {
        course.goes(Fact::OpenedChanged { from: state.opened, to });
    }
    if row.ladder_print != state.ladder_print {
        course.goes(Fact::LadderChanged {
            ladder_print: row.ladder_print.to_owned(),
        });
    }
    let due = (old.due != new.due && new.due != state.due).then_some(new.due);
    let standing = standing_change(old, new, state, due);
    let reopens = standing
        .as_ref()
        .is_some_and(|act| matches!(progress::decide(&course.state, act), Ok(Fact::Reopened { .. })));
    if let (Some(to), false) = (due, reopens) {
        course.goes(Fact::DueChanged { from: state.due, to });
    }
    // What the journal has already is no news: the ledger may be one that Duban wrote.
    let is_news = old.progress != new.progress && new.progress.trim() != state.progress.trim();
    let report = (is_news && !new.progress.is_empty()).then(|| Act::Report {
        progress: new.progress.clone(),
    });
    // What opens a task again comes before the report on it, what hands it in or closes it comes after.
    let (first, second) = if reopens {
        (standing, report)
    } else {
        (report, standing)
    };
    let is_closed = course.state.phase == Phase::Closed;
    for act in [first, second].into_iter().flatten() {
        course.tries(&act);
    }
    let mut columns = changed_columns(old, new);
    let is_told = new
        .closed
        .zip(state.closed)
        .is_some_and(|(row, state)| is_day_of(row, state));
    if old.closed != new.closed && !is_told && is_closed && course.state.phase == Phase::Closed {
        columns.push("closed".to_owned());
    }
    if !columns.is_empty() {
        course.goes(Fact::Changed { columns });
    }
    if course.facts.is_empty() && old == new {
        return None;
    }
    with_facts(new, Some(state.clone()), &course.facts, now)
}

/// Whether a row's day is that of an instant in the journal: in some zone, since none is known here.
fn is_day_of(row: When, at: When) -> bool {
    match (row, at) {
        (When::Date(day), When::Instant(at)) => {
            let utc = at.naive_utc();
            let [west, east] = [-12, 14].map(|hours| (utc + TimeDelta::hours(hours)).date());
            (west..=east).contains(&day)
        }
        _ => row == at,
    }
}

/// What has happened to a task so far in this load: each act is judged on the state that the one before it left.
struct Course {
    state: TaskState,
    facts: Vec<Fact>,
    now: DateTime<Utc>,
}

impl Course {
    fn goes(&mut self, fact: Fact) {
        if let Some(state) = progress::apply(Some(self.state.clone()), &fact, self.now) {
            self.state = state;
        }
        self.facts.push(fact);
    }

    /// Does what the state allows; nothing where the task already stands so.
    fn tries(&mut self, act: &Act) {
        if let Ok(fact) = progress::decide(&self.state, act) {
            self.goes(fact);
        }
    }
}

/// What changed status and closing cells ask for.
fn standing_change(old: &Task, new: &Task, state: &TaskState, due: Option<When>) -> Option<Act> {
    let status = (old.status != new.status).then_some(new.status).flatten();
    let closed = (old.closed != new.closed).then_some(new.closed);
    match (status, closed) {
        (Some(Status::Closed), _) => Some(Act::Close { on: new.closed }),
        (Some(Status::Submitted), _) => Some(Act::Submit),
        (Some(Status::Cancelled), _) => Some(Act::Cancel),
        (Some(Status::Open), _) if state.phase == Phase::Submitted => Some(Act::Return { due: None }),
        (Some(Status::Open), _) => Some(Act::Reopen { due }),
        (None, Some(Some(on))) => Some(Act::Close { on: Some(on) }),
        (None, Some(None)) if new.status != Some(Status::Closed) => Some(Act::Reopen { due }),
        (None, Some(None) | None) => None,
    }
}

fn with_facts(task: &Task, state: Option<TaskState>, facts: &[Fact], now: DateTime<Utc>) -> Option<Changed> {
    let state = facts
        .iter()
        .fold(state, |state, fact| progress::apply(state, fact, now))?;
    let entries = facts
        .iter()
        .map(|fact| Draft::of_fact(now, task.id.clone(), BY, fact, None))
        .collect();
    Some(Changed {
        task: task.clone(),
        state,
        entries,
    })
}

/// The columns that differ and have no fact of their own.
#[must_use]
pub fn changed_columns(old: &Task, new: &Task) -> Vec<String> {
    let ladder = |id: &LadderId| id.to_string();
    let columns = [
        ("title", old.title != new.title),
        ("area", old.area != new.area),
        ("problem", old.problem != new.problem),
        ("measures", old.measures != new.measures),
        ("lead", old.lead != new.lead || old.lead_copies != new.lead_copies),
        ("unit", old.unit != new.unit),
        ("assisting", old.assisting != new.assisting),
        ("owner", old.owner != new.owner),
        ("supervisor", old.supervisor != new.supervisor),
        ("kind", old.kind != new.kind),
        ("evidence", old.evidence != new.evidence),
        ("ladder", ladder(&old.ladder) != ladder(&new.ladder)),
        ("batch", old.batch != new.batch),
        ("note", old.note != new.note),
    ];
    columns
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests;
