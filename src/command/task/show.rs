//! `duban task show`: one task, its state and its history.

use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use crate::command::Failure;
use crate::command::cli::act::{Show, ShowFormat};
use crate::command::desk::{Desk, failed, note};
use crate::command::picture::{Picture, StatusRow, light_cell, party_id};
use crate::command::table::{Cell, Colour, Paint, Table, write_json};
use crate::daemon::timeline::local_time;
use crate::domain::journal::Entry;
use crate::domain::when::When;
use crate::rules::calendar::Almanac;
use crate::rules::intake;
use crate::store::StoredTask;

/// One task, in the shape that scripts read: its row of `status`, the other cells, and what happened.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    status: StatusRow,
    kind: String,
    ladder: String,
    problem: String,
    measures: String,
    evidence: String,
    note: String,
    assisting: String,
    lead_copies: Vec<String>,
    owner: Vec<String>,
    supervisor: Option<String>,
    opened: String,
    round: u32,
    returns: u32,
    acknowledged: Option<String>,
    reported: Option<String>,
    submitted: Option<String>,
    reviewed: Option<String>,
    closed: Option<String>,
    reopened: Option<String>,
    extension: Option<Value>,
    stages: Vec<String>,
    mismatches: Vec<Value>,
    history: Vec<Happened>,
}

/// One entry of the journal.
#[derive(Debug, Serialize)]
struct Happened {
    seq: u64,
    at: String,
    kind: String,
    by: String,
    data: Value,
}

pub(super) async fn show(flag: Option<&Path>, args: &Show) -> Result<(), Failure> {
    let desk = Desk::open_or_kept(flag).await?;
    let now = desk.now(args.now.as_deref())?;
    let store = desk.look_or_first_load(now).await?;
    let picture = Picture::of(&desk, store.as_ref(), now).await?;
    let stored = picture.task(&args.task)?;
    let entries = match &store {
        Some(store) => store.entries_of(&args.task).await.map_err(failed)?,
        None => Vec::new(),
    };
    let row = picture.row(&desk.config, stored, now);
    let mut shown = shown(row, stored, &entries, &desk.config.almanac);
    let stages = picture.stages_of(&args.task);
    shown.stages = stages.iter().map(|stage| stage.task.id.to_string()).collect();
    let family = Family {
        whole: picture.whole_of(&args.task),
        stages,
    };
    let mut out = io::stdout().lock();
    match args.format {
        ShowFormat::Json => write_json(&mut out, &shown)?,
        ShowFormat::Table => {
            let colour = Colour::for_stdout(desk.env.get("NO_COLOR"));
            cells(&desk, &shown, stored, &family).write(&mut out, colour)?;
            if !shown.history.is_empty() {
                writeln!(out)?;
                history(&shown.history).write(&mut out, colour)?;
            }
        }
    }
    for found in intake::mismatches(&stored.task, &stored.state) {
        note(&format!(
            "the ledger says {} {}, the journal {}",
            found.column, found.row, found.journal
        ));
    }
    Ok(())
}

fn shown(status: StatusRow, stored: &StoredTask, entries: &[Entry], almanac: &Almanac) -> Shown {
    let StoredTask { task, state, .. } = stored;
    let at = |at: Option<DateTime<Utc>>| at.map(|at| local_time(almanac, at));
    Shown {
        status,
        kind: task.kind.clone(),
        ladder: task.ladder.to_string(),
        problem: task.problem.clone(),
        measures: task.measures.clone(),
        evidence: task.evidence.clone(),
        note: task.note.clone(),
        assisting: task.assisting.clone(),
        lead_copies: task.lead_copies.iter().map(party_id).collect(),
        owner: task.owner.iter().map(party_id).collect(),
        supervisor: task.supervisor.as_ref().map(party_id),
        opened: value(almanac, state.opened),
        round: state.round,
        returns: state.returns,
        acknowledged: at(state.acknowledged),
        reported: at(state.reported),
        submitted: at(state.submitted),
        reviewed: at(state.reviewed),
        closed: state.closed.map(|closed| value(almanac, closed)),
        reopened: at(state.reopened),
        extension: state.asked.as_ref().map(|asked| {
            let (to, since) = (value(almanac, asked.to), local_time(almanac, asked.at));
            json!({"to": to, "asked": since, "note": asked.note})
        }),
        stages: Vec::new(),
        mismatches: intake::mismatches(task, state)
            .into_iter()
            .map(|found| json!({"column": found.column, "row": found.row, "journal": found.journal}))
            .collect(),
        history: entries
            .iter()
            .map(|entry| Happened {
                seq: entry.seq,
                at: entry
                    .at
                    .parse()
                    .map_or_else(|_| entry.at.clone(), |at| local_time(almanac, at)),
                kind: entry.kind.clone(),
                by: entry.by.clone(),
                data: entry.data.clone(),
            })
            .collect(),
    }
}

/// The task of which it is a stage, and its own stages.
struct Family<'a> {
    whole: Option<&'a StoredTask>,
    stages: Vec<&'a StoredTask>,
}

impl Family<'_> {
    fn whole(&self) -> String {
        let whole = self.whole.map(|whole| (&whole.task, whole.state.due));
        whole.map_or_else(String::new, |(task, due)| {
            format!("{} {}, due {due}", task.id, task.title)
        })
    }

    fn stages(&self) -> String {
        let stages: Vec<String> = self
            .stages
            .iter()
            .map(|stage| {
                let standing = stage.state.standing().as_str();
                format!("{} {standing}, due {}", stage.task.id, stage.state.due)
            })
            .collect();
        stages.join("; ")
    }
}

