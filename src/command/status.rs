//! `duban status`: every task with its light, and below the table what somebody should look at.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::command::cli::{Format, Status};
use crate::command::desk::{Desk, failed, note};
use crate::command::picture::{Picture, StatusRow, light_cell};
use crate::command::table::{Cell, Colour, Table, write_json};
use crate::command::{Failure, dry};
use crate::daemon::held_words;
use crate::daemon::timeline::local_time;
use crate::domain::task::{Light, Task};
use crate::rules::intake::{self, Removals};
use crate::rules::recurrence;
use crate::store::{Store, StoredTask};

/// So many disagreements are listed; `task show` tells those of one task.
const MISMATCHES_MAX: usize = 20;

pub(super) async fn status(flag: Option<&Path>, args: &Status) -> Result<(), Failure> {
    let desk = Desk::open_or_kept(flag).await?;
    let now = desk.now(args.now.as_deref())?;
    let store = desk.look_or_first_load(now).await?;
    let picture = Picture::of(&desk, store.as_ref(), now).await?;
    let rows: Vec<StatusRow> = picture
        .tasks
        .iter()
        .map(|stored| picture.row(&desk.config, stored, now))
        .collect();
    {
        let mut out = io::stdout().lock();
        match args.format {
            Format::Json => write_json(&mut out, &rows)?,
            Format::Table => {
                table(&desk, &picture.tasks, &rows).write(&mut out, Colour::for_stdout(desk.env.get("NO_COLOR")))?;
            }
            Format::Csv => csv(&rows).write_csv(&mut out)?,
        }
    }
    if let Some(store) = &store {
        tell_of_store(&desk, store, now).await?;
        tell_of_files(&desk, &picture.tasks, now);
    }
    tell_of_requests(&desk, &picture.tasks, now);
    tell_of_mismatches(&picture.tasks);
    tell_of_calendar(&desk, &picture.tasks, now);
    Ok(())
}

/// For people: names instead of ids.
fn table(desk: &Desk, tasks: &[StoredTask], rows: &[StatusRow]) -> Table {
    let mut header = vec![
        "light", "id", "title", "unit", "lead", "due", "days", "working", "state", "progress", "last", "next",
    ];
    // Most ledgers know neither batches nor stages: a column of blanks tells nothing.
    let has_batches = rows.iter().any(|row| !row.batch.is_empty());
    let has_stages = rows.iter().any(|row| row.part_of.is_some());
    header.extend(has_batches.then_some("batch"));
    header.extend(has_stages.then_some("part of"));
    let mut table = Table::new(&header);
    let people = &desk.config.people;
    for (stored, row) in tasks.iter().zip(rows) {
        let unit = people.units.get(&stored.task.unit);
        let mut cells: Vec<Cell> = vec![
            light_cell(row.light),
            row.id.clone().into(),
            row.title.clone().into(),
            unit.map_or_else(|| row.unit.clone(), |unit| unit.name.clone()).into(),
            people.name_of(&stored.task.lead).into(),
            row.due.clone().into(),
            number(row.days_left).into(),
            number(row.working_days_left).into(),
            row.state.into(),
            row.progress.clone().into(),
            minute(row.last_notice.as_deref()).into(),
            minute(row.next_notice.as_deref()).into(),
        ];
        cells.extend(has_batches.then(|| row.batch.clone().into()));
        cells.extend(has_stages.then(|| row.part_of.clone().unwrap_or_default().into()));
        table.push(cells);
    }
    table
}

/// For spreadsheets: the columns of the JSON.
fn csv(rows: &[StatusRow]) -> Table {
    let header = [
        "id",
        "title",
        "area",
        "unit",
        "lead",
        "due",
        "state",
        "light",
        "progress",
        "days_left",
        "working_days_left",
        "last_notice",
        "next_notice",
        "batch",
        "part_of",
        "extension_asked",
    ];
    let mut table = Table::new(&header);
    for row in rows {
        table.push(vec![
            row.id.clone().into(),
            row.title.clone().into(),
            row.area.clone().into(),
            row.unit.clone().into(),
            row.lead.clone().into(),
            row.due.clone().into(),
            row.state.into(),
            row.light.as_str().into(),
            row.progress.clone().into(),
            number(row.days_left).into(),
            number(row.working_days_left).into(),
            row.last_notice.clone().unwrap_or_default().into(),
            row.next_notice.clone().unwrap_or_default().into(),
            row.batch.clone().into(),
            row.part_of.clone().unwrap_or_default().into(),
            row.extension_asked.clone().unwrap_or_default().into(),
        ]);
    }
    table
}

