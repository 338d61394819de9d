//! What a review said on a day: its recipients with their figures, or one recipient's words.

use std::io::{self, Write};

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;

use crate::command::Failure;
use crate::command::cli::Format;
use crate::command::desk::{Desk, failed, hinted};
use crate::command::outbox::printable;
use crate::command::table::{Cell, Colour, Paint, Table, write_json};
use crate::daemon::timeline::local_time;
use crate::domain::id::ReviewId;
use crate::rules::calendar::Almanac;
use crate::store::KeptReview;

/// One recipient of a run, in the shape that scripts read.
#[derive(Debug, Serialize)]
struct Line {
    at: String,
    recipient: String,
    name: String,
    edition: &'static str,
    locale: &'static str,
    channel: String,
    message: String,
    figures: Value,
    subject: String,
    text: String,
}

impl Line {
    fn of(kept: KeptReview, almanac: &Almanac) -> Self {
        Self {
            at: local_time(almanac, kept.at),
            recipient: kept.recipient,
            name: kept.name,
            edition: kept.edition.as_str(),
            locale: kept.locale.as_str(),
            channel: kept.channel.to_string(),
            message: kept.message.to_string(),
            figures: kept.figures,
            subject: kept.subject,
            text: kept.text,
        }
    }

    fn is_to(&self, who: &str) -> bool {
        self.recipient == who || self.name == who || self.recipient.split_once(':').is_some_and(|(_, id)| id == who)
    }
}

/// Prints what was said on a day.
///
/// # Errors
/// Exit code 1 where nothing was, or not to `to`.
pub(super) async fn show(
    desk: &Desk,
    review: &ReviewId,
    day: NaiveDate,
    to: Option<&str>,
    format: Format,
) -> Result<(), Failure> {
    let store = desk.look_in().await?;
    let kept = store.kept_reviews(review, day).await.map_err(failed)?;
    let all: Vec<Line> = kept
        .into_iter()
        .map(|kept| Line::of(kept, &desk.config.almanac))
        .collect();
    if all.is_empty() {
        return Err(hinted(
            &format!("nothing is kept of review {review} of {day}"),
            &format!("`duban review show {review}` lists its runs"),
        ));
    }
    let names: Vec<String> = all.iter().map(|line| line.recipient.clone()).collect();
    let chosen: Vec<Line> = all
        .into_iter()
        .filter(|line| to.is_none_or(|to| line.is_to(to)))
        .collect();
    if chosen.is_empty() {
        return Err(hinted(
            &format!("review {review} of {day} did not go to `{}`", to.unwrap_or_default()),
            &format!("it went to {}", names.join(", ")),
        ));
    }
    let colour = Colour::for_stdout(desk.env.get("NO_COLOR"));
    let mut out = io::stdout().lock();
    match (format, to) {
        (Format::Json, _) => write_json(&mut out, &chosen)?,
        (Format::Csv, _) => table(&chosen).write_csv(&mut out)?,
        (Format::Table, None) => table(&chosen).write(&mut out, colour)?,
        (Format::Table, Some(_)) => {
            for (place, line) in chosen.iter().enumerate() {
                if place > 0 {
                    writeln!(out)?;
                }
                writeln!(out, "To: {} ({})", printable(&line.name), line.recipient)?;
                writeln!(out, "Subject: {}\n", printable(&line.subject))?;
                writeln!(out, "{}", printable(line.text.trim_end()))?;
            }
        }
    }
    Ok(())
}

fn table(lines: &[Line]) -> Table {
    let mut table = Table::new(&[
        "at",
        "recipient",
        "name",
        "edition",
        "channel",
        "red",
        "yellow",
        "green",
        "blue",
        "grey",
        "subject",
    ]);
    for line in lines {
        let mut row: Vec<Cell> = vec![
            Cell::painted(&line.at, Paint::Dim),
            line.recipient.clone().into(),
            line.name.clone().into(),
            line.edition.into(),
            line.channel.clone().into(),
        ];
        for light in ["red", "yellow", "green", "blue", "grey"] {
            row.push(
                line.figures
                    .get(light)
                    .map_or_else(String::new, Value::to_string)
                    .into(),
            );
        }
        row.push(line.subject.clone().into());
        table.push(row);
    }
    table
}
