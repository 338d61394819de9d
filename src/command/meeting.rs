//! `duban review agenda`: what a meeting is to talk about.

mod minutes;

use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::json;

use crate::command::Failure;
use crate::command::cli::Format;
use crate::command::cli::act::Said;
use crate::command::cli::meeting::{AgendaAdd, AgendaList, AgendaView};
use crate::command::desk::{Place, failed, note};
use crate::command::outbox::printable;
use crate::command::picture::{near, unknown};
use crate::command::table::{Colour, Table, write_json};
use crate::command::task::name;
use crate::domain::id::{ReviewId, TaskId};
use crate::domain::journal::Draft;
use crate::domain::meeting::AgendaItem;
use crate::store::{Access, Store};

/// A line of an agenda or of minutes holds at most so many characters.
const LINE_MAX: usize = 1000;

pub(super) use self::minutes::minutes;

pub(super) async fn agenda(flag: Option<&Path>, view: AgendaView) -> Result<(), Failure> {
    let place = Place::find(flag)?;
    match view {
        AgendaView::Add(args) => add(&place, args).await,
        AgendaView::List(args) => list(&place, &args).await,
    }
}

async fn add(place: &Place, args: AgendaAdd) -> Result<(), Failure> {
    let store = place.open(Access::Act).await?;
    let now = place.clock.now();
    let text = line(&args.text);
    if text.is_empty() {
        return Err(Failure::NotUnderstood(anyhow::anyhow!("the item says nothing")));
    }
    if let Some(task) = &args.task {
        known_task(&store, task).await?;
    }
    let said = Said {
        by: args.by,
        note: None,
    };
    let day = coming(&store, &args.review, args.day, now).await?;
    let item = AgendaItem {
        by: line(&name(&said, &place.env)?),
        review: args.review,
        day,
        at: now,
        task: args.task,
        text,
    };
    let entry = Draft {
        at: now,
        task: None,
        kind: "agenda-added".to_owned(),
        by: item.by.clone(),
        data: json!({"review": item.review, "day": day.to_string(), "about": item.task, "text": item.text}),
    };
    store.add_agenda(&item, vec![entry]).await.map_err(failed)?;
    let count = store.agenda(&item.review, day).await.map_err(failed)?.len();
    writeln!(
        io::stdout(),
        "on the agenda of review {} of {day}, {count} in all: {}",
        item.review,
        printable(&item.line())
    )?;
    if let Some(meeting) = store.meeting(&item.review, day).await.map_err(failed)?
        && meeting.is_collected
        && !meeting.agenda.is_empty()
    {
        note("the agenda went out already: this item stands in the papers and the list, and is not mailed");
    }
    // Without a daemon beside us the store is left at rest.
    store.close().await;
    Ok(())
}

/// One item, in the shape that scripts read.
#[derive(Debug, Serialize)]
struct AgendaLine {
    day: String,
    at: String,
    by: String,
    task: Option<String>,
    text: String,
}

async fn list(place: &Place, args: &AgendaList) -> Result<(), Failure> {
    let store = place.open(Access::Look).await?;
    let day = coming(&store, &args.review, args.day, place.clock.now()).await?;
    let items = store.agenda(&args.review, day).await.map_err(failed)?;
    let lines: Vec<AgendaLine> = items
        .into_iter()
        .map(|item| AgendaLine {
            day: day.to_string(),
            at: instant(item.at),
            by: item.by,
            task: item.task.map(|task| task.to_string()),
            text: item.text,
        })
        .collect();
    let mut table = Table::new(&["day", "at", "by", "task", "text"]);
    for line in &lines {
        table.push(vec![
            line.day.clone().into(),
            line.at.clone().into(),
            line.by.clone().into(),
            line.task.clone().unwrap_or_default().into(),
            line.text.clone().into(),
        ]);
    }
    if lines.is_empty() {
        note(&format!("nothing is on the agenda of review {} of {day}", args.review));
    }
    print(place, &lines, &table, args.format)
}

fn print<T: Serialize>(place: &Place, lines: &[T], table: &Table, format: Format) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match format {
        Format::Json => write_json(&mut out, &lines)?,
        Format::Table => table.write(&mut out, Colour::for_stdout(place.env.get("NO_COLOR")))?,
        Format::Csv => table.write_csv(&mut out)?,
    }
    Ok(())
}

/// The day of the coming round: that of its meeting where one is planned, else that which the cron text names next.
pub(super) async fn coming(
    store: &Store,
    review: &ReviewId,
    given: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Result<NaiveDate, Failure> {
    let rows = store.review_rows().await.map_err(failed)?;
    let Some(row) = rows.iter().find(|row| row.id == *review) else {
        let ids = rows.iter().map(|row| row.id.as_str());
        return Err(unknown("review", review.as_str(), &near(review.as_str(), ids)));
    };
    if let Some(day) = given {
        return Ok(day);
    }
    let planned = store.meetings_after(now).await.map_err(failed)?;
    let meeting = planned.iter().find(|meeting| meeting.review == *review);
    let zone: chrono_tz::Tz = row.zone.parse().unwrap_or(chrono_tz::UTC);
    Ok(meeting.map_or_else(|| row.nominal.with_timezone(&zone).date_naive(), |meeting| meeting.day))
}

async fn known_task(store: &Store, id: &TaskId) -> Result<(), Failure> {
    if store.task(id).await.map_err(failed)?.is_some() {
        return Ok(());
    }
    let tasks = store.tasks().await.map_err(failed)?;
    let ids = tasks.iter().map(|stored| stored.task.id.as_str());
    Err(unknown("task", id.as_str(), &near(id.as_str(), ids)))
}

/// A text on one line, without controls, within its limit.
fn line(text: &str) -> String {
    let text: String = text
        .trim_start_matches('\u{feff}')
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(LINE_MAX)
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
