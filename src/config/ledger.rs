//! Ledger rows to tasks.

use std::collections::{BTreeMap, HashMap};

use chrono::Datelike;

use crate::domain::id::TaskId;
use crate::domain::people::Party;
use crate::domain::task::{Status, Task};
use crate::domain::when::When;
use crate::files::date;
use crate::rules::calendar::{YEAR_MAX, YEAR_MIN};
use crate::rules::recurrence::{self, Duty, Repeat};

use super::calendar::civil_day;
use super::choice::Choice;
use super::faults::{Faults, Place, Placed};
use super::names::{Names, Wanted};
use super::raw::keys::Column;
use super::raw::{Raw, RawTask};

/// Words of the status column.
const STATUS_WORDS: &[(&str, Status)] = &[
    ("open", Status::Open),
    ("未开始", Status::Open),
    ("进行中", Status::Open),
    ("整改中", Status::Open),
    ("submitted", Status::Submitted),
    ("待审核", Status::Submitted),
    ("已报送", Status::Submitted),
    ("closed", Status::Closed),
    ("已办结", Status::Closed),
    ("已完成", Status::Closed),
    ("已销号", Status::Closed),
    ("cancelled", Status::Cancelled),
    ("已取消", Status::Cancelled),
];

/// Tasks, with the place of each.
pub(super) struct Proven {
    pub(super) tasks: Vec<Task>,
    /// Rows that repeat.
    pub(super) duties: Vec<Duty>,
    pub(super) places: BTreeMap<TaskId, Place>,
}

/// All rows to tasks, in their order; a fault for each that is wrong.
pub(super) fn settle(faults: &mut Faults, raw: &Raw, names: &Names, rows: &[RawTask]) -> Proven {
    let mut book = Book {
        raw,
        names,
        choice: Choice::of(faults, raw),
        found: HashMap::new(),
    };
    let mut proven = Proven {
        tasks: Vec::with_capacity(rows.len()),
        duties: Vec::new(),
        places: BTreeMap::new(),
    };
    // Ids by what they look like: full-width letters and digits as plain ones.
    let mut alike: HashMap<String, &Placed<String>> = HashMap::new();
    let rows: Vec<&RawTask> = rows
        .iter()
        .flat_map(|row| std::iter::once(row).chain(&row.milestones))
        .collect();
    for (order, row) in (0..).zip(&rows) {
        let task = book.task(faults, row, order);
        let repeat = repeat(faults, row);
        if let Some(id) = row.cell(Column::Id)
            && let Some(other) = alike.insert(date::plain(&id.value), id)
            && other.value != id.value
        {
            let text = format!(
                "task ids `{}` and `{}`, at {}, look alike and are two tasks",
                id.value,
                other.value,
                faults.at(other.place)
            );
            faults.warning(id.place, text);
        }
        if let Some(id) = row.cell(Column::Id) {
            if let Some(first) = proven.places.get(&TaskId::new(id.value.as_str())) {
                let text = format!("task id `{}` stands twice, first at {}", id.value, faults.at(*first));
                faults.error_hint(id.place, text, "an id belongs to one task for ever");
                continue;
            }
            proven.places.insert(TaskId::new(id.value.as_str()), id.place);
        }
        match (task, repeat) {
            (Some(task), Some(Some(repeat))) => {
                let text = row
                    .cell(Column::Repeat)
                    .map(|cell| cell.value.clone())
                    .unwrap_or_default();
                proven.duties.push(Duty { task, repeat, text });
            }
            (Some(task), Some(None)) => proven.tasks.push(task),
            (None, _) | (_, None) => {}
        }
    }
    for row in &rows {
        refuse_id_of_occurrence(faults, row, &proven);
    }
    proven
}

/// The ids of occurrences are made, never written.
fn refuse_id_of_occurrence(faults: &mut Faults, row: &RawTask, proven: &Proven) {
    let Some(cell) = row.cell(Column::Id) else { return };
    let id = TaskId::new(cell.value.as_str());
    let Some((parent, day)) = recurrence::parts(&id) else {
        return;
    };
    let parent = TaskId::new(parent);
    let text = match proven.places.get(&parent) {
        Some(place) if proven.duties.iter().any(|duty| duty.task.id == parent) => format!(
            "task id `{id}` is that of an occurrence of task `{parent}`, at {}",
            faults.at(*place)
        ),
        Some(_) | None => format!("task id `{id}` is written as that of an occurrence of a task `{parent}` on {day}"),
    };
    let hint = "ids that end in `@` and a date belong to rows that repeat: act on an occurrence by `duban task`";
    faults.error_hint(cell.place, text, hint);
}

