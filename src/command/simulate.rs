//! `duban simulate`: a span of time replayed in seconds.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};

use crate::command::cli::Simulate;
use crate::command::desk::{Desk, failed};
use crate::command::{Failure, instant};
use crate::simulate::{self, Pictures};

/// Cells of the progress bar.
const BAR: i64 = 40;

pub(super) async fn simulate(flag: Option<&Path>, args: &Simulate) -> Result<(), Failure> {
    stay_on_one_core();
    let desk = Desk::open(flag)?;
    let from = instant::instant(&args.from, desk.config.almanac.timing.zone)?;
    let until = instant::until(&args.until, from, &desk.config.almanac)?;
    if until <= from {
        return Err(Failure::NotUnderstood(anyhow::anyhow!("--until must be after --from")));
    }
    let zone = desk.config.almanac.timing.zone;
    let shown = io::stderr().is_terminal();
    let bar = move |now: DateTime<Utc>| {
        if shown {
            let cells = (now - from).num_seconds() * BAR / (until - from).num_seconds().max(1);
            let (done, left) = (
                usize::try_from(cells).unwrap_or(0),
                usize::try_from(BAR - cells).unwrap_or(0),
            );
            let day = now.with_timezone(&zone).date_naive();
            let text = format!("\r[{}{}] {day}", "#".repeat(done), ".".repeat(left));
            // A terminal that has gone away is no reason to stop.
            drop(io::stderr().write_all(text.as_bytes()));
        }
    };
    let pictures = if args.pictures {
        Pictures::Drawn
    } else {
        Pictures::LeftOut
    };
    let done = simulate::simulate(desk.config, from, until, &args.out, pictures, &bar)
        .await
        .map_err(failed)?;
    if shown {
        bar(until);
        drop(io::stderr().write_all(b"\n"));
    }
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{} notices in {} messages, {} reviews: see {}",
        done.notices,
        done.messages,
        done.reviews,
        args.out.join("timeline.json").display()
    )?;
    Ok(())
}

/// A replay and its store hand work to each other thousands of times a second, one waiting for the other: on one core
/// that is a switch, on two it is a wake-up each time. Measured: half the time. Where it cannot be had, it goes without.
fn stay_on_one_core() {
    let mut cores = CpuSet::new();
    cores.set(sched_getcpu());
    if let Err(error) = sched_setaffinity(None, &cores) {
        tracing::debug!("the replay is not bound to one core: {error}");
    }
}
