//! `duban plan`: who will hear what, when and why.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::command::cli::{Format, Plan};
use crate::command::desk::{Desk, failed};
use crate::command::picture::known;
use crate::command::table::{Cell, Colour, Paint, Table, write_json};
use crate::command::{Failure, diff, instant, listener};
use crate::daemon::timeline::TimelineRow;
use crate::daemon::{as_first_loaded, forecast};
use crate::domain::ladder::Level;
use crate::domain::notice::Notice;
use crate::rules::calendar::{Almanac, YEAR_MAX};
use crate::store::{Store, StoredTask};

pub(super) async fn plan(flag: Option<&Path>, args: &Plan) -> Result<(), Failure> {
    if let Some(new) = &args.diff {
        return diff::diff(flag, args, new).await;
    }
    let desk = Desk::open(flag)?;
    let now = desk.now(args.now.as_deref())?;
    let from = match &args.from {
        Some(text) => instant::instant(text, desk.config.almanac.timing.zone)?,
        None => now,
    };
    let until = end(&args.until, from, &desk.config.almanac)?;
    let to = match &args.to {
        Some(to) => Some(listener::named(to, &desk.config.people)?),
        None => None,
    };
    let store = if args.ignore_store {
        None
    } else {
        desk.look_at(now).await?
    };
    let (stored, notices) = coming(&desk, store.as_ref(), now, until).await?;
    if let Some(id) = &args.task {
        known(&stored, id)?;
    }
    let tasks: BTreeMap<_, _> = stored.iter().map(|stored| (&stored.task.id, stored)).collect();
    let rows: Vec<TimelineRow> = notices
        .iter()
        .filter(|notice| notice.at >= from)
        .filter(|notice| args.task.as_ref().is_none_or(|task| notice.task == *task))
        .filter(|notice| to.as_ref().is_none_or(|to| to.contains(&notice.recipient)))
        .filter_map(|notice| {
            let stored = tasks.get(&notice.task)?;
            Some(TimelineRow::new(
                notice,
                &stored.task,
                &stored.state,
                &desk.config.almanac,
            ))
        })
        .collect();
    let mut out = BufWriter::new(io::stdout().lock());
    match args.format {
        Format::Json => write_json(&mut out, &rows)?,
        Format::Table => table(&rows).write(&mut out, Colour::for_stdout(desk.env.get("NO_COLOR")))?,
        Format::Csv => table(&rows).write_csv(&mut out)?,
    }
    out.flush()?;
    if rows.iter().any(|row| row.provisional) {
        tracing::warn!("some of it is provisional: it counts days of a year whose calendar is not published");
    }
    Ok(())
}

/// The end of the plan, which calendars can count to.
pub(super) fn end(text: &str, from: DateTime<Utc>, almanac: &Almanac) -> Result<DateTime<Utc>, Failure> {
    let until = instant::until(text, from, almanac)?;
    let last = NaiveDate::from_ymd_opt(YEAR_MAX + 1, 1, 1).map(|day| almanac.instant(day.and_time(NaiveTime::MIN)));
    let until = last.map_or(until, |last| until.min(last));
    if until <= from {
        return Err(Failure::NotUnderstood(anyhow::anyhow!("--until must be after --from")));
    }
    Ok(until)
}

/// What is stored, or what a first load now would store, and what goes out of it.
async fn coming(
    desk: &Desk,
    store: Option<&Store>,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(Vec<StoredTask>, Vec<Notice>), Failure> {
    let (stored, told) = match store {
        Some(store) => (
            store.tasks().await.map_err(failed)?,
            store.all_told().await.map_err(failed)?,
        ),
        None => (as_first_loaded(&desk.config, now), BTreeMap::new()),
    };
    let notices = forecast(&desk.config, &stored, &told, now, until);
    Ok((stored, notices))
}

fn table(rows: &[TimelineRow]) -> Table {
    let header = [
        "at", "task", "title", "unit", "due", "step", "to", "role", "channel", "late", "reason",
    ];
    let mut table = Table::new(&header);
    for row in rows {
        let paint = match Level::ALL.iter().find(|level| level.as_str() == row.level) {
            Some(Level::Remind | Level::Warn) | None => Paint::None,
            Some(Level::Due) => Paint::Yellow,
            Some(Level::Overdue | Level::Escalate | Level::Summon) => Paint::Red,
        };
        let to = match &row.for_person {
            Some(person) => format!("{} (for {person})", row.recipient.name),
            None => row.recipient.name.clone(),
        };
        let late = if row.late { "late" } else { "" };
        table.push(vec![
            row.at.clone().into(),
            row.task.clone().into(),
            row.title.clone().into(),
            row.unit.clone().into(),
            row.due.clone().into(),
            Cell::painted(row.step.clone(), paint),
            to.into(),
            row.recipient.role.clone().into(),
            row.channel.clone().into(),
            late.into(),
            row.reason.clone().into(),
        ]);
    }
    table
}
