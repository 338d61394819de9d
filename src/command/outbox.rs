//! `duban outbox`: the messages, and every attempt at one.

use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::command::Failure;
use crate::command::cli::trust::Which;
use crate::command::cli::{Format, OutboxView};
use crate::command::desk::{Desk, failed, hinted, note};
use crate::command::outbox_act;
use crate::command::table::{Cell, Colour, Paint, Table, write_json};
use crate::daemon::timeline::local_time;
use crate::domain::id::MessageId;
use crate::domain::message::{Message, MessageState};
use crate::domain::notice::{Notice, Recipient};
use crate::rules::calendar::Almanac;
use crate::store::{AttemptRow, Instead, LaneRow, Store, Wanted};

/// The newest so many messages are listed.
const LISTED_MAX: u32 = 10_000;
/// So many ids are named where a beginning fits several.
const NAMED_MAX: u32 = 5;
/// Letters of an id that a table shows: enough to tell messages apart, and taken by `show`.
const ID_SHOWN: usize = 12;

pub(super) async fn outbox(flag: Option<&Path>, view: OutboxView) -> Result<(), Failure> {
    let desk = Desk::open_or_kept(flag).await?;
    match view {
        OutboxView::List { which, format } => list(&desk, &desk.look_in().await?, &which, format).await,
        OutboxView::Show { message, format } => show(&desk, &desk.look_in().await?, &message, format).await,
        OutboxView::Retry {
            messages,
            which,
            again,
            act,
        } => outbox_act::retry(&desk, &desk.act().await?, &messages, &which, &act, again).await,
        OutboxView::Discard {
            messages,
            which,
            yes,
            act,
        } => outbox_act::discard(&desk, &desk.act().await?, &messages, &which, &act, yes).await,
    }
}

/// What the store is asked for.
pub(super) fn wanted(which: &Which) -> Wanted {
    Wanted {
        state: which.state.map(Into::into),
        channel: which.channel.clone(),
        to: which.to.clone(),
    }
}

/// One message, in the shape that scripts read.
#[derive(Debug, Serialize)]
struct OutboxRow {
    id: String,
    channel: String,
    recipient: To,
    state: &'static str,
    attempts: u32,
    created: String,
    next_attempt: Option<String>,
    last_outcome: Option<String>,
    notices: Vec<String>,
}

/// Who gets it.
#[derive(Debug, Serialize)]
struct To {
    kind: &'static str,
    id: String,
    name: String,
}

impl To {
    fn of(recipient: &Recipient) -> Self {
        Self {
            kind: recipient.kind.as_str(),
            id: recipient.id.clone(),
            name: recipient.name.clone(),
        }
    }
}

impl OutboxRow {
    fn of(message: &Message, notices: &[Notice], lanes: &[LaneRow], almanac: &Almanac) -> Self {
        let waits = matches!(message.state, MessageState::Waiting | MessageState::Sending);
        Self {
            id: message.id.to_string(),
            channel: message.channel.to_string(),
            recipient: To::of(&message.content.recipient),
            state: message.state.as_str(),
            attempts: message.attempts,
            created: local_time(almanac, message.created),
            next_attempt: waits.then(|| local_time(almanac, turn_of(message, lanes))),
            last_outcome: message.last_outcome.clone(),
            // What went up in another message is told by what this one said.
            notices: if notices.is_empty() {
                message
                    .content
                    .notices
                    .iter()
                    .map(|notice| notice.id.to_string())
                    .collect()
            } else {
                notices.iter().map(|notice| notice.id.to_string()).collect()
            },
        }
    }
}

/// When a message can be tried again at the earliest: not before its channel.
fn turn_of(message: &Message, lanes: &[LaneRow]) -> DateTime<Utc> {
    let lane = lanes.iter().find(|lane| lane.channel == message.channel);
    let stopped = lane.and_then(|lane| lane.next_try.filter(|_| lane.stopped_since.is_some()));
    let paused = lane.and_then(|lane| lane.paused_until);
    [stopped, paused]
        .into_iter()
        .flatten()
        .fold(message.next_attempt, DateTime::max)
}

