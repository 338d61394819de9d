//! `duban why`: what was told of a task, what was covered or not sent, how each step stands, and what comes next.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::command::Failure;
use crate::command::cli::Why;
use crate::command::desk::{Desk, failed};
use crate::command::picture::{Picture, light_cell};
use crate::command::table::{Cell, Colour, Paint, Table};
use crate::daemon::timeline::local_time;
use crate::daemon::{ground, next_notice};
use crate::domain::id::{MessageId, TaskId};
use crate::domain::message::Message;
use crate::domain::notice::{Notice, NoticeState};
use crate::rules::calendar::Almanac;
use crate::rules::intake;
use crate::rules::planner;
use crate::store::{Store, StoredTask};

pub(super) async fn why(flag: Option<&Path>, args: &Why) -> Result<(), Failure> {
    let desk = Desk::open_or_kept(flag).await?;
    let now = desk.now(args.now.as_deref())?;
    let store = desk.look_or_first_load(now).await?;
    let picture = Picture::of(&desk, store.as_ref(), now).await?;
    let stored = picture.task(&args.task)?;
    let (told, covered) = match &store {
        Some(store) => (
            told(&desk, store, &args.task).await?,
            covered(&desk, store, &args.task).await?,
        ),
        None => (told_table(), covered_table()),
    };
    let next = next_notice(&desk.config, stored, picture.told_of(&args.task), now);
    let colour = Colour::for_stdout(desk.env.get("NO_COLOR"));
    let mut out = io::stdout().lock();
    head(&desk, stored, now).write(&mut out, colour)?;
    section(&mut out, "Told", "nothing yet", &told, colour)?;
    section(&mut out, "Covered or skipped", "nothing", &covered, colour)?;
    let title = format!("Steps of ladder {}", stored.task.ladder);
    section(
        &mut out,
        &title,
        "the ladder is no longer configured",
        &steps(&desk, stored, now),
        colour,
    )?;
    writeln!(out, "\n{}", next_words(&desk.config.almanac, next.as_ref()))?;
    Ok(())
}

/// What the answer is about; disagreements between ledger and journal stand with it.
fn head(desk: &Desk, stored: &StoredTask, now: DateTime<Utc>) -> Table {
    let StoredTask { task, state, .. } = stored;
    let almanac = &desk.config.almanac;
    let mut table = Table::new(&["task", task.id.as_str()]);
    let mut line = |name: &str, cell: Cell| table.push(vec![Cell::painted(name, Paint::Dim), cell]);
    line("title", task.title.clone().into());
    line("light", light_cell(almanac.light(state, now)));
    line("state", state.standing().as_str().into());
    let due = almanac.effective_due(state.due);
    if due == state.due {
        line("due", due.to_string().into());
    } else {
        line("due", format!("{} (a day off: passes on {due})", state.due).into());
    }
    if let Some(asked) = &state.asked {
        let text = format!(
            "asked until {} since {}: {}; the deadline above counts until somebody answers",
            asked.to,
            local_time(almanac, asked.at),
            asked.note
        );
        line("extension", Cell::painted(text, Paint::Yellow));
    }
    line("opened", almanac.date_of(state.opened).to_string().into());
    for found in intake::mismatches(task, state) {
        let text = format!(
            "{}: the ledger says {}, the journal {}; an unchanged cell never undoes an act",
            found.column, found.row, found.journal
        );
        line("disagreement", Cell::painted(text, Paint::Yellow));
    }
    table
}

fn told_table() -> Table {
    Table::new(&["at", "step", "to", "role", "channel", "state", "words", "reason"])
}