fn number(number: Option<i64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// `2021-12-13T09:00:00+08:00` as `2021-12-13 09:00`.
fn minute(at: Option<&str>) -> String {
    at.map(|at| at.chars().take(16).collect::<String>().replace('T', " "))
        .unwrap_or_default()
}

/// What waits, what could not be delivered, which ways are stopped, and of what the office was told.
async fn tell_of_store(desk: &Desk, store: &Store, now: DateTime<Utc>) -> Result<(), Failure> {
    let almanac = &desk.config.almanac;
    if let Some(hold) = store.clock_hold().await.map_err(failed)? {
        note(&format!("held: {}", held_words(&hold, almanac)));
    }
    let counts = store.counts().await.map_err(failed)?;
    for lane in store.lanes().await.map_err(failed)? {
        let waiting = match counts.waiting_by_channel.get(&lane.channel) {
            Some((1, _)) => "1 message waits for it".to_owned(),
            Some((count, _)) => format!("{count} messages wait for it"),
            None => "nothing waits for it".to_owned(),
        };
        if let Some(since) = lane.stopped_since {
            let again = lane.next_try.map_or_else(String::new, |at| {
                format!("; it is tried again at {}", local_time(almanac, at))
            });
            note(&format!(
                "channel {} is stopped since {}: {}; {waiting}{again}",
                lane.channel,
                local_time(almanac, since),
                lane.cause
            ));
        } else if let Some(until) = lane.paused_until.filter(|until| *until > now) {
            let until = local_time(almanac, until);
            note(&format!(
                "channel {} waits until {until}, as its other side asked; {waiting}",
                lane.channel
            ));
        }
    }
    if counts.undeliverable > 0 {
        note(&format!(
            "{} undeliverable: see `duban outbox list`",
            messages(counts.undeliverable)
        ));
    }
    if counts.waiting > 0 {
        let oldest = counts.waiting_by_channel.values().map(|(_, at)| *at).min();
        let since = oldest.map_or_else(String::new, |at| {
            format!(", the oldest since {}", local_time(almanac, at))
        });
        note(&format!("{} waiting{since}", messages(counts.waiting)));
    }
    for (cause, since) in store.causes().await.map_err(failed)? {
        let since = local_time(almanac, since);
        match cause.split_once(':') {
            Some(("load", _)) => note(&format!(
                "degraded since {since}: the files are broken or were refused, and the last good load is in force"
            )),
            Some(("template", text)) => note(&format!(
                "since {since} a message template fails, and the built-in text stands instead: {text}"
            )),
            // Stopped endpoints stand above.
            Some(_) | None => {}
        }
    }
    Ok(())
}

fn messages(count: u32) -> String {
    match count {
        1 => "1 message is".to_owned(),
        count => format!("{count} messages are"),
    }
}

/// Rows that were edited and are not in force yet. Where a row stands in the file is no edit.
fn tell_of_files(desk: &Desk, tasks: &[StoredTask], now: DateTime<Utc>) {
    if let Err(errors) = dry::intake(&desk.config, tasks, now, Removals::Guarded) {
        for error in errors {
            note(&format!(
                "the daemon would refuse this load: {error}\n  hint: {}",
                error.hint()
            ));
        }
        return;
    }
    let is_edited = |stored: &Task, row: &Task| {
        let stored = Task {
            order: row.order,
            ..stored.clone()
        };
        stored != *row
    };
    let stored: BTreeMap<_, _> = tasks
        .iter()
        .filter(|stored| !stored.state.withdrawn)
        .map(|stored| (&stored.task.id, stored))
        .collect();
    let files = desk.config.tasks_at(now);
    let rows: BTreeMap<_, _> = files.iter().map(|row| (&row.id, row)).collect();
    let edited = rows
        .iter()
        .filter(|(id, row)| {
            stored.get(*id).is_none_or(|stored| {
                is_edited(&stored.task, row) && !recurrence::is_history(&stored.task.id, &stored.state)
            })
        })
        .count();
    let gone = stored
        .iter()
        .filter(|(id, stored)| !rows.contains_key(*id) && !recurrence::stays(id, &stored.state, now))
        .count();
    if edited + gone > 0 {
        let rows = match edited + gone {
            1 => "1 row of the files is not loaded yet: a running daemon takes it in within a minute".to_owned(),
            count => {
                format!("{count} rows of the files are not loaded yet: a running daemon takes them in within a minute")
            }
        };
        note(&rows);
    }
}

/// Later deadlines that are asked for: the office answers them.
fn tell_of_requests(desk: &Desk, tasks: &[StoredTask], now: DateTime<Utc>) {
    let almanac = &desk.config.almanac;
    let asked = tasks.iter().filter(|stored| !stored.state.withdrawn);
    let asked = asked.filter_map(|stored| Some((&stored.task.id, stored.state.asked.as_ref()?)));
    for (task, asked) in asked.filter(|(_, asked)| asked.at <= now) {
        let since = almanac.today(asked.at);
        let waited = match almanac.calendar.working_days_between(since, almanac.today(now)) {
            1 => ", for 1 working day".to_owned(),
            days @ 2.. => format!(", for {days} working days"),
            _ => String::new(),
        };
        note(&format!(
            "task {task} asks for an extension until {} since {since}{waited}: {}\n  hint: `duban task grant {task}` or `duban task refuse {task} --note REASON`",
            asked.to, asked.note
        ));
    }
}

fn tell_of_mismatches(tasks: &[StoredTask]) {
    let all: Vec<_> = tasks
        .iter()
        .flat_map(|stored| intake::mismatches(&stored.task, &stored.state))
        .collect();
    for found in all.iter().take(MISMATCHES_MAX) {
        note(&format!(
            "task {}: the ledger says {} {}, the journal {}",
            found.task, found.column, found.row, found.journal
        ));
    }
    if all.len() > MISMATCHES_MAX {
        note(&format!("… and {} more disagreements", all.len() - MISMATCHES_MAX));
    }
}

fn tell_of_calendar(desk: &Desk, tasks: &[StoredTask], now: DateTime<Utc>) {
    let almanac = &desk.config.almanac;
    let Some(known) = almanac.calendar.known_until() else {
        return;
    };
    let beyond = tasks
        .iter()
        .filter(|stored| almanac.light(&stored.state, now) != Light::Grey)
        .filter(|stored| almanac.date_of(almanac.effective_due(stored.state.due)) > known)
        .count();
    if beyond > 0 {
        note(&format!(
            "the calendar {} ends on {known}: what is counted beyond is provisional, for {beyond} tasks",
            almanac.calendar.id()
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_shows_the_minute_of_an_instant() {
        assert_eq!(minute(Some("2021-12-13T09:00:00+08:00")), "2021-12-13 09:00");
        assert_eq!(minute(None), "");
    }
}
