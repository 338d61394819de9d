//! What a review says: who gets it, which part of the ledger is theirs, and how that part stands.

mod board;
mod seating;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::board::Board;
use super::calendar::Almanac;
use super::forecast::History;
use crate::domain::id::{LadderId, PersonId, TaskId};
use crate::domain::journal::Entry;
use crate::domain::ladder::Ladder;
use crate::domain::message::{Content, Figures, Words};
use crate::domain::people::{Party, People};
use crate::domain::review::{ChainHead, LastTold, Mismatch, Reader, Review, Summary, Undelivered};
use crate::domain::task::{Task, TaskState};

/// A review goes out late from so long after its time on, days off applied.
const LATE_AFTER: TimeDelta = TimeDelta::seconds(60);

/// Everything a review is made from.
#[derive(Clone, Copy, Debug)]
pub struct ReviewInput<'a> {
    /// The review.
    pub review: &'a Review,
    /// Every task that the store knows, in ledger order.
    pub tasks: &'a [(Task, TaskState)],
    /// When the last run of this review looked; none: this is the first.
    pub since: Option<DateTime<Utc>>,
    /// The journal since then, in order; others may stand in it and are left out.
    pub entries: &'a [Entry],
    /// What became of the tasks, from the whole journal.
    pub history: &'a History,
    /// Who was told last of each task.
    pub told: &'a BTreeMap<TaskId, LastTold>,
    /// Every ladder: the looks back, and who reviews what was handed in.
    pub ladders: &'a BTreeMap<LadderId, Ladder>,
    /// The journal's last entry; none: it is empty.
    pub head: Option<&'a ChainHead>,
    /// The figures of the last run by [`Summary::key`].
    pub previous: &'a BTreeMap<String, Figures>,
    /// Whom messages did not reach since then.
    pub undelivered: &'a [Undelivered],
    /// Where rows and journal disagree.
    pub mismatches: &'a [Mismatch],
    /// Everyone.
    pub people: &'a People,
    /// The calendar.
    pub almanac: &'a Almanac,
    /// The present.
    pub now: DateTime<Utc>,
    /// When the cron text wanted this run; a day off may have moved it from there.
    pub nominal: DateTime<Utc>,
}

/// Who gets it, each once, in order of id: the widest scope wins, else parts are joined. Nobody without a task that is
/// open or was closed since the last run, except the office.
#[must_use]
pub fn recipients(input: &ReviewInput<'_>) -> Vec<Reader> {
    Board::of(input).readers()
}

/// What the review says to one reader; for many of them, [`Board`] looks at each task once.
#[must_use]
pub fn summary(input: &ReviewInput<'_>, reader: &Reader) -> Summary {
    Board::of(input).summary(reader)
}

/// What goes into the outbox for a summary that has its words.
#[must_use]
pub fn content(summary: &Summary, words: Words, now: DateTime<Utc>) -> Content {
    Content {
        recipient: summary.recipient.clone(),
        locale: summary.locale,
        words,
        notices: Vec::new(),
        figures: Some(summary.figures),
        thread: None,
        urgent: false,
        as_of: now,
        whole: None,
        attachments: Vec::new(),
        calendar: None,
        until: None,
    }
}

fn owners(task: &Task) -> Vec<Party> {
    if task.owner.is_empty() {
        vec![Party::Unit(task.unit.clone())]
    } else {
        task.owner.clone()
    }
}

fn person_name(people: &People, id: &PersonId) -> String {
    people
        .persons
        .get(id)
        .map_or_else(|| id.as_str().to_owned(), |person| person.name.clone())
}

#[cfg(test)]
mod tests;
