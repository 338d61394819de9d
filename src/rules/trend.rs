//! The course of the ledger over weeks: the journal replayed once, with a look at every Monday.
//!
//! - **Lights** as they stood on each of the last Mondays at the time of day of the review, and now.
//! - **Plan**: how many tasks would be open if each had been closed by its first deadline, the one with which it was first
//!   loaded. An extension moves the deadline in force, never the plan.
//! - **On time**: a task is done when it was handed in (the submission that was then approved), else when it was closed;
//!   in time if that is not after its first deadline. A task that is open past its first deadline, or was handed in after
//!   it, is late. Tasks that are not due yet, wait for review since before the deadline, or were cancelled or withdrawn do
//!   not count.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};

use super::calendar::Almanac;
use super::progress::apply;
use crate::domain::chart::{Ahead, Trend, UnitRate, WEEKS, WEEKS_AHEAD, Week};
use crate::domain::id::{TaskId, UnitId};
use crate::domain::journal::{Entry, Fact};
use crate::domain::ladder::Anchor;
use crate::domain::message::Figures;
use crate::domain::people::People;
use crate::domain::review::Scope;
use crate::domain::task::{Light, Phase, Task, TaskState};

/// A replay under way: it hears the journal from its first entry on, in order, page by page.
#[derive(Debug)]
pub struct Replay<'a> {
    almanac: &'a Almanac,
    /// Ascending; the last is now.
    points: Vec<DateTime<Utc>>,
    by_task: HashMap<&'a TaskId, usize>,
    runs: Vec<Run<'a>>,
}

/// What the journal says of all tasks, from which each reader's [`Trend`] is summed.
#[derive(Debug)]
pub struct Course<'a> {
    days: Vec<NaiveDate>,
    ahead: Vec<(NaiveDate, DateTime<Utc>)>,
    tracks: Vec<Track<'a>>,
}

#[derive(Debug)]
struct Run<'a> {
    task: &'a Task,
    state: Option<TaskState>,
    first_due: Option<DateTime<Utc>>,
    done: Option<DateTime<Utc>>,
    seen: Vec<Option<Seen>>,
}

/// A task at one point.
#[derive(Clone, Copy, Debug)]
struct Seen {
    light: Light,
    /// It is not called off, and its first deadline lies after the point.
    is_planned: bool,
}

#[derive(Debug)]
struct Track<'a> {
    task: &'a Task,
    seen: Vec<Option<Seen>>,
    /// Only where it is not called off now.
    first_due: Option<DateTime<Utc>>,
    is_on_time: Option<bool>,
}

impl<'a> Replay<'a> {
    /// A replay of these tasks that looks at the Mondays before `now`, and at `now`.
    #[must_use]
    pub fn new(tasks: &'a [(Task, TaskState)], almanac: &'a Almanac, now: DateTime<Utc>) -> Self {
        let mondays = (1..WEEKS as u64).rev().filter_map(|weeks| {
            let day = monday(almanac, now).checked_sub_days(Days::new(7 * weeks))?;
            Some(at_time_of(almanac, day, now))
        });
        let run = |task: &'a Task| Run {
            task,
            state: None,
            first_due: None,
            done: None,
            seen: Vec::with_capacity(WEEKS),
        };
        Self {
            almanac,
            points: mondays.chain([now]).collect(),
            by_task: tasks.iter().map(|(task, _)| &task.id).zip(0..).collect(),
            runs: tasks.iter().map(|(task, _)| run(task)).collect(),
        }
    }

    /// The next entry; what is no fact of a known task, or lies after now, is passed over.
    pub fn hear(&mut self, entry: &Entry) {
        let index = entry.task.as_ref().and_then(|task| self.by_task.get(task)).copied();
        let Some(run) = index.and_then(|index| self.runs.get_mut(index)) else {
            return;
        };
        let (Some(fact), Ok(at)) = (entry.fact(), DateTime::parse_from_rfc3339(&entry.at)) else {
            return;
        };
        let at = at.to_utc();
        if self.points.last().is_some_and(|now| at <= *now) {
            run.look_before(at, &self.points, self.almanac);
            run.hear(&fact, at, self.almanac);
        }
    }

    /// What was heard.
    #[must_use]
    pub fn finish(self) -> Course<'a> {
        let Self {
            almanac,
            points,
            mut runs,
            ..
        } = self;
        let now = points.last().copied().unwrap_or_default();
        let next = |weeks| {
            let day = monday(almanac, now).checked_add_days(Days::new(7 * weeks))?;
            Some((day, at_time_of(almanac, day, now)))
        };
        for run in &mut runs {
            run.look_before(DateTime::<Utc>::MAX_UTC, &points, almanac);
        }
        Course {
            days: points.iter().map(|point| almanac.today(*point)).collect(),
            ahead: (1..=WEEKS_AHEAD as u64).filter_map(next).collect(),
            tracks: runs.into_iter().map(|run| run.track(now)).collect(),
        }
    }
}

/// The replay of a journal that is at hand as a whole.
#[must_use]
pub fn course<'a>(
    tasks: &'a [(Task, TaskState)],
    entries: &[Entry],
    almanac: &'a Almanac,
    now: DateTime<Utc>,
) -> Course<'a> {
    let mut replay = Replay::new(tasks, almanac, now);
    for entry in entries {
        replay.hear(entry);
    }
    replay.finish()
}