/// `until 2022-03-31, asked 2022-03-01T09:00:00+08:00: the rainy season`
fn extension(extension: Option<&Value>) -> String {
    let text = |name: &str| {
        extension
            .and_then(|value| value.get(name)?.as_str())
            .unwrap_or_default()
    };
    match extension {
        Some(_) => format!("until {}, since {}: {}", text("to"), text("asked"), text("note")),
        None => String::new(),
    }
}

/// A value as written; an instant in the configured zone.
fn value(almanac: &Almanac, when: When) -> String {
    match when {
        When::Date(_) | When::Local(_) => when.to_string(),
        When::Instant(at) => local_time(almanac, at.to_utc()),
    }
}

/// What is said of the task, a line each; empty cells are left out.
fn cells(desk: &Desk, shown: &Shown, stored: &StoredTask, family: &Family<'_>) -> Table {
    let people = &desk.config.people;
    let task = &stored.task;
    let names = |parties: &[_]| {
        let names: Vec<&str> = parties.iter().map(|party| people.name_of(party)).collect();
        names.join("、")
    };
    let unit = people.units.get(&task.unit);
    let row = &shown.status;
    let left = match (row.days_left, row.working_days_left) {
        (Some(days), Some(working)) => format!("{} ({days} days, {working} working days)", row.due),
        _ => row.due.clone(),
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let round = if shown.round > 0 {
        shown.round.to_string()
    } else {
        String::new()
    };
    let returns = if shown.returns > 0 {
        shown.returns.to_string()
    } else {
        String::new()
    };
    let mut table = Table::new(&["task", task.id.as_str()]);
    let lines: Vec<(&str, Cell)> = vec![
        ("title", Cell::painted(row.title.clone(), Paint::Bold)),
        ("light", light_cell(row.light)),
        ("state", row.state.into()),
        ("due", left.into()),
        (
            "extension asked",
            Cell::painted(extension(shown.extension.as_ref()), Paint::Yellow),
        ),
        ("progress", row.progress.clone().into()),
        ("part of", family.whole().into()),
        ("stages", family.stages().into()),
        ("batch", row.batch.clone().into()),
        ("area", row.area.clone().into()),
        ("problem", shown.problem.clone().into()),
        ("measures", shown.measures.clone().into()),
        (
            "unit",
            unit.map_or_else(|| row.unit.clone(), |unit| unit.name.clone()).into(),
        ),
        ("lead", people.name_of(&task.lead).into()),
        ("further leads", names(&task.lead_copies).into()),
        ("owner", names(&task.owner).into()),
        ("supervisor", names(task.supervisor.as_slice()).into()),
        ("assisting", shown.assisting.clone().into()),
        ("kind", shown.kind.clone().into()),
        ("ladder", shown.ladder.clone().into()),
        ("evidence", shown.evidence.clone().into()),
        ("note", shown.note.clone().into()),
        ("opened", shown.opened.clone().into()),
        ("acknowledged", text(&shown.acknowledged).into()),
        ("reported", text(&shown.reported).into()),
        ("submitted", text(&shown.submitted).into()),
        ("reviewed", text(&shown.reviewed).into()),
        ("returned", returns.into()),
        ("closed", text(&shown.closed).into()),
        ("reopened", text(&shown.reopened).into()),
        ("reopenings", round.into()),
        ("last notice", text(&row.last_notice).into()),
        ("next notice", text(&row.next_notice).into()),
    ];
    for (name, cell) in lines.into_iter().filter(|(_, cell)| !cell.text.is_empty()) {
        table.push(vec![Cell::painted(name, Paint::Dim), cell]);
    }
    table
}

fn history(entries: &[Happened]) -> Table {
    let mut table = Table::new(&["seq", "at", "what", "by", "words"]);
    for entry in entries {
        table.push(vec![
            entry.seq.to_string().into(),
            entry.at.clone().into(),
            entry.kind.clone().into(),
            entry.by.clone().into(),
            words(&entry.data).into(),
        ]);
    }
    table
}

/// What is told first of an entry; the other fields follow by name.
const FIRST: [&str; 9] = [
    "step",
    "level",
    "recipient",
    "role",
    "for",
    "channel",
    "progress",
    "due",
    "reason",
];

/// The fields of an entry, but those that only the program reads and what is empty: `due 2022-03-31, note relapse`.
fn words(data: &Value) -> String {
    let Value::Object(fields) = data else {
        return String::new();
    };
    let place = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    let mut names: Vec<&String> = fields
        .keys()
        .filter(|name| !matches!(name.as_str(), "ladder_print" | "id" | "at" | "notices"))
        .collect();
    names.sort_by_key(|name| (place(name), *name));
    let words: Vec<String> = names
        .into_iter()
        .filter_map(|name| word(name, fields.get(name)?))
        .collect();
    words.join(", ")
}

fn word(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(format!("{name} {text}")),
        Value::Array(items) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            Some(format!("{name} {}", items.join(" ")))
        }
        Value::Bool(true) => Some(name.to_owned()),
        Value::Number(_) | Value::Object(_) => Some(format!("{name} {value}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_tells_what_it_holds_without_what_is_empty() {
        let data = json!({"due": "2022-03-31", "from": null, "late": false, "note": "反弹", "ladder_print": "x"});
        assert_eq!(words(&data), "due 2022-03-31, note 反弹");
    }

    #[test]
    fn an_entry_of_a_notice_begins_with_its_step() {
        let data = json!({"at": "x", "late": true, "level": "due", "notices": ["n"], "step": "due/due"});
        assert_eq!(words(&data), "step due/due, level due, late");
    }
}
