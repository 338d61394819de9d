//! `duban review`: when each review takes place, which took place, what they said, and what one would say now; and one sent
//! by hand.

mod papers;
mod said;

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::clock::ManualClock;
use crate::command::cli::act::Said;
use crate::command::cli::{Format, ReviewView};
use crate::command::desk::{Desk, failed, hinted, note};
use crate::command::outbox::printable;
use crate::command::picture::{near, unknown};
use crate::command::table::{Cell, Colour, Paint, Table, write_json};
use crate::command::task::name;
use crate::command::{Failure, meeting};
use crate::daemon::timeline::local_time;
use crate::daemon::{DaemonError, Engine, FirstLoad, sync};
use crate::domain::id::ReviewId;
use crate::domain::review::{OnDayOff, Review};
use crate::render::Renderer;
use crate::rules::calendar::Almanac;
use crate::rules::cron;
use crate::rules::intake::Removals;
use crate::store::{Repeat, ReviewRow, ReviewRun, Store};

/// Past runs that `show` lists.
const RUNS_MAX: u32 = 20;
/// Coming times that `show` lists.
const COMING: usize = 5;
/// So many times are looked at for one that is not skipped.
const LOOKS_MAX: u32 = 1000;

pub(super) async fn review(flag: Option<&Path>, view: ReviewView) -> Result<(), Failure> {
    let view = match view {
        ReviewView::Agenda { view } => return meeting::agenda(flag, view).await,
        ReviewView::Minutes(args) => return meeting::minutes(flag, args).await,
        view @ (ReviewView::List { .. }
        | ReviewView::Show { .. }
        | ReviewView::Send { .. }
        | ReviewView::Papers(_)
        | ReviewView::Preview { .. }) => view,
    };
    let desk = Desk::open_or_kept(flag).await?;
    match view {
        ReviewView::Agenda { .. } | ReviewView::Minutes(_) => Ok(()),
        ReviewView::Papers(args) => papers::write(&desk, find(&desk, &args.review)?, &args).await,
        ReviewView::List { format, now } => {
            let now = desk.now(now.as_deref())?;
            list(&desk, now, format).await
        }
        ReviewView::Show {
            review,
            run: None,
            to: _,
            format,
        } => {
            let now = desk.clock.now();
            show(&desk, find(&desk, &review)?, now, format).await
        }
        ReviewView::Show {
            review,
            run: Some(day),
            to,
            format,
        } => said::show(&desk, &review, day, to.as_deref(), format).await,
        ReviewView::Send { review, again, by } => {
            let review = find(&desk, &review)?.clone();
            send(desk, &review, again, by.as_deref()).await
        }
        ReviewView::Preview { review, to, now } => {
            let now = desk.now(now.as_deref())?;
            preview(&desk, find(&desk, &review)?, to.as_deref(), now).await
        }
    }
}

fn find<'a>(desk: &'a Desk, id: &ReviewId) -> Result<&'a Review, Failure> {
    let reviews = &desk.config.reviews;
    reviews.iter().find(|review| review.id == *id).ok_or_else(|| {
        let ids = reviews.iter().map(|review| review.id.as_str());
        unknown("review", id.as_str(), &near(id.as_str(), ids))
    })
}

/// One review, in the shape that scripts read.
#[derive(Debug, Serialize)]
struct ReviewLine {
    id: String,
    cron: String,
    to: Vec<String>,
    on_day_off: &'static str,
    late_limit: String,
    next: Option<String>,
    last: Option<String>,
    last_state: Option<&'static str>,
}

impl ReviewLine {
    fn of(review: &Review, next: Option<DateTime<Utc>>, last: Option<&ReviewRun>, almanac: &Almanac) -> Self {
        Self {
            id: review.id.to_string(),
            cron: review.cron.clone(),
            to: review.to.iter().map(ToString::to_string).collect(),
            on_day_off: match review.on_day_off {
                OnDayOff::NextWorkingDay => "next-working-day",
                OnDayOff::Skip => "skip",
                OnDayOff::Send => "send",
            },
            late_limit: review.late_limit.to_string(),
            next: next.map(|at| local_time(almanac, at)),
            last: last.map(|run| local_time(almanac, run.at)),
            last_state: last.map(|run| run.state.as_str()),
        }
    }
}

async fn list(desk: &Desk, now: DateTime<Utc>, format: Format) -> Result<(), Failure> {
    let almanac = &desk.config.almanac;
    let store = desk.look_at(now).await?;
    let rows = rows(store.as_ref()).await?;
    let mut lines = Vec::new();
    for review in &desk.config.reviews {
        let last = match &store {
            Some(store) => store.last_run(&review.id).await.map_err(failed)?,
            None => None,
        };
        let next = coming(almanac, review, &rows, now, 1).into_iter().next();
        lines.push(ReviewLine::of(review, next, last.as_ref(), almanac));
    }
    let mut out = io::stdout().lock();
    match format {
        Format::Json => write_json(&mut out, &lines)?,
        Format::Table => list_table(&lines).write(&mut out, Colour::for_stdout(desk.env.get("NO_COLOR")))?,
        Format::Csv => list_table(&lines).write_csv(&mut out)?,
    }
    if lines.is_empty() {
        note("no review is configured: see [reviews]");
    }
    Ok(())
}

