//! The ledger as it stands, and what happened to it: the rows of a workbook, and each reader's part of them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, Timelike, Utc};

use super::calendar::Almanac;
use super::recurrence::{self, Duty};
use crate::domain::id::TaskId;
use crate::domain::journal::{Entry, Fact};
use crate::domain::people::{Locale, Party, People};
use crate::domain::review::{Reader, Scope};
use crate::domain::sheet::{Exact, Moment, Sheet, SheetChange, SheetRow};
use crate::domain::task::{Light, Phase, Task, TaskState};
use crate::domain::when::When;

/// Everything that workbooks are made from.
#[derive(Clone, Copy, Debug)]
pub struct SheetInput<'a> {
    /// Every task that the store knows, in ledger order.
    pub tasks: &'a [(Task, TaskState)],
    /// The journal since the last review, in order.
    pub entries: &'a [Entry],
    /// When somebody was last told of each task.
    pub noticed: &'a BTreeMap<TaskId, DateTime<Utc>>,
    /// Everyone.
    pub people: &'a People,
    /// The calendar.
    pub almanac: &'a Almanac,
    /// The present.
    pub now: DateTime<Utc>,
}

/// All rows and all changes, made once for all readers.
#[derive(Clone, Debug)]
pub struct SheetBook {
    as_of: NaiveDateTime,
    rows: Vec<SheetRow>,
    places: BTreeMap<TaskId, usize>,
    changes: Vec<SheetChange>,
}

impl SheetBook {
    /// Makes all rows. Tasks that are not in the ledger any more have none.
    #[must_use]
    pub fn new(input: &SheetInput<'_>) -> Self {
        let names = Names::new(input.people);
        let in_ledger = input.tasks.iter().filter(|(_, state)| !state.withdrawn);
        let rows: Vec<SheetRow> = in_ledger.map(|(task, state)| row(task, state, input, &names)).collect();
        let places = rows.iter().enumerate().map(|(place, row)| (row.id.clone(), place));
        Self {
            as_of: minute(input.almanac, input.now),
            places: places.collect(),
            changes: changes(input),
            rows,
        }
    }

    /// The ledger as it stands, for a load that changes nothing: what the rows left open stays open, rows that repeat stand
    /// in place of their occurrences.
    #[must_use]
    pub fn ledger(input: &SheetInput<'_>, duties: &[Duty]) -> Self {
        let names = Names::new(input.people);
        let in_ledger = input.tasks.iter().filter(|(_, state)| !state.withdrawn);
        let is_row = |task: &Task| recurrence::parts(&task.id).is_none();
        let mut rows: Vec<(u32, SheetRow)> = in_ledger
            .filter(|(task, _)| is_row(task))
            .map(|(task, state)| (task.order, ledger_row(task, state, input, &names)))
            .collect();
        rows.extend(duties.iter().map(|duty| (duty.task.order, duty_row(duty, &names))));
        rows.sort_by_key(|(order, _)| *order);
        Self {
            as_of: minute(input.almanac, input.now),
            places: BTreeMap::new(),
            changes: Vec::new(),
            rows: rows.into_iter().map(|(_, row)| row).collect(),
        }
    }

    /// All rows, in a language.
    #[must_use]
    pub fn whole(&self, locale: Locale) -> Sheet<'_> {
        Sheet {
            locale,
            as_of: self.as_of,
            rows: self.rows.iter().collect(),
            changes: self.changes.iter().collect(),
        }
    }

    /// As of when all this is, local.
    #[must_use]
    pub fn as_of(&self) -> NaiveDateTime {
        self.as_of
    }

    /// A task's row; none where it is not in the ledger any more.
    #[must_use]
    pub fn row(&self, task: &TaskId) -> Option<&SheetRow> {
        self.rows.get(*self.places.get(task)?)
    }

    /// The rows of a part of the ledger, in its order.
    #[must_use]
    pub fn rows_in(&self, scope: &Scope) -> Vec<&SheetRow> {
        match scope {
            Scope::Everything => self.rows.iter().collect(),
            Scope::Tasks(tasks) => {
                let places: BTreeSet<usize> = tasks.iter().filter_map(|task| self.places.get(task)).copied().collect();
                places.into_iter().filter_map(|place| self.rows.get(place)).collect()
            }
        }
    }

    /// A reader's part.
    #[must_use]
    pub fn sheet_of(&self, reader: &Reader) -> Sheet<'_> {
        let changes = self.changes.iter().filter(|change| reader.scope.holds(&change.task));
        Sheet {
            locale: reader.locale,
            as_of: self.as_of,
            rows: self.rows_in(&reader.scope),
            changes: changes.collect(),
        }
    }
}

