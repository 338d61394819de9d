//! Which tasks stand in the papers of a meeting, and what happened to them.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;

use super::calendar::Almanac;
use crate::domain::dossier::{Happened, Happening, Story};
use crate::domain::id::{PersonId, TaskId};
use crate::domain::journal::Entry;
use crate::domain::ladder::Level;
use crate::domain::meeting::AgendaItem;
use crate::domain::people::People;
use crate::domain::sheet::{Moment, SheetRow};
use crate::domain::task::Light;

/// Sheets in one reader's papers: nobody reads more in a meeting, and the document stays small enough for a mail.
pub const SHEETS_MAX: usize = 40;
/// Events on one sheet: the latest, so that it stays within about two pages.
pub const HAPPENED_MAX: usize = 20;
/// The kind of the journal's entries that hold what a meeting decided.
pub const DECISION: &str = "decision";

/// The tasks of one reader's papers: what the agenda names in its order, whoever's it is, then the reader's late ones and
/// those near their deadline, the worst first. And how many of these there is no room for.
#[must_use]
pub fn chosen<'a>(
    part: &[&'a SheetRow],
    of_ledger: impl Fn(&TaskId) -> Option<&'a SheetRow>,
    agenda: &[AgendaItem],
) -> (Vec<&'a SheetRow>, usize) {
    let mut seen = BTreeSet::new();
    let named = agenda.iter().filter_map(|item| of_ledger(item.task.as_ref()?));
    let mut rows: Vec<&SheetRow> = named.filter(|row| seen.insert(&row.id)).collect();
    let is_pressing = |row: &&&SheetRow| matches!(row.light, Light::Red | Light::Yellow) && !seen.contains(&row.id);
    let mut pressing: Vec<&SheetRow> = part.iter().filter(is_pressing).copied().collect();
    pressing.sort_by_key(|row| (row.light != Light::Red, row.due.map(Moment::start)));
    rows.extend(pressing);
    let more = rows.len().saturating_sub(SHEETS_MAX);
    rows.truncate(SHEETS_MAX);
    (rows, more)
}

/// What agenda and journal say of a task. `entries` are the journal's of this task, `decisions` those of all meetings.
#[must_use]
pub fn story(
    task: &TaskId,
    agenda: &[AgendaItem],
    entries: &[Entry],
    decisions: &[Entry],
    people: &People,
    almanac: &Almanac,
) -> Story {
    let mut happened = Vec::new();
    let about = |entry: &&Entry| text(entry, "about") == Some(task.as_str());
    let mut all: Vec<&Entry> = entries.iter().chain(decisions.iter().filter(about)).collect();
    all.sort_by_key(|entry| entry.seq);
    for entry in all {
        let Some((at, what)) = happening(entry, people, almanac) else {
            continue;
        };
        if told_again(&mut happened, at, &what) {
            continue;
        }
        happened.push(Happened {
            at,
            by: entry.by.clone(),
            what,
            note: text(entry, "note").unwrap_or_default().to_owned(),
        });
    }
    let earlier = happened.len().saturating_sub(HAPPENED_MAX);
    happened.drain(..earlier);
    Story {
        items: agenda
            .iter()
            .filter(|item| item.task.as_ref() == Some(task))
            .map(|item| format!("{} ({})", item.text, item.by))
            .collect(),
        happened,
        earlier,
    }
}

fn happening(entry: &Entry, people: &People, almanac: &Almanac) -> Option<(NaiveDateTime, Happening)> {
    let at = entry.at.parse::<DateTime<Utc>>().ok()?;
    let local = |at: DateTime<Utc>| almanac.local(at).naive_local();
    match entry.kind.as_str() {
        // A notice that waits for quiet hours to end is told when it goes out.
        "notice" => {
            let out = text(entry, "at").and_then(|at| at.parse().ok()).unwrap_or(at);
            let level = text(entry, "level")?;
            let level = Level::ALL.into_iter().find(|known| known.as_str() == level)?;
            let id = text(entry, "recipient")?;
            let person = people.persons.get(&PersonId::new(id));
            let name = person.map_or_else(|| id.to_owned(), |person| person.name.clone());
            let names = vec![name];
            Some((local(out), Happening::Told { level, names }))
        }
        DECISION => Some((local(at), Happening::Decided(text(entry, "text")?.to_owned()))),
        _ => Some((local(at), Happening::Fact(entry.fact()?))),
    }
}

/// Several notices of one instant and level are one event that names everybody.
fn told_again(happened: &mut [Happened], at: NaiveDateTime, what: &Happening) -> bool {
    let Happening::Told { level, names } = what else {
        return false;
    };
    let same = happened.iter_mut().rev().find_map(|before| match &mut before.what {
        Happening::Told { level: known, names } if known == level && before.at == at => Some(names),
        Happening::Told { .. } | Happening::Fact(_) | Happening::Decided(_) => None,
    });
    let Some(known) = same else { return false };
    for name in names {
        if !known.contains(name) {
            known.push(name.clone());
        }
    }
    true
}

fn text<'a>(entry: &'a Entry, name: &str) -> Option<&'a str> {
    entry.data.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests;