impl Course<'_> {
    /// The part of it that a reader sees.
    #[must_use]
    pub fn trend(&self, scope: &Scope, people: &People) -> Trend {
        let mut weeks: Vec<(Week, bool)> = self.days.iter().map(|day| (empty(*day), false)).collect();
        let mut ahead: Vec<Ahead> = self
            .ahead
            .iter()
            .map(|(day, _)| Ahead { day: *day, planned: 0 })
            .collect();
        let mut units: BTreeMap<&UnitId, (u32, u32)> = BTreeMap::new();
        for track in self.tracks.iter().filter(|track| scope.holds(&track.task.id)) {
            for ((week, is_known), seen) in weeks.iter_mut().zip(&track.seen) {
                let Some(seen) = seen else { continue };
                *is_known = true;
                count(&mut week.figures, seen.light);
                week.planned += u32::from(seen.is_planned);
            }
            for (week, (_, at)) in ahead.iter_mut().zip(&self.ahead) {
                week.planned += u32::from(track.first_due.is_some_and(|due| due > *at));
            }
            if let Some(is_on_time) = track.is_on_time {
                let (on_time, judged) = units.entry(&track.task.unit).or_default();
                *on_time += u32::from(is_on_time);
                *judged += 1;
            }
        }
        let first = weeks.iter().position(|(_, is_known)| *is_known).unwrap_or(weeks.len());
        Trend {
            weeks: weeks.into_iter().skip(first).map(|(week, _)| week).collect(),
            ahead,
            units: rates(&units, people),
        }
    }
}

impl Run<'_> {
    /// Looks at the task at every point before `at` that was not looked at yet.
    fn look_before(&mut self, at: DateTime<Utc>, points: &[DateTime<Utc>], almanac: &Almanac) {
        let rest = points.iter().skip(self.seen.len()).take_while(|point| **point < at);
        let seen = rest.map(|point| {
            self.state.as_ref().map(|state| Seen {
                light: almanac.light(state, *point),
                is_planned: !is_called_off(state) && self.first_due.is_some_and(|due| due > *point),
            })
        });
        let seen: Vec<_> = seen.collect();
        self.seen.extend(seen);
    }

    fn hear(&mut self, fact: &Fact, at: DateTime<Utc>, almanac: &Almanac) {
        if let Fact::Loaded { due, .. } = fact {
            self.first_due.get_or_insert(almanac.due_instant(*due));
        }
        let submitted = self.state.as_ref().and_then(|state| match state.phase {
            Phase::Submitted => state.submitted,
            Phase::Open | Phase::Acknowledged | Phase::Closed | Phase::Cancelled | Phase::Withdrawn => None,
        });
        self.state = apply(self.state.take(), fact, at);
        let closed = self.state.as_ref().and_then(|state| state.closed);
        if matches!(fact, Fact::Closed { .. }) {
            self.done = submitted.or_else(|| Some(almanac.anchor_instant(Anchor::Closed, closed?)));
        }
    }
}

impl<'a> Run<'a> {
    fn track(self, now: DateTime<Utc>) -> Track<'a> {
        let state = self.state.filter(|state| !is_called_off(state));
        let is_on_time = match (&state, self.first_due) {
            (Some(state), Some(due)) => match state.phase {
                Phase::Closed => self.done.map(|done| done <= due),
                Phase::Submitted => state.submitted.filter(|at| *at > due).map(|_| false),
                Phase::Open | Phase::Acknowledged => (now >= due).then_some(false),
                Phase::Cancelled | Phase::Withdrawn => None,
            },
            _ => None,
        };
        Track {
            task: self.task,
            seen: self.seen,
            first_due: state.and(self.first_due),
            is_on_time,
        }
    }
}

fn is_called_off(state: &TaskState) -> bool {
    matches!(state.standing(), Phase::Cancelled | Phase::Withdrawn)
}

fn monday(almanac: &Almanac, now: DateTime<Utc>) -> NaiveDate {
    let today = almanac.today(now);
    let since = Days::new(today.weekday().num_days_from_monday().into());
    today.checked_sub_days(since).unwrap_or(today)
}

/// A day at the local time of day of `now`.
fn at_time_of(almanac: &Almanac, day: NaiveDate, now: DateTime<Utc>) -> DateTime<Utc> {
    almanac.instant(day.and_time(almanac.local(now).time()))
}

fn empty(day: NaiveDate) -> Week {
    Week {
        day,
        figures: Figures::default(),
        planned: 0,
    }
}

fn count(figures: &mut Figures, light: Light) {
    let counter = match light {
        Light::Green => &mut figures.green,
        Light::Yellow => &mut figures.yellow,
        Light::Red => &mut figures.red,
        Light::Blue => &mut figures.blue,
        Light::Grey => &mut figures.grey,
    };
    *counter += 1;
}

/// The lowest rate first; of equals the one with more tasks, then by name.
fn rates(units: &BTreeMap<&UnitId, (u32, u32)>, people: &People) -> Vec<UnitRate> {
    let name = |unit: &UnitId| {
        let known = people.units.get(unit).map(|unit| unit.name.clone());
        known.unwrap_or_else(|| unit.as_str().to_owned())
    };
    let mut rates: Vec<UnitRate> = units
        .iter()
        .map(|(unit, (on_time, judged))| UnitRate {
            unit: (*unit).clone(),
            name: name(unit),
            on_time: *on_time,
            judged: *judged,
        })
        .collect();
    rates.sort_by(|a, b| {
        let (left, right) = (
            u64::from(a.on_time) * u64::from(b.judged),
            u64::from(b.on_time) * u64::from(a.judged),
        );
        let by_size = Reverse(a.judged).cmp(&Reverse(b.judged));
        left.cmp(&right).then(by_size).then_with(|| a.name.cmp(&b.name))
    });
    rates
}

#[cfg(test)]
mod tests;
