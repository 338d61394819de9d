//! What the journal says became of tasks: each deadline that was met or missed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::id::{TaskId, UnitId};
use crate::domain::journal::{Entry, Fact};
use crate::domain::task::Task;
use crate::domain::when::When;
use crate::rules::calendar::Almanac;

/// A round of a task whose deadline was met or missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Whose.
    pub unit: UnitId,
    /// Of which kind.
    pub kind: String,
    /// The day on which it was known: the deadline, or the closing before it.
    pub on: NaiveDate,
    /// Whether the deadline passed before it was handed in or closed.
    pub late: bool,
    /// Working days from the opening to the closing; none: it is open.
    pub span: Option<i64>,
}

/// What became of tasks, up to the last entry that it was given.
#[derive(Clone, Debug, Default)]
pub struct History {
    settled: Vec<Settled>,
    relapses: BTreeSet<u64>,
}

/// A round of a task that is not over.
struct Round {
    due: When,
    opened: NaiveDate,
    submitted: Option<DateTime<Utc>>,
    late: bool,
    is_open: bool,
    was_closed: bool,
}

impl History {
    /// Reads entries in order, at `now`; those that are no facts, or of tasks that are not there, are passed over.
    #[must_use]
    pub fn of<'a>(
        tasks: impl Iterator<Item = &'a Task>,
        entries: &[Entry],
        almanac: &Almanac,
        now: DateTime<Utc>,
    ) -> Self {
        let tasks: BTreeMap<&TaskId, &Task> = tasks.map(|task| (&task.id, task)).collect();
        let mut rounds: BTreeMap<&TaskId, Round> = BTreeMap::new();
        let mut history = Self::default();
        for entry in entries {
            let Some((id, task)) = entry.task.as_ref().and_then(|id| Some((id, *tasks.get(id)?))) else {
                continue;
            };
            let (Some(fact), Ok(at)) = (entry.fact(), entry.at.parse::<DateTime<Utc>>()) else {
                continue;
            };
            if let Fact::Loaded { due, opened, .. } = &fact {
                rounds.entry(id).or_insert_with(|| Round {
                    due: *due,
                    opened: opened.map_or_else(|| almanac.today(at), |opened| almanac.date_of(opened)),
                    submitted: None,
                    late: false,
                    is_open: true,
                    was_closed: false,
                });
            } else if let Some(round) = rounds.get_mut(id) {
                history.step(task, round, entry.seq, &fact, at, almanac);
            }
        }
        for (id, round) in rounds {
            // What is open past its deadline is late already, closed or not.
            if let Some(task) = tasks.get(id)
                && round.is_open
                && (round.late || round.is_passed(now, almanac))
            {
                history
                    .settled
                    .push(settled(task, almanac.date_of(round.due), true, None));
            }
        }
        history
    }

    /// Every round that is settled.
    #[must_use]
    pub fn settled(&self) -> &[Settled] {
        &self.settled
    }

    /// Whether the entry of that number reopened a task that had been closed, and not merely called off.
    #[must_use]
    pub fn is_relapse(&self, seq: u64) -> bool {
        self.relapses.contains(&seq)
    }

    fn step(&mut self, task: &Task, round: &mut Round, seq: u64, fact: &Fact, at: DateTime<Utc>, almanac: &Almanac) {
        match fact {
            Fact::Submitted => round.submitted = Some(at),
            Fact::Returned { due } => {
                round.submitted = None;
                if let Some(due) = due {
                    round.move_due(*due, at, almanac);
                }
            }
            Fact::DueChanged { to, .. } | Fact::ExtensionGranted { to, .. } => round.move_due(*to, at, almanac),
            Fact::OpenedChanged { to, .. } => round.opened = almanac.date_of(*to),
            Fact::Closed { on } if round.is_open => {
                let day = on.map_or_else(|| almanac.today(at), |on| almanac.date_of(on));
                // What was handed in waits for others from then on.
                let done = round.submitted.map_or(day, |at| almanac.today(at).min(day));
                let due = almanac.date_of(almanac.effective_due(round.due));
                let late = round.late || done > due;
                let span = almanac.calendar.working_days_between(round.opened, done).max(0);
                let on = if late { due } else { done.min(due) };
                self.settled.push(settled(task, on, late, Some(span)));
                round.is_open = false;
                round.was_closed = true;
            }
            Fact::Reopened { due } => {
                if round.was_closed {
                    self.relapses.insert(seq);
                }
                *round = Round {
                    due: due.unwrap_or(round.due),
                    opened: almanac.today(at),
                    submitted: None,
                    late: false,
                    is_open: true,
                    was_closed: false,
                };
            }
            Fact::Cancelled => {
                round.is_open = false;
                round.was_closed = false;
            }
            Fact::Withdrawn => round.is_open = false,
            Fact::Restored => round.is_open = !round.was_closed,
            Fact::Loaded { .. }
            | Fact::Acknowledged
            | Fact::Reported { .. }
            | Fact::Closed { .. }
            | Fact::ExtensionAsked { .. }
            | Fact::ExtensionRefused { .. }
            | Fact::LadderChanged { .. }
            | Fact::Changed { .. } => {}
        }
    }
}

impl Round {
    /// A deadline that is moved after it passed was missed all the same.
    fn move_due(&mut self, due: When, at: DateTime<Utc>, almanac: &Almanac) {
        self.late |= self.is_passed(at, almanac);
        self.due = due;
    }

    fn is_passed(&self, at: DateTime<Utc>, almanac: &Almanac) -> bool {
        self.submitted.is_none() && almanac.due_instant(self.due) <= at
    }
}

fn settled(task: &Task, on: NaiveDate, late: bool, span: Option<i64>) -> Settled {
    Settled {
        unit: task.unit.clone(),
        kind: task.kind.clone(),
        on,
        late,
        span,
    }
}
