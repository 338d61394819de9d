//! Who must be told what and when, and why: the one function that `run`, `plan`, `why`, `simulate` and the audit share.
//!
//! Pure: the same inputs give the same plan, and planning a stretch at once gives what planning it in slices gives, as
//! long as what was told is handed on. What has been told is a high-water mark for each role and step, so that nothing
//! is told twice and an outage of any length costs one notice.

mod choose;
mod occurrence;
mod reason;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::domain::id::NoticeId;
use crate::domain::journal::hex;
use crate::domain::ladder::{Anchor, Ladder, Level, Role, Step, Until};
use crate::domain::notice::{Notice, Told, ToldKey};
use crate::domain::people::People;
use crate::domain::task::{Phase, Task, TaskState};
use crate::domain::when::When;
use crate::rules::calendar::Almanac;

pub use occurrence::{Count, Occurrences};

/// One step may have at most so many occurrences in one plan; past it the plan says that it was cut.
pub const OCCURRENCES_MAX: u32 = 10_000;

/// Everything a plan is made of, but what was told and the time.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The ledger's row.
    pub task: &'a Task,
    /// What has become of it.
    pub state: &'a TaskState,
    /// Its ladder.
    pub ladder: &'a Ladder,
    /// Working days and times of day.
    pub almanac: &'a Almanac,
    /// Who and how.
    pub people: &'a People,
}

/// What has been told of a task: for each role and step the last occurrence, and for each round and role the loudest level.
#[derive(Clone, Debug, Default)]
pub struct ToldBook {
    marks: BTreeMap<ToldKey, u32>,
    loudest: BTreeMap<(u32, String), Level>,
}

impl ToldBook {
    /// Notes that an occurrence, and all earlier ones of its key, need not be planned again.
    pub fn note(&mut self, key: ToldKey, occurrence: u32, level: Level) {
        let loudest = self.loudest.entry((key.round, key.role.clone())).or_insert(level);
        *loudest = level.max(*loudest);
        let mark = self.marks.entry(key).or_insert(occurrence);
        *mark = occurrence.max(*mark);
    }

    /// The last occurrence told under a key.
    #[must_use]
    pub fn mark(&self, key: &ToldKey) -> Option<u32> {
        self.marks.get(key).copied()
    }

    fn loudest(&self, round: u32, role: &str) -> Option<Level> {
        self.loudest.get(&(round, role.to_owned())).copied()
    }
}

impl<'a> FromIterator<&'a Told> for ToldBook {
    fn from_iter<I: IntoIterator<Item = &'a Told>>(all: I) -> Self {
        let mut book = Self::default();
        for told in all {
            book.note(told.key.clone(), told.occurrence, told.level);
        }
        book
    }
}

/// What is to be told, what is settled with it, and when to look again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order in which they go out.
    pub notices: Vec<Notice>,
    /// What counts as told once the notices are stored: those sent, and those covered by a louder one.
    pub told: Vec<Told>,
    /// The next instant at which something goes out, at or after the end of the plan.
    pub next: Option<DateTime<Utc>>,
    /// Whether a step had more occurrences than [`OCCURRENCES_MAX`].
    pub cut: bool,
}

/// An anchor of a task, with its value as stored, in force, and as an instant.
#[derive(Clone, Copy, Debug)]
pub struct Anchored {
    /// Which.
    pub anchor: Anchor,
    /// Its value as stored: part of what a notice means.
    pub stored: When,
    /// Its value in force: a deadline on a day off may pass later.
    pub value: When,
    /// Its instant.
    pub instant: DateTime<Utc>,
}

/// The value of an anchor, where the task has one now.
#[must_use]
pub fn anchored(almanac: &Almanac, state: &TaskState, anchor: Anchor) -> Option<Anchored> {
    let stored = stored_anchor(state, anchor)?;
    let value = if anchor == Anchor::Due {
        almanac.effective_due(stored)
    } else {
        stored
    };
    // A report that never came counts from the opening day's start, like the opening itself.
    let as_opened = anchor == Anchor::Reported && stored == state.opened;
    let instant = almanac.anchor_instant(if as_opened { Anchor::Opened } else { anchor }, value);
    Some(Anchored {
        anchor,
        stored,
        value,
        instant,
    })
}

/// The value of an anchor as stored, where the task has one now: part of what a notice means.
#[must_use]
pub fn stored_anchor(state: &TaskState, anchor: Anchor) -> Option<When> {
    Some(match anchor {
        Anchor::Due => state.due,
        Anchor::Opened => state.opened,
        Anchor::Reported => state
            .reported
            .or(state.acknowledged)
            .or(state.reopened)
            .map_or(state.opened, When::instant),
        Anchor::Submitted => When::instant(state.submitted?),
        Anchor::Closed => state.closed?,
    })
}

/// Whether a step has nothing more to say, in the task's present state; `first` is the step's first instant.
#[must_use]
pub fn is_settled(until: Until, state: &TaskState, first: DateTime<Utc>) -> bool {
    let phase = state.phase;
    match until {
        Until::Acknowledged => phase >= Phase::Acknowledged,
        Until::Reported => phase >= Phase::Submitted || state.reported.is_some_and(|at| at >= first),
        Until::Submitted => phase >= Phase::Submitted,
        Until::Reviewed => phase >= Phase::Closed || (phase != Phase::Submitted && state.reviewed.is_some()),
        Until::Closed => phase >= Phase::Closed,
        Until::Reopened => phase != Phase::Closed,
    }
}