/// Every notice of the task, with what became of it.
async fn told(desk: &Desk, store: &Store, task: &TaskId) -> Result<Table, Failure> {
    let almanac = &desk.config.almanac;
    let reasons = store.undelivered_reasons(task).await.map_err(failed)?;
    let mut answers = BTreeMap::new();
    let mut table = told_table();
    for (notice, state, message) in store.notices_of_task(task).await.map_err(failed)? {
        if let Some(id) = message.as_ref().filter(|id| !answers.contains_key(*id)) {
            let carrier = store.message(id).await.map_err(failed)?;
            answers.insert(id.clone(), (last_answer(store, almanac, id).await?, carrier));
        }
        let (answer, carrier) = message.and_then(|id| answers.get(&id).cloned()).unwrap_or_default();
        let words = reasons.get(&notice.id).cloned().or(answer).unwrap_or_default();
        let channel = carrier.as_ref().map_or(&notice.channel, |carrier| &carrier.channel);
        let paint = match state {
            NoticeState::Delivered => Paint::Green,
            NoticeState::Waiting | NoticeState::Queued => Paint::Yellow,
            NoticeState::Undeliverable => Paint::Red,
            NoticeState::Dropped => Paint::Dim,
        };
        table.push(vec![
            local_time(almanac, notice.at).into(),
            notice.step_name().into(),
            recipient(&notice, carrier.as_ref()).into(),
            notice.recipient.role.clone().into(),
            channel.to_string().into(),
            Cell::painted(state.as_str(), paint),
            words.into(),
            notice.reason.clone().into(),
        ]);
    }
    Ok(table)
}

/// When a message was last answered, and in which words.
async fn last_answer(store: &Store, almanac: &Almanac, id: &MessageId) -> Result<Option<String>, Failure> {
    let attempts = store.attempts(id).await.map_err(failed)?;
    Ok(attempts
        .last()
        .map(|last| format!("{} {}: {}", local_time(almanac, last.at), last.outcome, last.words))
        // An endpoint that is down is no attempt at the message.
        .or(store
            .message(id)
            .await
            .map_err(failed)?
            .and_then(|message| message.last_outcome)))
}

/// Who has it, and in whose place: somebody else where it could not be delivered, and in a trial.
fn recipient(notice: &Notice, carrier: Option<&Message>) -> String {
    let carried_to = carrier.map(|carrier| &carrier.content.recipient);
    if let Some(other) = carried_to.filter(|other| other.id != notice.recipient.id) {
        return format!("{} (in place of {})", other.name, notice.recipient.name);
    }
    match &notice.for_person {
        Some(person) => format!("{} (for {person})", notice.recipient.name),
        None => notice.recipient.name.clone(),
    }
}

fn covered_table() -> Table {
    Table::new(&["at", "step", "role", "why"])
}

/// What counts as told though it was not sent, as the journal has it.
async fn covered(desk: &Desk, store: &Store, task: &TaskId) -> Result<Table, Failure> {
    let mut table = covered_table();
    for entry in store.entries_of(task).await.map_err(failed)? {
        if !matches!(entry.kind.as_str(), "covered" | "hushed") {
            continue;
        }
        let at = entry
            .at
            .parse()
            .map_or_else(|_| entry.at.clone(), |at| local_time(&desk.config.almanac, at));
        let text = |name: &str| {
            entry
                .data
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let step = match entry.data.get("occurrence").and_then(Value::as_u64) {
            Some(number) if number > 1 => format!("{}#{number}", text("step")),
            Some(_) | None => text("step"),
        };
        table.push(vec![at.into(), step.into(), text("role").into(), text("reason").into()]);
    }
    Ok(table)
}

/// How each step of the ladder stands, and by which rule it speaks next.
fn steps(desk: &Desk, stored: &StoredTask, now: DateTime<Utc>) -> Table {
    let mut table = Table::new(&["step", "to", "counts from", "next", "standing"]);
    let Some(ground) = ground(&desk.config, &stored.task, &stored.state) else {
        return table;
    };
    for standing in planner::standings(&ground, now) {
        let next = standing.next.map(|at| local_time(&desk.config.almanac, at));
        let from = standing.anchor_value.map(|value| value.to_string());
        table.push(vec![
            standing.step.into(),
            standing.to.join(", ").into(),
            from.unwrap_or_default().into(),
            next.unwrap_or_default().into(),
            standing.standing.into(),
        ]);
    }
    table
}

fn section(out: &mut impl Write, title: &str, none: &str, table: &Table, colour: Colour) -> Result<(), Failure> {
    if table.is_empty() {
        writeln!(out, "\n{title}: {none}")?;
    } else {
        writeln!(out, "\n{title}:")?;
        table.write(out, colour)?;
    }
    Ok(())
}

fn next_words(almanac: &Almanac, next: Option<&Notice>) -> String {
    match next {
        Some(notice) => format!(
            "Next: {} {} to {} ({}) by {}: {}",
            local_time(almanac, notice.at),
            notice.step_name(),
            recipient(notice, None),
            notice.recipient.role,
            notice.channel,
            notice.reason
        ),
        None => "Next: nothing, unless something happens".to_owned(),
    }
}
