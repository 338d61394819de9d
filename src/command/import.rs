//! `duban import`: a table as a ledger in TOML, or what it would change.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use crate::command::cli::Import;
use crate::command::desk::{eprint, hinted, not_understood, note};
use crate::command::{Failure, handout};
use crate::config::{self, Config, Environment};
use crate::domain::id::TaskId;
use crate::domain::people::{Party, People};
use crate::domain::task::Task;

/// A text in a list of differences is cut to so many characters.
const SHOWN_CHARS: usize = 40;

pub(super) fn import(flag: Option<&Path>, args: &Import) -> Result<(), Failure> {
    let env = Environment::from_process();
    let path = config::find(flag, &env).map_err(not_understood)?;
    let read = config::import(&path, &args.file, &env).map_err(not_understood)?;
    for warning in read
        .config
        .warnings
        .iter()
        .filter(|warning| warning.file.as_deref() == Some(&args.file))
    {
        eprint(&format!("{warning}\n"));
    }
    let mut out = io::stdout().lock();
    if args.dry_run {
        return Ok(out.write_all(difference(&path, &env, &read.config, args).as_bytes())?);
    }
    let source = args.file.file_name().unwrap_or_default().to_string_lossy();
    let source: String = source.chars().filter(|letter| !letter.is_control()).collect();
    let text = format!("# Written by `duban import` from {source}.\n\n{}", read.toml);
    let Some(place) = &args.output else {
        out.write_all(text.as_bytes())?;
        return Ok(out.flush()?);
    };
    if place.exists() && !args.force {
        let text = format!("{} is there already", place.display());
        return Err(hinted(&text, "see what differs by --dry-run; write over it by --force"));
    }
    handout::write(place, text.as_bytes())?;
    note(&format!(
        "{} tasks are written to {}; they count once `ledger` names it in place of the table",
        count(&read.config),
        place.display()
    ));
    Ok(())
}

fn count(config: &Config) -> usize {
    config.tasks.len() + config.duties.len()
}

/// What the table says otherwise than the ledger in force.
fn difference(path: &Path, env: &Environment, new: &Config, args: &Import) -> String {
    let place = args.output.as_ref();
    let place = place.map_or_else(|| "standard output".to_owned(), |place| place.display().to_string());
    let would = format!("{} tasks would be written to {place}\n", count(new));
    let Ok(old) = config::load(path, env) else {
        note("the ledger in force has errors (see `duban check`): there is nothing to compare with");
        return would;
    };
    let (before, after) = (rows(&old), rows(new));
    let mut text = String::new();
    for (id, row) in in_order(&after) {
        match before.get(id) {
            None => text.push_str(&format!("+ {id}: {}\n", shown(&row.task.title))),
            Some(known) => {
                for (column, was, is) in changes(known, row, &new.people) {
                    text.push_str(&format!("~ {id}: {column}: {} -> {}\n", shown(&was), shown(&is)));
                }
            }
        }
    }
    for (id, row) in in_order(&before).into_iter().filter(|(id, _)| !after.contains_key(id)) {
        text.push_str(&format!("- {id}: {}\n", shown(&row.task.title)));
    }
    if text.is_empty() {
        text.push_str("nothing differs from the ledger in force\n");
    }
    text + &would
}

/// A row of a ledger, whether it repeats or not.
struct Row<'a> {
    task: &'a Task,
    repeat: &'a str,
}

/// As they stand in their ledger.
fn in_order<'a, 'b>(rows: &'b BTreeMap<&'a TaskId, Row<'a>>) -> Vec<(&'a TaskId, &'b Row<'a>)> {
    let mut rows: Vec<_> = rows.iter().map(|(id, row)| (*id, row)).collect();
    rows.sort_by_key(|(_, row)| row.task.order);
    rows
}

fn rows(config: &Config) -> BTreeMap<&TaskId, Row<'_>> {
    let tasks = config.tasks.iter().map(|task| (&task.id, Row { task, repeat: "" }));
    let duties = config.duties.iter().map(|duty| {
        let (task, repeat) = (&duty.task, duty.text.as_str());
        (&task.id, Row { task, repeat })
    });
    tasks.chain(duties).collect()
}

/// The cells that differ, as column, before and after.
fn changes(old: &Row<'_>, new: &Row<'_>, people: &People) -> Vec<(&'static str, String, String)> {
    let cells = |row: &Row<'_>| cells(row, people);
    let pairs = cells(old).into_iter().zip(cells(new));
    pairs
        .filter(|(old, new)| old.1 != new.1)
        .map(|((column, was), (_, is))| (column, was, is))
        .collect()
}

fn cells(row: &Row<'_>, people: &People) -> [(&'static str, String); 20] {
    let task = row.task;
    let party = |party: &Party| people.name_of(party).to_owned();
    let all = |parties: &[Party]| parties.iter().map(party).collect::<Vec<_>>().join("、");
    let leads: Vec<Party> = std::iter::once(&task.lead).chain(&task.lead_copies).cloned().collect();
    let when = |when: Option<crate::domain::when::When>| when.map(|when| when.to_string()).unwrap_or_default();
    let due = row.repeat.is_empty().then_some(task.due);
    [
        ("area", task.area.clone()),
        ("problem", task.problem.clone()),
        ("title", task.title.clone()),
        ("measures", task.measures.clone()),
        ("lead", all(&leads)),
        ("unit", party(&Party::Unit(task.unit.clone()))),
        ("assisting", task.assisting.clone()),
        ("owner", all(&task.owner)),
        ("supervisor", task.supervisor.as_ref().map(party).unwrap_or_default()),
        ("opened", when(task.opened)),
        ("due", when(due)),
        ("repeat", row.repeat.to_owned()),
        ("kind", task.kind.clone()),
        ("evidence", task.evidence.clone()),
        ("ladder", task.ladder.to_string()),
        (
            "status",
            task.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        ),
        ("progress", task.progress.clone()),
        ("closed", when(task.closed)),
        ("batch", task.batch.clone()),
        ("note", task.note.clone()),
    ]
}

/// On one line, and not too long.
fn shown(text: &str) -> String {
    if text.is_empty() {
        return "(nothing)".to_owned();
    }
    let line = text.replace('\n', " ");
    let mut shown: String = line.chars().take(SHOWN_CHARS).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    shown
}