fn list_table(lines: &[ReviewLine]) -> Table {
    let mut table = Table::new(&["id", "cron", "to", "on_day_off", "next", "last", "last_state"]);
    for line in lines {
        table.push(vec![
            line.id.clone().into(),
            line.cron.clone().into(),
            line.to.join(", ").into(),
            line.on_day_off.into(),
            line.next.clone().unwrap_or_default().into(),
            line.last.clone().unwrap_or_default().into(),
            line.last_state.unwrap_or_default().into(),
        ]);
    }
    table
}

async fn rows(store: Option<&Store>) -> Result<Vec<ReviewRow>, Failure> {
    match store {
        Some(store) => store.review_rows().await.map_err(failed),
        None => Ok(Vec::new()),
    }
}

/// The next times of a review: from its row, where it was computed from the same schedule, else from `now` on.
fn coming(
    almanac: &Almanac,
    review: &Review,
    rows: &[ReviewRow],
    now: DateTime<Utc>,
    times: usize,
) -> Vec<DateTime<Utc>> {
    let zone = almanac.timing.zone;
    let row = rows
        .iter()
        .find(|row| row.id == review.id && row.cron == review.cron && row.zone == zone.name());
    let first = row.map(|row| row.nominal);
    let mut nominal = first.or_else(|| cron::next_after(&review.cron, zone, now).ok());
    let mut all: Vec<DateTime<Utc>> = Vec::new();
    for _ in 0..LOOKS_MAX {
        let Some(from) = nominal.filter(|_| all.len() < times) else {
            break;
        };
        let at = cron::review_at(almanac, review, from);
        // Two that fall on one day are one.
        let same_day = all.last().is_some_and(|last| almanac.today(*last) == almanac.today(at));
        if !same_day && !cron::is_skipped(almanac, review, at) {
            all.push(at);
        }
        nominal = cron::next_after(&review.cron, zone, from).ok();
    }
    all
}

/// One review with its past and its coming times.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    line: ReviewLine,
    coming: Vec<String>,
    runs: Vec<Run>,
}

/// One run.
#[derive(Debug, Serialize)]
struct Run {
    day: String,
    nominal: String,
    at: String,
    state: &'static str,
    figures: Value,
}

async fn show(desk: &Desk, review: &Review, now: DateTime<Utc>, format: Format) -> Result<(), Failure> {
    let almanac = &desk.config.almanac;
    let store = desk.look().await?;
    let runs = match &store {
        Some(store) => store.runs(Some(&review.id), RUNS_MAX).await.map_err(failed)?,
        None => Vec::new(),
    };
    let coming = coming(almanac, review, &rows(store.as_ref()).await?, now, COMING);
    let shown = Shown {
        line: ReviewLine::of(review, coming.first().copied(), runs.first(), almanac),
        coming: coming.iter().map(|at| local_time(almanac, *at)).collect(),
        runs: runs
            .iter()
            .map(|run| Run {
                day: run.day.to_string(),
                nominal: local_time(almanac, run.nominal),
                at: local_time(almanac, run.at),
                state: run.state.as_str(),
                figures: run.figures.clone(),
            })
            .collect(),
    };
    let colour = Colour::for_stdout(desk.env.get("NO_COLOR"));
    let mut out = io::stdout().lock();
    match format {
        Format::Json => write_json(&mut out, &shown)?,
        Format::Csv => runs_table(&shown.runs).write_csv(&mut out)?,
        Format::Table => {
            head(&shown).write(&mut out, colour)?;
            if !shown.runs.is_empty() {
                writeln!(out)?;
                runs_table(&shown.runs).write(&mut out, colour)?;
            }
        }
    }
    Ok(())
}

fn head(shown: &Shown) -> Table {
    let line = &shown.line;
    let mut table = Table::new(&["review", &line.id]);
    for (name, text) in [
        ("cron", line.cron.clone()),
        ("to", line.to.join(", ")),
        ("on a day off", line.on_day_off.to_owned()),
        ("late limit", line.late_limit.clone()),
        ("coming", shown.coming.join("  ")),
    ] {
        table.push(vec![Cell::painted(name, Paint::Dim), text.into()]);
    }
    table
}

fn runs_table(runs: &[Run]) -> Table {
    let mut table = Table::new(&["day", "nominal", "at", "state", "recipients"]);
    for run in runs {
        let recipients = run.figures.as_object().map_or(0, serde_json::Map::len);
        table.push(vec![
            run.day.clone().into(),
            run.nominal.clone().into(),
            run.at.clone().into(),
            run.state.into(),
            recipients.to_string().into(),
        ]);
    }
    table
}