/// How a row comes round, none inside where it does not; none where what it says is wrong.
fn repeat(faults: &mut Faults, row: &RawTask) -> Option<Option<Repeat>> {
    let Some(cell) = row.cell(Column::Repeat) else {
        return Some(None);
    };
    let mut right = true;
    if let Some(stage) = row.milestones.first() {
        right = false;
        faults.error_hint(
            stage.place,
            "a task that repeats has no milestones",
            "give each stage a row of its own that repeats",
        );
    }
    for column in [Column::Due, Column::Status, Column::Progress, Column::Closed] {
        if let Some(cell) = row.cell(column) {
            right = false;
            let text = format!(
                "a task that repeats has no {}: each occurrence has its own",
                column.key()
            );
            let hint = if column == Column::Due {
                "take out `due`: `repeat` says when, `opened` from when on"
            } else {
                "act on an occurrence by its id, for example `duban task close 12@2022-03-31`"
            };
            faults.error_hint(cell.place, text, hint);
        }
    }
    let Some(opened) = row.cell(Column::Opened) else {
        let hint = "write `opened`: the first occurrence is the first on or after that day";
        faults.error_hint(cell.place, "a task that repeats has no opened (立项日期)", hint);
        return None;
    };
    // A date that cannot be read was told with the others.
    let opened = civil_day(date::parse(&opened.value).ok()?);
    let found = cell
        .value
        .parse::<Repeat>()
        .and_then(|repeat| repeat.proven(&cell.value, opened));
    match found {
        Ok(repeat) => right.then_some(Some(repeat)),
        Err(error) => {
            faults.error_hint(cell.place, format!("repeat: {error}"), error.hint());
            None
        }
    }
}

struct Book<'a> {
    raw: &'a Raw,
    names: &'a Names,
    choice: Choice,
    /// Names that were looked up before: a ledger names the same few again and again.
    found: HashMap<(String, bool), Party>,
}

impl Book<'_> {
    fn task(&mut self, faults: &mut Faults, row: &RawTask, order: u32) -> Option<Task> {
        tell_of_blanks(faults, row);
        let text = |column: Column| row.cell(column).map(|cell| cell.value.clone()).unwrap_or_default();
        let dates = self.dates(faults, row);
        let units = self.parties(faults, row, Column::Unit, Wanted::Unit);
        let leads = self.parties(faults, row, Column::Lead, Wanted::Either);
        let owner = self.parties(faults, row, Column::Owner, Wanted::Either);
        let supervisors = self.parties(faults, row, Column::Supervisor, Wanted::Either);
        let empty = None;
        let kind = row.cells.get(Column::Kind.index()).unwrap_or(&empty);
        let ladder = row.cells.get(Column::Ladder.index()).unwrap_or(&empty);
        let ladder = self.choice.choose(faults, self.raw, ladder, kind, row.place);
        let status = status(faults, row);
        if let (Some(id), Some(place)) = (row.cell(Column::Id), row.cell(Column::Id).map(|id| id.place))
            && id.value.contains(char::is_control)
        {
            faults.error(place, "a task id stands on one line");
        }
        if supervisors.as_ref().is_some_and(|found| found.len() > 1)
            && let Some(cell) = row.cell(Column::Supervisor)
        {
            faults.warning(
                cell.place,
                "more than one supervisor: the first one answers, the others are not told",
            );
        }
        if let (Some(Some(Status::Open | Status::Submitted | Status::Cancelled)), Some(cell)) =
            (status, row.cell(Column::Closed))
        {
            faults.warning(cell.place, "the task has a closing date, but its status is not closed");
        }
        let (opened, due, closed) = dates?;
        let (units, leads) = (units?, leads?);
        let mut units = units.into_iter();
        let (Some((Party::Unit(unit), _)), mut leads) = (units.next(), leads.into_iter()) else {
            return None;
        };
        Some(Task {
            id: TaskId::new(row.cell(Column::Id)?.value.as_str()),
            order,
            title: row.cell(Column::Title)?.value.clone(),
            area: text(Column::Area),
            problem: text(Column::Problem),
            measures: text(Column::Measures),
            lead: leads.next()?.0,
            lead_copies: leads.map(|(party, _)| party).collect(),
            unit,
            assisting: assisting(units.map(|(_, name)| name), &text(Column::Assisting)),
            owner: owner?.into_iter().map(|(party, _)| party).collect(),
            supervisor: supervisors?.into_iter().next().map(|(party, _)| party),
            opened,
            due,
            kind: text(Column::Kind),
            evidence: text(Column::Evidence),
            ladder: ladder?,
            status: status?,
            progress: text(Column::Progress),
            closed,
            batch: text(Column::Batch),
            note: text(Column::Note),
        })
    }

    /// Those whom a cell names, with the names as written; none where one is unknown.
    fn parties(
        &mut self,
        faults: &mut Faults,
        row: &RawTask,
        column: Column,
        wanted: Wanted,
    ) -> Option<Vec<(Party, String)>> {
        let Some(cell) = row.cell(column) else {
            return Some(Vec::new());
        };
        let mut parties: Vec<(Party, String)> = Vec::new();
        let mut right = true;
        for name in self.names.split(&cell.value) {
            let key = (name.to_owned(), wanted == Wanted::Unit);
            let known = self.found.get(&key).cloned();
            match known.or_else(|| self.names.find(faults, name, cell.place, wanted)) {
                Some(party) => {
                    self.found.insert(key, party.clone());
                    if !parties.iter().any(|(other, _)| *other == party) {
                        parties.push((party, name.to_owned()));
                    }
                }
                None => right = false,
            }
        }
        right.then_some(parties)
    }

    fn dates(&self, faults: &mut Faults, row: &RawTask) -> Option<(Option<When>, When, Option<When>)> {
        let mut right = true;
        let mut read = |column: Column| {
            let cell = row.cell(column)?;
            let found = when(faults, cell, column);
            right &= found.is_some();
            found
        };
        let opened = read(Column::Opened);
        // A row that repeats has no deadline of its own; its opening stands for one, which nothing reads.
        let due = match row.cell(Column::Repeat) {
            Some(_) => opened,
            None => read(Column::Due),
        };
        let closed = read(Column::Closed);
        if let (Some(opened), Some(due), Some(cell)) = (opened, due, row.cell(Column::Due))
            && civil_day(due) < civil_day(opened)
        {
            faults.error(
                cell.place,
                format!("the task is due on {due}, before it is opened on {opened}"),
            );
        }
        right.then_some((opened, due?, closed))
    }
}

