//! The ledger as it stands, and what happened to it: the rows of a workbook, and each reader's part of them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, Timelike, Utc};

use super::calendar::Almanac;
use crate::domain::id::TaskId;
use crate::domain::journal::{Entry, Fact};
use crate::domain::people::{Party, People};
use crate::domain::review::{Reader, Scope};
use crate::domain::sheet::{Moment, Sheet, SheetChange, SheetRow};
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
        opened,
        due: moment(almanac, state.due),
        kind: task.kind.clone(),
        evidence: task.evidence.clone(),
        ladder: task.ladder.to_string(),
        phase: state.standing(),
        progress: if state.progress.is_empty() {
            task.progress.clone()
        } else {
            state.progress.clone()
        },
        closed: match state.phase {
            Phase::Closed => state.closed.map(|closed| moment(almanac, closed)),
            Phase::Open | Phase::Acknowledged | Phase::Submitted | Phase::Cancelled | Phase::Withdrawn => None,
        },
        note: task.note.clone(),
        light,
        days_late: (light == Light::Red).then_some(late.max(0)),
        reported: state.reported.map(|at| minute(almanac, at)),
        noticed: input.noticed.get(&task.id).map(|at| minute(almanac, *at)),
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
