//! `duban audit`: counts again what should have been sent, and says what does not agree.

use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use crate::command::cli::{self, Format};
use crate::command::desk::{Desk, Place, failed, hinted, note};
use crate::command::table::{Cell, Colour, Paint, Table, write_json};
use crate::command::task::name_of;
use crate::command::{Failure, instant};
use crate::config::Config;
use crate::daemon::{self, timeline::local_time};
use crate::domain::audit::{Audit, Finding};
use crate::domain::journal::Draft;
use crate::store::{Access, Store};

/// Where a daemon takes other files in while it is counted, it is counted again, so often.
const TRIES: u32 = 3;

pub(super) async fn audit(flag: Option<&Path>, args: &cli::Audit) -> Result<(), Failure> {
    let place = Place::find(flag)?;
    let store = place.open(Access::Look).await?;
    let mut counted = None;
    for _ in 0..TRIES {
        let since = daemon::in_force_since(&store).await.map_err(failed)?;
        let config = in_force(flag, &place, &store).await?;
        let zone = config.almanac.timing.zone;
        let now = match &args.now {
            Some(text) => instant::instant(text, zone)?,
            None => place.clock.now(),
        };
        let from = match &args.from {
            Some(text) => Some(instant::instant(text, zone)?),
            None => daemon::last_clean(&store).await.map_err(failed)?,
        };
        let audit = daemon::recount(&store, &config, now, from).await.map_err(failed)?;
        if daemon::in_force_since(&store).await.map_err(failed)? == since {
            counted = Some((config, now, audit));
            break;
        }
    }
    let Some((config, now, audit)) = counted else {
        return Err(hinted(
            "the daemon loaded other files each time while this was counted",
            "try again when the files are left alone",
        ));
    };
    if args.accept {
        return accept(&place, &audit, args, now).await;
    }
    print(&place, &config, &audit, args.format)?;
    if audit.is_clean() {
        Ok(())
    } else {
        Err(Failure::Told(1))
    }
}

/// The configuration that a daemon works by: the last good load, whatever the files say meanwhile.
async fn in_force(flag: Option<&Path>, place: &Place, store: &Store) -> Result<Config, Failure> {
    if let Some(config) = daemon::kept(store, &place.env).await.map_err(failed)? {
        return Ok(config);
    }
    note("the load that the daemon works by cannot be used here: this is by the files");
    Ok(Desk::open(flag)?.config)
}

/// Keeps in the journal that these findings are known and need not be told any more.
async fn accept(place: &Place, audit: &Audit, args: &cli::Audit, now: DateTime<Utc>) -> Result<(), Failure> {
    if audit.is_clean() {
        note("there is nothing to accept");
        return Ok(());
    }
    let by = name_of(args.by.as_deref(), &place.env)?;
    let keys: Vec<String> = audit.findings.iter().map(Finding::key).collect();
    let store = place.open(Access::Act).await?;
    let entry = Draft {
        at: now,
        task: None,
        kind: daemon::ACCEPTED.to_owned(),
        by,
        data: json!({ "findings": keys, "note": args.note }),
    };
    store.append(vec![entry]).await.map_err(failed)?;
    writeln!(io::stdout().lock(), "{} accepted", counted(keys.len(), "finding"))?;
    Ok(())
}

/// The whole, in the shape that scripts read.
#[derive(Debug, Serialize)]
struct Printed<'a> {
    clean: bool,
    from: Option<String>,
    now: String,
    #[serde(flatten)]
    counts: serde_json::Value,
    head: String,
    findings: Vec<Row<'a>>,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    hint: &'static str,
    key: String,
}

fn print(place: &Place, config: &Config, audit: &Audit, format: Format) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let local = |at: DateTime<Utc>| local_time(&config.almanac, at);
    match format {
        Format::Json => {
            let mut counts = audit.data();
            if let Some(counts) = counts.as_object_mut() {
                counts.remove("clean");
            }
            let printed = Printed {
                clean: audit.is_clean(),
                from: audit.from.filter(|from| *from > DateTime::UNIX_EPOCH).map(local),
                now: local(place.clock.now()),
                counts,
                head: format!("{}:{}", audit.head.0, audit.head.1),
                findings: audit
                    .findings
                    .iter()
                    .map(|finding| Row {
                        finding,
                        hint: finding.kind.hint(),
                        key: finding.key(),
                    })
                    .collect(),
            };
            write_json(&mut out, &printed)?;
        }
        Format::Csv => table(audit).write_csv(&mut out)?,
        Format::Table => {
            if !audit.is_clean() {
                table(audit).write(&mut out, Colour::for_stdout(place.env.get("NO_COLOR")))?;
                hints(audit);
            }
            let verdict = if audit.is_clean() {
                "clean".to_owned()
            } else {
                counted(audit.findings.len(), "finding")
            };
            writeln!(
                out,
                "{verdict}: {} tasks, {} notices, {} journal entries",
                audit.tasks, audit.notices, audit.entries
            )?;
        }
    }
    if audit.unjudged > 0 {
        note(&format!(
            "{} of an earlier configuration not planned again",
            counted(audit.unjudged, "notice")
        ));
    }
    if audit.accepted > 0 {
        note(&format!("{} accepted before", counted(audit.accepted, "finding")));
    }
    Ok(())
}

/// A number with its noun.
fn counted(number: impl std::fmt::Display, noun: &str) -> String {
    let number = number.to_string();
    let plural = if number == "1" { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// What to do, once for each kind of finding.
fn hints(audit: &Audit) {
    let mut kinds: Vec<_> = audit.findings.iter().map(|finding| finding.kind).collect();
    kinds.dedup();
    for kind in kinds {
        note(&format!("{}: {}", kind.as_str(), kind.hint()));
    }
}

fn table(audit: &Audit) -> Table {
    let mut table = Table::new(&["kind", "task", "step", "who", "what"]);
    for finding in &audit.findings {
        table.push(vec![
            Cell::painted(finding.kind.as_str(), Paint::Red),
            finding
                .task
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default()
                .into(),
            finding.step.clone().unwrap_or_default().into(),
            finding.who.clone().unwrap_or_default().into(),
            finding.what.clone().into(),
        ]);
    }
    table
}