async fn list(desk: &Desk, store: &Store, which: &Which, format: Format) -> Result<(), Failure> {
    let messages = store
        .wanted_messages(&wanted(which), LISTED_MAX)
        .await
        .map_err(failed)?;
    let lanes = store.lanes().await.map_err(failed)?;
    let mut rows = Vec::with_capacity(messages.len());
    for message in &messages {
        let notices = store.notices_of(&message.id).await.map_err(failed)?;
        rows.push(OutboxRow::of(message, &notices, &lanes, &desk.config.almanac));
    }
    let mut out = io::stdout().lock();
    match format {
        Format::Json => write_json(&mut out, &rows)?,
        Format::Table => {
            list_table(&rows, ID_SHOWN).write(&mut out, Colour::for_stdout(desk.env.get("NO_COLOR")))?;
        }
        Format::Csv => list_table(&rows, usize::MAX).write_csv(&mut out)?,
    }
    if messages.len() >= usize::try_from(LISTED_MAX).unwrap_or(usize::MAX) {
        note(&format!("these are the newest {LISTED_MAX}"));
    }
    Ok(())
}

fn list_table(rows: &[OutboxRow], id_letters: usize) -> Table {
    let header = [
        "id",
        "channel",
        "recipient",
        "state",
        "attempts",
        "created",
        "next_attempt",
        "last_outcome",
        "notices",
    ];
    let mut table = Table::new(&header);
    for row in rows {
        let id: String = row.id.chars().take(id_letters).collect();
        table.push(vec![
            id.into(),
            row.channel.clone().into(),
            row.recipient.name.clone().into(),
            Cell::painted(row.state, paint(row.state)),
            row.attempts.to_string().into(),
            row.created.clone().into(),
            row.next_attempt.clone().unwrap_or_default().into(),
            row.last_outcome.clone().unwrap_or_default().into(),
            row.notices.len().to_string().into(),
        ]);
    }
    table
}

fn paint(state: &str) -> Paint {
    match state {
        "delivered" => Paint::Green,
        "undeliverable" => Paint::Red,
        "dropped" => Paint::Dim,
        _ => Paint::Yellow,
    }
}

/// One message with all that is known of it.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    row: OutboxRow,
    kind: &'static str,
    subject: String,
    text: String,
    contents: Vec<NoticeLine>,
    tries: Vec<Try>,
    told_instead: Vec<Other>,
}

/// Who is told instead.
#[derive(Debug, Serialize)]
struct Other {
    name: String,
    channel: String,
    state: &'static str,
    message: String,
}

impl Other {
    fn of(instead: &Instead) -> Self {
        Self {
            name: instead.name.clone(),
            channel: instead.channel.to_string(),
            state: instead.state.as_str(),
            message: instead.message.to_string(),
        }
    }
}

/// A notice that a message carries.
#[derive(Debug, Serialize)]
struct NoticeLine {
    id: String,
    task: String,
    step: String,
    role: String,
    at: String,
    reason: String,
}

/// One attempt.
#[derive(Debug, Serialize)]
struct Try {
    number: u32,
    at: String,
    outcome: String,
    words: String,
}

async fn show(desk: &Desk, store: &Store, beginning: &str, format: Format) -> Result<(), Failure> {
    let almanac = &desk.config.almanac;
    let id = find(store, beginning).await?;
    let message = store
        .message(&id)
        .await
        .map_err(failed)?
        .ok_or_else(|| none(beginning))?;
    let notices = store.notices_of(&id).await.map_err(failed)?;
    let attempts = store.attempts(&id).await.map_err(failed)?;
    let lanes = store.lanes().await.map_err(failed)?;
    let instead = store.told_instead(&id).await.map_err(failed)?;
    let told_instead = instead.iter().map(Other::of).collect();
    let shown = Shown {
        told_instead,
        ..shown(&message, &notices, &attempts, &lanes, almanac)
    };
    let colour = Colour::for_stdout(desk.env.get("NO_COLOR"));
    let mut out = io::stdout().lock();
    match format {
        Format::Json => write_json(&mut out, &shown)?,
        Format::Csv => tries(&shown.tries).write_csv(&mut out)?,
        Format::Table => {
            head(&shown).write(&mut out, colour)?;
            for table in [
                contents(&shown.contents),
                tries(&shown.tries),
                others(&shown.told_instead),
            ] {
                if !table.is_empty() {
                    writeln!(out)?;
                    table.write(&mut out, colour)?;
                }
            }
            writeln!(out, "\n{}", printable(&shown.text))?;
        }
    }
    Ok(())
}

