//! `duban review agenda` and `duban review minutes`: what a meeting is to talk about, and what it decided. Decisions are
//! recorded and act on nothing: deadlines are moved and tasks closed by `duban task`.

use std::io::{self, Read, Write};
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::json;

use crate::command::Failure;
use crate::command::cli::Format;
use crate::command::cli::act::Said;
use crate::command::cli::meeting::{AgendaAdd, AgendaList, AgendaView, Minutes};
use crate::command::desk::{Place, failed, hinted, note};
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
/// Minutes hold at most so many bytes.
const FILE_MAX: u64 = 1 << 20;
/// Journal entries read at a time.
const PAGE: u32 = 1000;
/// The kind of the journal's entries.
const DECISION: &str = "decision";

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

pub(super) async fn minutes(flag: Option<&Path>, args: Minutes) -> Result<(), Failure> {
    let place = Place::find(flag)?;
    match &args.file {
        Some(file) => record(&place, &args, file).await,
        None => decisions(&place, &args).await,
    }
}

async fn record(place: &Place, args: &Minutes, file: &Path) -> Result<(), Failure> {
    let text = read(file)?;
    let lines: Vec<String> = text.lines().map(line).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        return Err(Failure::NotUnderstood(anyhow::anyhow!(
            "{} holds no decision",
            file.display()
        )));
    }
    let store = place.open(Access::Act).await?;
    let now = place.clock.now();
    let said = Said {
        by: args.by.clone(),
        note: None,
    };
    let by = line(&name(&said, &place.env)?);
    let day = past(&store, &args.review, args.day, now).await?;
    let mut entries = Vec::with_capacity(lines.len());
    for text in &lines {
        let about = about(&store, text).await?;
        entries.push(Draft {
            at: now,
            task: None,
            kind: DECISION.to_owned(),
            by: by.clone(),
            data: json!({"review": args.review, "day": day.to_string(), "about": about, "text": text}),
        });
    }
    let count = entries.len();
    store.append(entries).await.map_err(failed)?;
    let decisions = if count == 1 { "decision" } else { "decisions" };
    writeln!(
        io::stdout(),
        "{count} {decisions} of review {} of {day} stand in the journal",
        args.review
    )?;
    note("decisions act on nothing: what they change is entered by `duban task`");
    store.close().await;
    Ok(())
}

/// One decision, in the shape that scripts read.
#[derive(Debug, Serialize)]
struct Decision {
    day: String,
    at: String,
    by: String,
    task: Option<String>,
    text: String,
}

async fn decisions(place: &Place, args: &Minutes) -> Result<(), Failure> {
    let store = place.open(Access::Look).await?;
    let mut found = Vec::new();
    let mut seen = 0;
    loop {
        let page = store.entries(seen, PAGE).await.map_err(failed)?;
        let Some(last) = page.last() else { break };
        seen = last.seq;
        for entry in page.iter().filter(|entry| entry.kind == DECISION) {
            let says = |key: &str| {
                entry
                    .data
                    .get(key)
                    .and_then(serde_json::Value::as_str)
                    .map(str::to_owned)
            };
            let day = says("day").unwrap_or_default();
            let is_meant = args.day.is_none_or(|wanted| wanted.to_string() == day);
            if is_meant && says("review").as_deref() == Some(args.review.as_str()) {
                found.push(Decision {
                    day,
                    at: entry.at.clone(),
                    by: entry.by.clone(),
                    task: says("about"),
                    text: says("text").unwrap_or_default(),
                });
            }
        }
    }
    let mut table = Table::new(&["day", "at", "by", "task", "text"]);
    for line in &found {
        table.push(vec![
            line.day.clone().into(),
            line.at.clone().into(),
            line.by.clone().into(),
            line.task.clone().unwrap_or_default().into(),
            line.text.clone().into(),
        ]);
    }
    if found.is_empty() {
        note(&format!("no decision of review {} stands in the journal", args.review));
    }
    print(place, &found, &table, args.format)
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
async fn coming(
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

/// The day of the last round that took place.
async fn past(
    store: &Store,
    review: &ReviewId,
    given: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Result<NaiveDate, Failure> {
    if let Some(day) = given {
        return Ok(day);
    }
    if let Some(meeting) = store.meetings_before(review, now, 1).await.map_err(failed)?.first() {
        return Ok(meeting.day);
    }
    match store.last_run(review).await.map_err(failed)? {
        Some(run) => Ok(run.day),
        None => Err(hinted(
            &format!("review {review} has not taken place yet"),
            "say of which day the minutes are: --day 2026-03-02",
        )),
    }
}

/// The task whose id stands before the first colon of a line, where there is such a task.
async fn about(store: &Store, text: &str) -> Result<Option<TaskId>, Failure> {
    let Some((id, _)) = text.split_once([':', '：']) else {
        return Ok(None);
    };
    let id = TaskId::new(id.trim());
    let known = store.task(&id).await.map_err(failed)?;
    Ok(known.map(|_| id))
}

async fn known_task(store: &Store, id: &TaskId) -> Result<(), Failure> {
    if store.task(id).await.map_err(failed)?.is_some() {
        return Ok(());
    }
    let tasks = store.tasks().await.map_err(failed)?;
    let ids = tasks.iter().map(|stored| stored.task.id.as_str());
    Err(unknown("task", id.as_str(), &near(id.as_str(), ids)))
}

fn read(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    if file == Path::new("-") {
        io::stdin().take(FILE_MAX).read_to_string(&mut text)?;
        return Ok(text);
    }
    let told = |error: io::Error| Failure::Failed(anyhow::anyhow!("cannot read {}: {error}", file.display()));
    let opened = std::fs::File::open(file).map_err(told)?;
    opened.take(FILE_MAX).read_to_string(&mut text).map_err(told)?;
    Ok(text)
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