/// Plans what goes out in `[now, until)`. Untold, unsettled occurrences before `now` are caught up: for each role the
/// loudest, of equals the latest, once, now; the others are covered by it.
#[must_use]
pub fn plan(ground: &Ground<'_>, told: &ToldBook, now: DateTime<Utc>, until: DateTime<Utc>) -> Plan {
    let mut plan = Plan::default();
    if matches!(ground.state.standing(), Phase::Cancelled | Phase::Withdrawn) {
        return plan;
    }
    let steps = occurrence::steps(ground);
    let mut candidates = Vec::new();
    for step in &steps {
        for role in step.roles() {
            let found = step.candidates(role, told, now, until);
            candidates.extend(found.due);
            plan.cut |= found.cut;
            plan.next = earliest(plan.next, found.next);
        }
    }
    for step in &steps {
        candidates.extend(step.reopening_candidates(&steps, told, now));
    }
    choose::choose(ground, candidates, now, until, &mut plan);
    plan
}

/// Why what lay in the past of a quiet first load counts as told.
pub const QUIET: &str = "the first load was quiet: what lay in the past counts as told";

/// What counts as told where the past is to be left alone: every past occurrence, covered.
#[must_use]
pub fn quieted(ground: &Ground<'_>, now: DateTime<Utc>) -> Vec<Told> {
    let mut told = Vec::new();
    for step in occurrence::steps(ground) {
        for role in step.roles() {
            if let Some(k) = step.last_at(now) {
                told.push(Told {
                    key: step.told_key(role),
                    occurrence: k,
                    level: step.step.level,
                    reason: QUIET.to_owned(),
                    sent: false,
                });
            }
        }
    }
    told
}

/// Whether a notice that was planned still says something true.
///
/// # Errors
/// Why it does not: the task is silent, in another round, counts from another value, or the step is settled or gone.
pub fn still_true(ground: &Ground<'_>, notice: &Notice) -> Result<(), String> {
    let state = ground.state;
    if matches!(state.standing(), Phase::Cancelled | Phase::Withdrawn) {
        return Err(format!("the task is {}", state.standing().as_str()));
    }
    if notice.round != state.round {
        return Err("the task was reopened since".to_owned());
    }
    let value = anchored(ground.almanac, state, notice.anchor).map(|anchored| anchored.stored);
    if value != Some(notice.anchor_value) {
        return Err(match notice.anchor {
            Anchor::Due => "the deadline was changed since".to_owned(),
            Anchor::Reported => "a report came since".to_owned(),
            Anchor::Opened | Anchor::Submitted | Anchor::Closed => "what it counted from was changed since".to_owned(),
        });
    }
    let Some(step) = ground.ladder.steps.iter().find(|step| step.name() == notice.step) else {
        return Err("its step is no longer in the ladder".to_owned());
    };
    if occurrence::is_step_settled(ground, step) {
        return Err(format!(
            "the task is {} (until {})",
            state.standing().as_str(),
            step.until.as_str()
        ));
    }
    Ok(())
}

/// The reason of a told mark whose role was covered by `step`, told to the same person in another role.
#[must_use]
pub fn covered_for_the_same_person(step: &str) -> String {
    choose::covered_for_the_same_person(step)
}

/// One line of `why`: a step, what has become of it, and when it would speak next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepStanding {
    /// The step's name.
    pub step: String,
    /// To whom.
    pub to: Vec<String>,
    /// The value it counts from; none: the anchor has no value yet.
    pub anchor_value: Option<When>,
    /// In words: settled and by what, silent and why, or what comes next.
    pub standing: String,
    /// When it would go out next, were nothing to change.
    pub next: Option<DateTime<Utc>>,
}

/// How each step of a task's ladder stands, for `why`.
#[must_use]
pub fn standings(ground: &Ground<'_>, now: DateTime<Utc>) -> Vec<StepStanding> {
    occurrence::standings(ground, now)
}

fn earliest(a: Option<DateTime<Utc>>, b: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// A notice's id, from its meaning.
fn notice_id(ground: &Ground<'_>, key: &ToldKey, occurrence: u32, recipient: &str, channel: &str) -> NoticeId {
    meaning_id(ground.task.id.as_str(), key, occurrence, recipient, channel)
}

/// The id that a notice must have.
#[must_use]
pub fn id_of(notice: &Notice) -> NoticeId {
    let key = ToldKey {
        round: notice.round,
        anchor: notice.anchor,
        anchor_value: notice.anchor_value,
        step: notice.step.clone(),
        role: String::new(),
    };
    let recipient = format!("{}:{}", notice.recipient.kind.as_str(), notice.recipient.id);
    let channel = notice.channel.as_str();
    meaning_id(notice.task.as_str(), &key, notice.occurrence, &recipient, channel)
}

fn meaning_id(task: &str, key: &ToldKey, occurrence: u32, recipient: &str, channel: &str) -> NoticeId {
    let meaning = format!(
        "{task}\n{}\n{}\n{}\n{}\n{occurrence}\n{recipient}\n{channel}",
        key.round,
        key.anchor.as_str(),
        key.anchor_value,
        key.step,
    );
    let digest = Sha256::digest(meaning.as_bytes());
    NoticeId::new(hex(digest.get(..16).unwrap_or(&digest)))
}

/// A step's name with an occurrence, which counts from 0.
#[must_use]
pub fn occurrence_name(step: &str, occurrence: u32) -> String {
    match occurrence {
        0 => step.to_owned(),
        later => format!("{step}#{}", u64::from(later) + 1),
    }
}

/// The roles of the one notice that a reopening without a new deadline sends.
const REOPENING_ROLES: [Role; 2] = [Role::Owner, Role::Supervisor];

/// The step that a reopening without a new deadline sends: the first overdue one of the ladder.
fn is_reopening_step(step: &Step) -> bool {
    step.from == Anchor::Due && step.level == Level::Overdue
}
