//! `duban review minutes`: what a meeting decided. Decisions are recorded and act on nothing: deadlines are moved and tasks
//! closed by `duban task`.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use super::{line, print};
use crate::command::Failure;
use crate::command::cli::act::Said;
use crate::command::cli::meeting::Minutes;
use crate::command::desk::{Place, failed, hinted, note};
use crate::command::outbox::printable;
use crate::command::table::Table;
use crate::command::task::name;
use crate::domain::id::{ReviewId, TaskId};
use crate::domain::journal::{Draft, Entry};
use crate::files::text::decode;
use crate::rules::dossier::DECISION;
use crate::store::{Access, Store};

/// Minutes hold at most so many bytes: some thousand decisions.
const FILE_MAX: u64 = 1 << 20;
/// So many ids of no task are named.
const STRANGERS_MAX: usize = 10;

pub(in crate::command) async fn minutes(flag: Option<&Path>, args: Minutes) -> Result<(), Failure> {
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
    // The same file entered twice, or again with more lines, enters each decision once.
    let known = kept(&store, args, Some(day)).await?;
    let mut seen: BTreeSet<String> = known.into_iter().map(|decision| decision.text).collect();
    let mut entries = Vec::with_capacity(lines.len());
    let mut strangers = Vec::new();
    let mut again = 0;
    for text in lines {
        if !seen.insert(text.clone()) {
            again += 1;
            continue;
        }
        let (task, stranger) = about(&store, &text).await?;
        strangers.extend(stranger);
        entries.push(Draft {
            at: now,
            task: None,
            kind: DECISION.to_owned(),
            by: by.clone(),
            data: json!({"review": args.review, "day": day.to_string(), "about": task, "text": text}),
        });
    }
    let count = entries.len();
    store.append(entries).await.map_err(failed)?;
    writeln!(
        io::stdout(),
        "{} of review {} of {day} entered into the journal",
        decisions_of(count),
        args.review
    )?;
    if again > 0 {
        note(&format!("{} stood there already", decisions_of(again)));
    }
    if !strangers.is_empty() {
        let shown: Vec<String> = strangers.iter().take(STRANGERS_MAX).map(|id| printable(id)).collect();
        note(&format!(
            "kept as about no task, for there is none with this id: {}{}",
            shown.join(", "),
            if strangers.len() > STRANGERS_MAX { " …" } else { "" }
        ));
    }
    note("decisions act on nothing: what they change is entered by `duban task`");
    store.close().await;
    Ok(())
}

fn decisions_of(count: usize) -> String {
    format!("{count} {}", if count == 1 { "decision" } else { "decisions" })
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

impl Decision {
    fn of(entry: Entry) -> Self {
        let says = |key: &str| entry.data.get(key).and_then(Value::as_str).map(str::to_owned);
        Self {
            day: says("day").unwrap_or_default(),
            task: says("about"),
            text: says("text").unwrap_or_default(),
            at: entry.at,
            by: entry.by,
        }
    }
}

/// What the journal has of a review, of one day or of all.
async fn kept(store: &Store, args: &Minutes, day: Option<NaiveDate>) -> Result<Vec<Decision>, Failure> {
    let entries = store.entries_of_kind(DECISION).await.map_err(failed)?;
    let is_of_review = |entry: &Entry| entry.data.get("review").and_then(Value::as_str) == Some(args.review.as_str());
    let all = entries.into_iter().filter(is_of_review).map(Decision::of);
    Ok(all
        .filter(|decision| day.is_none_or(|day| day.to_string() == decision.day))
        .collect())
}

async fn decisions(place: &Place, args: &Minutes) -> Result<(), Failure> {
    let store = place.open(Access::Look).await?;
    let found = kept(&store, args, args.day).await?;
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

/// The day of the last round that took place.
async fn past(
    store: &Store,
    review: &ReviewId,
    given: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Result<NaiveDate, Failure> {
    known_review(store, review).await?;
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

/// A review that the configuration has or had: minutes may come after its last round.
async fn known_review(store: &Store, review: &ReviewId) -> Result<(), Failure> {
    let rows = store.review_rows().await.map_err(failed)?;
    if rows.iter().any(|row| row.id == *review) || store.last_run(review).await.map_err(failed)?.is_some() {
        return Ok(());
    }
    let ids = rows.iter().map(|row| row.id.as_str());
    Err(super::unknown(
        "review",
        review.as_str(),
        &super::near(review.as_str(), ids),
    ))
}

/// The task whose id stands before the first colon of a line; else what stands there and looks like an id: it has a digit
/// and no blank.
async fn about(store: &Store, text: &str) -> Result<(Option<TaskId>, Option<String>), Failure> {
    let Some((id, _)) = text.split_once([':', '：']) else {
        return Ok((None, None));
    };
    let id = TaskId::new(id.trim());
    if store.task(&id).await.map_err(failed)?.is_some() {
        return Ok((Some(id), None));
    }
    let text = id.as_str();
    let looks_like_one = text.chars().any(|c| c.is_ascii_digit()) && !text.contains(char::is_whitespace);
    Ok((None, looks_like_one.then(|| text.to_owned())))
}

/// Minutes as text: nothing is cut off, and nothing is guessed.
fn read(file: &Path) -> Result<String, Failure> {
    let told = |error: io::Error| Failure::Failed(anyhow::anyhow!("cannot read {}: {error}", file.display()));
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        io::stdin().take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    } else {
        let opened = std::fs::File::open(file).map_err(told)?;
        opened.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(told)?;
    }
    if bytes.len() as u64 > FILE_MAX {
        return Err(hinted(
            &format!("{} has more than {FILE_MAX} bytes", file.display()),
            "minutes are text, one decision to a line: copy the decisions into a text file",
        ));
    }
    let text = decode(&bytes).map_err(|error| {
        hinted(
            &format!("cannot read {}: {error}", file.display()),
            "save it as plain text in UTF-8, one decision to a line",
        )
    })?;
    if text.contains('\0') {
        return Err(hinted(
            &format!("{} is no text file", file.display()),
            "minutes are text, one decision to a line: copy the decisions into a text file",
        ));
    }
    Ok(text)
}