async fn preview(desk: &Desk, review: &Review, to: Option<&str>, now: DateTime<Utc>) -> Result<(), Failure> {
    let store = match desk.look_or_first_load(now).await? {
        Some(store) => store,
        None => first_loaded(desk, now).await?,
    };
    let clock = Arc::new(ManualClock::new(now));
    let engine = Engine::open(desk.config.clone(), store, clock).await.map_err(failed)?;
    let renderer = Renderer::new(&desk.config.templates).map_err(|faults| failed(DaemonError::Template(faults)))?;
    let readers = engine.summaries(review, now, now).await.map_err(failed)?;
    let chosen: Vec<_> = readers
        .iter()
        .filter(|(reader, _)| to.is_none_or(|to| reader.recipient.id == to || reader.recipient.name == to))
        .collect();
    if chosen.is_empty() {
        let all: Vec<&str> = readers.iter().map(|(reader, _)| reader.recipient.id.as_str()).collect();
        return match to {
            Some(to) if !all.is_empty() => Err(Failure::Failed(anyhow::anyhow!(
                "review {} would not go to `{to}`, but to {}",
                review.id,
                all.join(", ")
            ))),
            Some(_) | None => {
                note(&format!(
                    "review {} would go to nobody: no task is in anybody's part",
                    review.id
                ));
                Ok(())
            }
        };
    }
    let mut out = io::stdout().lock();
    for (place, (reader, summary)) in chosen.into_iter().enumerate() {
        let words = renderer.review(summary);
        if place > 0 {
            writeln!(out)?;
        }
        writeln!(out, "To: {} ({})", reader.recipient.name, reader.recipient.id)?;
        writeln!(out, "Subject: {}\n", printable(&words.subject))?;
        writeln!(out, "{}", printable(words.text.trim_end()))?;
    }
    Ok(())
}

/// Sends a review through the store of the running daemon.
async fn send(desk: Desk, review: &Review, again: bool, by: Option<&str>) -> Result<(), Failure> {
    let said = Said {
        by: by.map(str::to_owned),
        note: None,
    };
    let by = name(&said, &desk.env)?;
    let now = desk.clock.now();
    let store = desk.act().await?;
    let day = desk.config.almanac.today(now);
    let engine = Engine::open(desk.config, store.clone(), desk.clock)
        .await
        .map_err(failed)?;
    let repeat = if again { Repeat::Replaces } else { Repeat::Refused };
    let sent = engine.send_review(review, repeat, &by, now).await.map_err(failed)?;
    drop(engine);
    store.close().await;
    match sent {
        Some(0) => note(&format!(
            "review {} goes to nobody: no task is in anybody's part",
            review.id
        )),
        Some(messages) => note(&format!(
            "review {} of {day}: {messages} messages are in the outbox; the daemon sends them",
            review.id
        )),
        None => {
            return Err(hinted(
                &format!("review {} of {day} was sent already", review.id),
                "--again sends it once more; `duban review show` tells what was said",
            ));
        }
    }
    Ok(())
}

/// What a first load now would store, in memory.
async fn first_loaded(desk: &Desk, now: DateTime<Utc>) -> Result<Store, Failure> {
    let store = Store::memory(now).await.map_err(failed)?;
    sync(&store, &desk.config, None, now, Removals::Accepted, FirstLoad::CatchUp)
        .await
        .map_err(failed)?
        .map_err(|errors| failed(DaemonError::Intake(errors)))?;
    Ok(store)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveTime;

    use super::*;
    use crate::rules::calendar::{Calendar, DueOnDayOff, Timing};

    fn coming_days(cron: &str, on_day_off: OnDayOff) -> Vec<String> {
        let almanac = Almanac {
            calendar: Calendar::mon_fri(),
            timing: Timing {
                zone: chrono_tz::Asia::Shanghai,
                send_at: NaiveTime::MIN,
                close_of_day: NaiveTime::MIN,
                hours: None,
                due_on_day_off: DueOnDayOff::AsWritten,
                yellow: "5wd".parse().expect("a span"),
            },
        };
        let review = Review {
            id: ReviewId::new("daily"),
            cron: cron.to_owned(),
            to: Vec::new(),
            on_day_off,
            late_limit: "2d".parse().expect("a span"),
            pictures: true,
            attach: Vec::new(),
        };
        // A Friday, 10:00 in Shanghai.
        let now = "2021-12-17T02:00:00Z".parse().expect("an instant");
        coming(&almanac, &review, &[], now, 2)
            .iter()
            .map(|at| almanac.today(*at).to_string())
            .collect()
    }

    #[test]
    fn a_review_that_days_off_move_comes_once_on_the_day_it_is_moved_to() {
        assert_eq!(
            coming_days("30 8 * * *", OnDayOff::NextWorkingDay),
            ["2021-12-20", "2021-12-21"]
        );
    }

    #[test]
    fn a_review_that_days_off_skip_comes_on_the_next_day_it_is_not_skipped() {
        assert_eq!(coming_days("30 8 * * *", OnDayOff::Skip), ["2021-12-20", "2021-12-21"]);
    }

    #[test]
    fn a_review_that_is_sent_all_the_same_comes_on_a_day_off() {
        assert_eq!(coming_days("30 8 * * *", OnDayOff::Send), ["2021-12-18", "2021-12-19"]);
    }
}
