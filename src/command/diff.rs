//! `duban plan --diff`: what another configuration would add, drop and move, compared with what is in force.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::command::cli::{Format, Plan};
use crate::command::desk::{Desk, failed, hinted, not_understood, note};
use crate::command::plan::end;
use crate::command::table::{Cell, Colour, Paint, Table, write_json};
use crate::command::{Failure, dry};
use crate::config;
use crate::daemon::{self, Change, Difference, Stand, as_first_loaded, differences};
use crate::rules::intake::{Intake, Removals};
use crate::store::StoredTask;

pub(super) async fn diff(flag: Option<&Path>, args: &Plan, new: &Path) -> Result<(), Failure> {
    let desk = Desk::open_or_kept(flag).await?;
    let now = desk.now(args.now.as_deref())?;
    let until = end(&args.until, now, &desk.config.almanac)?;
    let after = config::load(new, &desk.env).map_err(not_understood)?;
    let store = desk.look_at(now).await?;
    let (before, stored, told) = match &store {
        Some(store) => {
            let kept = daemon::kept(store, &desk.env).await.map_err(failed)?;
            let stored = store.tasks().await.map_err(failed)?;
            (kept, stored, store.all_told().await.map_err(failed)?)
        }
        None => (None, as_first_loaded(&desk.config, now), BTreeMap::new()),
    };
    let before = before.as_ref().unwrap_or(&desk.config);
    let tasks = match &store {
        Some(_) => {
            let intake = taken_in(&after, &stored, now)?;
            in_order(&stored, intake)
        }
        None => as_first_loaded(&after, now),
    };
    let stands = [(before, &stored), (&after, &tasks)].map(|(config, tasks)| Stand { config, tasks });
    let [before, after] = stands;
    let all = differences(before, after, &told, now, until);
    let mut out = BufWriter::new(io::stdout().lock());
    match args.format {
        Format::Json => write_json(&mut out, &all)?,
        Format::Table => table(&all).write(&mut out, Colour::for_stdout(desk.env.get("NO_COLOR")))?,
        Format::Csv => table(&all).write_csv(&mut out)?,
    }
    out.flush()?;
    if all.is_empty() {
        note("nothing changes");
    }
    Ok(())
}

/// What a load of it would do to the stored tasks, however much it takes away; what the daemon would say to it is told.
fn taken_in(
    after: &config::Config,
    stored: &[StoredTask],
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Intake, Failure> {
    if let Err(errors) = dry::intake(after, stored, now, Removals::Guarded) {
        for error in &errors {
            let hint = error.hint();
            note(&format!("the daemon would refuse this load: {error}\n  hint: {hint}"));
        }
    }
    dry::intake(after, stored, now, Removals::Accepted).map_err(|errors| {
        let first = errors.first().map(|error| (error.to_string(), error.hint()));
        let (text, hint) = first.unwrap_or_default();
        hinted(&text, hint)
    })
}

/// The tasks after a load, in ledger order.
fn in_order(stored: &[StoredTask], intake: Intake) -> Vec<StoredTask> {
    let after = dry::after(stored, Some(intake)).into_values();
    let mut tasks: Vec<StoredTask> = after
        .map(|(task, state)| StoredTask {
            task,
            state,
            next_at: None,
        })
        .collect();
    tasks.sort_by_key(|stored| stored.task.order);
    tasks
}

fn table(all: &[Difference]) -> Table {
    let header = [
        "change", "what", "id", "step", "to", "channel", "before", "after", "title",
    ];
    let mut table = Table::new(&header);
    let text = |text: &Option<String>| -> Cell { text.clone().unwrap_or_default().into() };
    for row in all {
        let paint = match row.change {
            Change::Added => Paint::Green,
            Change::Dropped => Paint::Red,
            Change::Moved | Change::Changed => Paint::Yellow,
        };
        table.push(vec![
            Cell::painted(row.change.as_str(), paint),
            row.what.into(),
            row.id.clone().into(),
            text(&row.step),
            text(&row.recipient),
            text(&row.channel),
            text(&row.before),
            text(&row.after),
            text(&row.title),
        ]);
    }
    table
}