/// The one message whose id is, or begins with, this.
pub(super) async fn find(store: &Store, beginning: &str) -> Result<MessageId, Failure> {
    let beginning = beginning.to_ascii_lowercase();
    let mut ids = match beginning.as_str() {
        "" => Vec::new(),
        beginning => store.message_ids(beginning, NAMED_MAX).await.map_err(failed)?,
    };
    match (ids.pop(), ids.is_empty()) {
        (Some(id), true) => Ok(id),
        (Some(last), false) => {
            let all: Vec<&str> = ids.iter().chain([&last]).map(MessageId::as_str).collect();
            let hint = format!("give more of it: {}", all.join(", "));
            Err(hinted(&format!("several messages begin with `{beginning}`"), &hint))
        }
        (None, _) => Err(none(&beginning)),
    }
}

fn none(beginning: &str) -> Failure {
    hinted(
        &format!("no message has an id that begins with `{beginning}`"),
        "`duban outbox list` shows them",
    )
}

fn shown(
    message: &Message,
    notices: &[Notice],
    attempts: &[AttemptRow],
    lanes: &[LaneRow],
    almanac: &Almanac,
) -> Shown {
    Shown {
        row: OutboxRow::of(message, notices, lanes, almanac),
        kind: message.kind.as_str(),
        subject: message.content.words.subject.clone(),
        text: message.content.words.text.clone(),
        contents: notices
            .iter()
            .map(|notice| NoticeLine {
                id: notice.id.to_string(),
                task: notice.task.to_string(),
                step: notice.step_name(),
                role: notice.recipient.role.clone(),
                at: local_time(almanac, notice.at),
                reason: notice.reason.clone(),
            })
            .collect(),
        tries: attempts
            .iter()
            .map(|attempt| Try {
                number: attempt.number,
                at: local_time(almanac, attempt.at),
                outcome: attempt.outcome.clone(),
                words: attempt.words.clone(),
            })
            .collect(),
        told_instead: Vec::new(),
    }
}

fn head(shown: &Shown) -> Table {
    let row = &shown.row;
    let mut table = Table::new(&["message", &row.id]);
    let mut line = |name: &str, cell: Cell| {
        if !cell.text.is_empty() {
            table.push(vec![Cell::painted(name, Paint::Dim), cell]);
        }
    };
    line("kind", shown.kind.into());
    line("subject", Cell::painted(shown.subject.clone(), Paint::Bold));
    line("to", format!("{} ({})", row.recipient.name, row.recipient.id).into());
    line("channel", row.channel.clone().into());
    line("state", Cell::painted(row.state, paint(row.state)));
    line("created", row.created.clone().into());
    line("next attempt", row.next_attempt.clone().unwrap_or_default().into());
    line("last outcome", row.last_outcome.clone().unwrap_or_default().into());
    table
}

fn contents(lines: &[NoticeLine]) -> Table {
    let mut table = Table::new(&["task", "step", "role", "at", "reason"]);
    for line in lines {
        table.push(vec![
            line.task.clone().into(),
            line.step.clone().into(),
            line.role.clone().into(),
            line.at.clone().into(),
            line.reason.clone().into(),
        ]);
    }
    table
}

fn tries(attempts: &[Try]) -> Table {
    let mut table = Table::new(&["attempt", "at", "outcome", "words"]);
    for attempt in attempts {
        table.push(vec![
            attempt.number.to_string().into(),
            attempt.at.clone().into(),
            attempt.outcome.clone().into(),
            attempt.words.clone().into(),
        ]);
    }
    table
}

fn others(others: &[Other]) -> Table {
    let mut table = Table::new(&["told instead", "channel", "state", "message"]);
    for other in others {
        table.push(vec![
            other.name.clone().into(),
            other.channel.clone().into(),
            Cell::painted(other.state, paint(other.state)),
            other.message.chars().take(ID_SHOWN).collect::<String>().into(),
        ]);
    }
    table
}

/// A text of several lines without what a terminal would obey.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| {
            if letter.is_control() && letter != '\n' {
                ' '
            } else {
                letter
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_lines_and_nothing_that_a_terminal_obeys() {
        assert_eq!(printable("一\n二\u{1b}[2J"), "一\n二 [2J");
    }
}