/// Says which of the cells that every task has are empty, each at its place where that is known, else at the id.
fn tell_of_blanks(faults: &mut Faults, row: &RawTask) {
    for column in Column::REQUIRED {
        let comes_round = column == Column::Due && row.cell(Column::Repeat).is_some();
        if row.cell(column).is_none() && !comes_round && !row.excused.contains(&column) {
            let name = row
                .cell(Column::Id)
                .map_or_else(|| "a task".to_owned(), |id| format!("task `{}`", id.value));
            let blank = row
                .blanks
                .iter()
                .find(|(blank, _)| *blank == column)
                .map(|(_, place)| *place);
            let place = blank.unwrap_or_else(|| row.cell(Column::Id).map_or(row.place, |id| id.place));
            let text = format!("{name} has no {} ({})", column.key(), column.headers().join(" or "));
            faults.error(place, text);
        }
    }
}

fn when(faults: &mut Faults, cell: &Placed<String>, column: Column) -> Option<When> {
    match date::parse(&cell.value) {
        Err(error) => faults.error_hint(
            cell.place,
            format!("{}: {error}", column.key()),
            date::hint(&cell.value),
        ),
        Ok(when) if !(YEAR_MIN..=YEAR_MAX).contains(&civil_day(when).year()) => {
            let text = format!("{}: {when} is not within {YEAR_MIN} to {YEAR_MAX}", column.key());
            faults.error(cell.place, text);
        }
        Ok(when) => return Some(when),
    }
    None
}

/// The outer none: the word is unknown.
fn status(faults: &mut Faults, row: &RawTask) -> Option<Option<Status>> {
    let Some(cell) = row.cell(Column::Status) else {
        return Some(None);
    };
    let word = cell.value.to_lowercase();
    let found = STATUS_WORDS.iter().find(|(known, _)| *known == word);
    if found.is_none() {
        let text = format!("status `{}` is unknown", cell.value);
        let words = STATUS_WORDS.iter().map(|(word, _)| *word);
        let hint = format!("one of: {}", words.clone().collect::<Vec<_>>().join(", "));
        faults.unknown(cell.place, text, &cell.value, words, Some(hint));
    }
    found.map(|(_, status)| Some(*status))
}

/// Further responsible units before the free text, unless it names them already.
fn assisting(units: impl Iterator<Item = String>, text: &str) -> String {
    let mut parts: Vec<String> = units.filter(|unit| !text.contains(unit.as_str())).collect();
    if !text.is_empty() {
        parts.push(text.to_owned());
    }
    parts.join("、")
}
