//! What the journal records of tasks up to the end of a period: what scores and circulars count.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::calendar::Almanac;
use super::progress;
use crate::domain::id::TaskId;
use crate::domain::journal::{Entry, Fact};
use crate::domain::ladder::Level;
use crate::domain::task::{Phase, TaskState};
use crate::domain::when::When;

/// Civil days in the configured zone, both included, and the instant up to which is known what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first day.
    pub first: NaiveDate,
    /// Its last day.
    pub last: NaiveDate,
    /// The end of its last day, or the present where that is earlier.
    pub until: DateTime<Utc>,
    /// The present.
    pub now: DateTime<Utc>,
}

impl Period {
    /// The period as it is seen at `now`.
    #[must_use]
    pub fn seen(first: NaiveDate, last: NaiveDate, almanac: &Almanac, now: DateTime<Utc>) -> Self {
        let after = last.succ_opt().unwrap_or(NaiveDate::MAX);
        let end = almanac.instant(after.and_time(chrono::NaiveTime::MIN));
        Self {
            first,
            last,
            until: end.min(now),
            now,
        }
    }

    /// Whether a day is in it.
    #[must_use]
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.first <= day && day <= self.last
    }

    /// The last day that is known: the period's, or today.
    #[must_use]
    pub fn as_of(&self, almanac: &Almanac) -> NaiveDate {
        almanac.today(self.until).min(self.last)
    }
}

/// What is recorded of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it stood at the end.
    pub state: TaskState,
    /// The deadline with which it was first loaded, whatever was granted later.
    pub first_due: When,
    /// The days on which it was closed, in order.
    pub closings: Vec<NaiveDate>,
    /// The days on which it was opened again after a closing, in order.
    pub relapses: Vec<NaiveDate>,
    /// How often a submission was sent back.
    pub returns: u32,
    /// How often its deadline was moved to a later day.
    pub extensions: u32,
    /// How often it was chased: occurrences of steps of level overdue or louder, whatever number of people each told.
    pub chasings: u32,
    /// The last that was said of its progress, or with what it was handed in; empty: nothing was.
    pub said: String,
    chased: BTreeSet<(String, String)>,
}

impl Record {
    /// The day of its first deadline, moved off a day off where the rule says so.
    #[must_use]
    pub fn first_day(&self, almanac: &Almanac) -> NaiveDate {
        almanac.date_of(almanac.effective_due(self.first_due))
    }

    /// Whether it is closed at the end.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state.phase == Phase::Closed
    }

    /// Whether it still counts: what was called off, or taken from the ledger unclosed, does not.
    #[must_use]
    pub fn counts(&self) -> bool {
        match self.state.standing() {
            Phase::Cancelled => false,
            Phase::Withdrawn => self.is_closed(),
            Phase::Open | Phase::Acknowledged | Phase::Submitted | Phase::Closed => true,
        }
    }

    /// Whether it was done by its first date: its first closing, if there is one, is not on a later day.
    #[must_use]
    pub fn is_on_time(&self, almanac: &Almanac) -> bool {
        let first = self.first_day(almanac);
        self.closings.first().is_some_and(|day| *day <= first)
    }

    fn of(state: TaskState) -> Self {
        Self {
            first_due: state.due,
            state,
            closings: Vec::new(),
            relapses: Vec::new(),
            returns: 0,
            extensions: 0,
            chasings: 0,
            said: String::new(),
            chased: BTreeSet::new(),
        }
    }

    /// Takes in a fact; `note` is what was said to it.
    fn take(&mut self, fact: &Fact, note: &str, at: DateTime<Utc>, almanac: &Almanac) {
        let due = self.state.due;
        let later = |to: When| u32::from(almanac.date_of(to) > almanac.date_of(due));
        match fact {
            Fact::Reported { progress } => self.say(progress),
            Fact::Submitted => self.say(note),
            Fact::Returned { due } => {
                self.returns += 1;
                self.extensions += due.map_or(0, later);
            }
            Fact::DueChanged { to, .. } => self.extensions += later(*to),
            Fact::ExtensionGranted { .. } => self.extensions += 1,
            Fact::Closed { on } => self
                .closings
                .push(on.map_or(almanac.today(at), |on| almanac.date_of(on))),
            Fact::Reopened { .. } if self.state.phase == Phase::Closed => self.relapses.push(almanac.today(at)),
            Fact::Loaded { .. }
            | Fact::Acknowledged
            | Fact::Reopened { .. }
            | Fact::Cancelled
            | Fact::Withdrawn
            | Fact::Restored
            | Fact::OpenedChanged { .. }
            | Fact::ExtensionAsked { .. }
            | Fact::ExtensionRefused { .. }
            | Fact::LadderChanged { .. }
            | Fact::Changed { .. } => {}
        }
        if let Some(state) = progress::apply(Some(self.state.clone()), fact, at) {
            self.state = state;
        }
    }

    fn say(&mut self, text: &str) {
        if !text.trim().is_empty() {
            text.trim().clone_into(&mut self.said);
        }
    }

    fn notice(&mut self, data: &Value) {
        let text = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let level = text("level");
        let is_loud = Level::ALL
            .into_iter()
            .any(|known| known >= Level::Overdue && known.as_str() == level);
        if is_loud && self.chased.insert((text("step"), text("at"))) {
            self.chasings += 1;
        }
    }
}

/// What is recorded of every task, read entry by entry.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    period: Period,
    almanac: &'a Almanac,
    by_task: BTreeMap<TaskId, Record>,
}

impl<'a> Records<'a> {
    /// Nothing yet, of a period.
    #[must_use]
    pub fn new(period: Period, almanac: &'a Almanac) -> Self {
        Self {
            period,
            almanac,
            by_task: BTreeMap::new(),
        }
    }

    /// Takes in the next entry of the journal. What happened after the period is left out, but for a closing that was
    /// entered later and as of a day in it.
    pub fn read(&mut self, entry: &Entry) {
        let (Some(task), Ok(at)) = (&entry.task, entry.at.parse::<DateTime<Utc>>()) else {
            return;
        };
        let fact = entry.fact();
        if at >= self.period.until && !self.is_late_word(task, fact.as_ref(), at) {
            return;
        }
        let known = self.by_task.get_mut(task);
        match (known, fact) {
            (Some(record), None) if entry.kind == "notice" => record.notice(&entry.data),
            (Some(record), Some(fact)) => {
                let note = entry.data.get("note").and_then(Value::as_str).unwrap_or_default();
                record.take(&fact, note, at, self.almanac);
            }
            (None, Some(fact)) => {
                let state = progress::apply(None, &fact, at);
                self.by_task
                    .extend(state.map(|state| (task.clone(), Record::of(state))));
            }
            (Some(_) | None, None) => {}
        }
    }

    fn is_late_word(&self, task: &TaskId, fact: Option<&Fact>, at: DateTime<Utc>) -> bool {
        let Some(Fact::Closed { on: Some(on) }) = fact else {
            return false;
        };
        let is_open = self.by_task.get(task).is_some_and(|record| !record.is_closed());
        is_open && at < self.period.now && self.almanac.date_of(*on) <= self.period.as_of(self.almanac)
    }

    /// What is recorded of a task; none: it was not loaded yet.
    #[must_use]
    pub fn of(&self, task: &TaskId) -> Option<&Record> {
        self.by_task.get(task)
    }

    /// The period.
    #[must_use]
    pub fn period(&self) -> Period {
        self.period
    }

    /// The calendar by which days are told.
    #[must_use]
    pub fn almanac(&self) -> &'a Almanac {
        self.almanac
    }
}

#[cfg(test)]
pub(super) mod tests;