fn row(task: &Task, state: &TaskState, input: &SheetInput<'_>, names: &Names<'_>) -> SheetRow {
    let almanac = input.almanac;
    let light = almanac.light(state, input.now);
    let all = |parties: &[Party]| parties.iter().map(|party| names.of(party)).collect::<Vec<_>>();
    let of_unit = || {
        let unit = input.people.units.get(&task.unit)?;
        unit.supervisor.clone()
    };
    // A row without an opening date was opened when it was loaded: that day is enough.
    let opened = match task.opened {
        None => Moment::Day(almanac.date_of(state.opened)),
        Some(_) => moment(almanac, state.opened),
    };
    let late = (almanac.today(input.now) - almanac.date_of(almanac.effective_due(state.due))).num_days();
    SheetRow {
        id: task.id.clone(),
        area: task.area.clone(),
        problem: task.problem.clone(),
        title: task.title.clone(),
        measures: task.measures.clone(),
        lead: std::iter::once(&task.lead)
            .chain(&task.lead_copies)
            .map(|party| names.of(party))
            .collect(),
        unit: names.of(&Party::Unit(task.unit.clone())),
        assisting: task.assisting.clone(),
        owner: all(&task.owner),
        supervisor: task.supervisor.clone().or_else(of_unit).map(|party| names.of(&party)),
        opened: Some(opened),
        due: Some(moment(almanac, state.due)),
        repeat: String::new(),
        kind: task.kind.clone(),
        evidence: task.evidence.clone(),
        ladder: task.ladder.to_string(),
        phase: state.standing(),
        status: Some(state.standing()),
        progress: if state.progress.is_empty() {
            task.progress.clone()
        } else {
            state.progress.clone()
        },
        closed: match state.phase {
            Phase::Closed => state.closed.map(|closed| moment(almanac, closed)),
            Phase::Open | Phase::Acknowledged | Phase::Submitted | Phase::Cancelled | Phase::Withdrawn => None,
        },
        batch: task.batch.clone(),
        note: task.note.clone(),
        light,
        days_late: (light == Light::Red).then_some(late.max(0)),
        reported: state.reported.map(|at| minute(almanac, at)),
        noticed: input.noticed.get(&task.id).map(|at| minute(almanac, *at)),
    }
}

/// A row from which a load finds the task as it is: supervisor, opening and status only where they are the row's own, times
/// as exact as they are.
fn ledger_row(task: &Task, state: &TaskState, input: &SheetInput<'_>, names: &Names<'_>) -> SheetRow {
    let almanac = input.almanac;
    let is_untouched = state.phase == Phase::Open && task.status.is_none();
    let closed = match state.phase {
        // Without a day of its own a closing is known to the moment; its day is enough.
        Phase::Closed => state.closed.map(|closed| match (task.closed, closed) {
            (None, When::Instant(_)) => Moment::Day(almanac.date_of(closed)),
            _ => exact(closed),
        }),
        Phase::Open | Phase::Acknowledged | Phase::Submitted | Phase::Cancelled | Phase::Withdrawn => None,
    };
    SheetRow {
        supervisor: task.supervisor.as_ref().map(|party| names.of(party)),
        opened: task.opened.map(|_| exact(state.opened)),
        due: Some(exact(state.due)),
        status: (!is_untouched).then_some(state.phase),
        closed,
        ..row(task, state, input, names)
    }
}

fn duty_row(duty: &Duty, names: &Names<'_>) -> SheetRow {
    let task = &duty.task;
    let all = |parties: &[Party]| parties.iter().map(|party| names.of(party)).collect::<Vec<_>>();
    let lead = std::iter::once(&task.lead).chain(&task.lead_copies);
    SheetRow {
        id: task.id.clone(),
        area: task.area.clone(),
        problem: task.problem.clone(),
        title: task.title.clone(),
        measures: task.measures.clone(),
        lead: lead.map(|party| names.of(party)).collect(),
        unit: names.of(&Party::Unit(task.unit.clone())),
        assisting: task.assisting.clone(),
        owner: all(&task.owner),
        supervisor: task.supervisor.as_ref().map(|party| names.of(party)),
        opened: task.opened.map(exact),
        due: None,
        repeat: duty.text.clone(),
        kind: task.kind.clone(),
        evidence: task.evidence.clone(),
        ladder: task.ladder.to_string(),
        phase: Phase::Open,
        status: None,
        progress: String::new(),
        closed: None,
        batch: task.batch.clone(),
        note: task.note.clone(),
        light: Light::Green,
        days_late: None,
        reported: None,
        noticed: None,
    }
}

fn changes(input: &SheetInput<'_>) -> Vec<SheetChange> {
    let titles: BTreeMap<&TaskId, &str> = input
        .tasks
        .iter()
        .map(|(task, _)| (&task.id, task.title.as_str()))
        .collect();
    let change = |entry: &Entry| {
        let task = entry.task.as_ref()?;
        let fact: Fact = entry.fact()?;
        let at = DateTime::parse_from_rfc3339(&entry.at).ok()?.to_utc();
        let note = entry.data.get("note").and_then(|note| note.as_str());
        Some(SheetChange {
            at: minute(input.almanac, at),
            task: task.clone(),
            title: titles.get(task).copied().unwrap_or_default().to_owned(),
            by: entry.by.clone(),
            fact,
            note: note.unwrap_or_default().to_owned(),
        })
    };
    input.entries.iter().rev().filter_map(change).collect()
}

/// To the minute, as messages say it.
fn minute(almanac: &Almanac, at: DateTime<Utc>) -> NaiveDateTime {
    let local = almanac.local(at).naive_local();
    local
        .with_second(0)
        .and_then(|local| local.with_nanosecond(0))
        .unwrap_or(local)
}

fn moment(almanac: &Almanac, when: When) -> Moment {
    match when {
        When::Date(day) => Moment::Day(day),
        When::Local(local) => Moment::Minute(local),
        When::Instant(instant) => Moment::Minute(minute(almanac, instant.to_utc())),
    }
}

/// As exact as it is.
fn exact(when: When) -> Moment {
    match when {
        When::Date(day) => Moment::Day(day),
        When::Local(local) if local.second() == 0 && local.nanosecond() == 0 => Moment::Minute(local),
        When::Local(local) => Moment::Exact(Exact::Second(local)),
        When::Instant(instant) => Moment::Exact(Exact::Instant(instant)),
    }
}

/// Names by which a ledger finds people and units again.
struct Names<'a> {
    people: &'a People,
    /// How many people and units have each name.
    counts: BTreeMap<&'a str, u32>,
}

impl<'a> Names<'a> {
    fn new(people: &'a People) -> Self {
        let mut counts = BTreeMap::new();
        let persons = people.persons.values().map(|person| person.name.as_str());
        let units = people.units.values();
        let units = units.flat_map(|unit| std::iter::once(&unit.name).chain(&unit.aliases).map(String::as_str));
        for name in persons.chain(units) {
            *counts.entry(name).or_default() += 1;
        }
        Self { people, counts }
    }

    /// The name, or the id where the name is another's too, or would be read as several.
    fn of(&self, party: &Party) -> String {
        let name = self.people.name_of(party);
        let is_one = !name.contains(['、', '，', ',', '；', ';', '\n']);
        if is_one && self.counts.get(name) == Some(&1) {
            return name.to_owned();
        }
        match party {
            Party::Person(id) => id.to_string(),
            Party::Unit(id) => id.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
