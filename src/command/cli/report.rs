//! `duban score` and `duban circular`: what they take.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, ValueEnum};

use super::Format;
use crate::command::Failure;
use crate::rules::calendar::Almanac;
use crate::rules::record::Period;

/// What counts, and how it is summed.
pub(super) const SCORE: &str = "\
Example:
  duban score --from 2021-11-14 --to 2022-08-31 --by lead --task-lines

A task counts where its first deadline, one of its closings, or one of its relapses (opened again after closing) falls
in the period. What happened to it up to the last day counts with it. Tasks called off, or taken from the ledger
unclosed, do not count; who has no task that counts is not listed.

  on_time     closed by the first deadline, whatever was granted later; among the tasks closed or past that date
  lateness    working days from the first deadline to the first closing, or to the last day; average of the same tasks
  returns     submissions sent back
  extensions  deadlines moved to a later day
  chasings    occurrences of ladder steps of level overdue or louder, however many people each told
  relapses    reopenings after closing

on_time earns its weight times the part that was on time; each other measure its weight times (1 − average / worst),
never less than nothing. The usual weights are 40, 20, 10, 10, 10, 10; the usual worst averages 20 working days, 5
chasings and 1 of the others for each task. [scores] changes them; the weights always sum to 100.";

/// Where the words come from.
pub(super) const CIRCULAR: &str = "\
Examples:
  duban circular --from 2021-11-14 --to 2022-08-31 -o circular.docx
  duban circular --from 2022-08-01 --to 2022-08-31 --locale en --format md

What was closed in the period is told task by task, with the last that was reported; what was closed before is counted.
Mail addresses and mobile numbers in reports are replaced by ***. The words are those of the template `circular.md`,
which `templates/LOCALE/circular.md` of the configuration overrides.";

/// The days told of.
#[derive(Clone, Copy, Debug, Args)]
pub struct Days {
    /// The first day
    #[arg(long, value_name = "DATE")]
    pub from: NaiveDate,
    /// The last day, which is included
    #[arg(long, value_name = "DATE")]
    pub to: NaiveDate,
}

impl Days {
    /// The period as it is seen at `now`.
    ///
    /// # Errors
    /// Exit code 2 where it ends before it begins, or has not begun.
    pub fn seen(self, almanac: &Almanac, now: DateTime<Utc>) -> Result<Period, Failure> {
        let refused = |text: String| Err(Failure::NotUnderstood(anyhow::anyhow!(text)));
        if self.to < self.from {
            return refused(format!("--to {} is before --from {}", self.to, self.from));
        }
        if almanac.today(now) < self.from {
            return refused(format!("nothing is known of {} yet: it is to come", self.from));
        }
        Ok(Period::seen(self.from, self.to, almanac, now))
    }
}

/// `duban score`.
#[derive(Clone, Debug, Args)]
pub struct Score {
    /// The days.
    #[command(flatten)]
    pub period: Days,
    /// Whose scores
    #[arg(long, value_enum, value_name = "WHO", default_value_t = ScoreBy::Unit)]
    pub by: ScoreBy,
    /// Also what each task brings into the sums
    #[arg(long)]
    pub task_lines: bool,
    /// The shape of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
    pub format: Format,
    /// Another present
    #[arg(long, value_name = "T")]
    pub now: Option<String>,
}

/// Whose scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScoreBy {
    /// Of the responsible units.
    Unit,
    /// Of the leaders; the first named of each task.
    Lead,
}

/// `duban circular`.
#[derive(Clone, Debug, Args)]
pub struct Circular {
    /// The days.
    #[command(flatten)]
    pub period: Days,
    /// The shape; default: by the ending of FILE, else md
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<CircularFormat>,
    /// Where to write it; default: standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The language; default: that of the configuration
    #[arg(long, value_enum, value_name = "LOCALE")]
    pub locale: Option<Language>,
    /// The heading
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// From what the tasks come, for example the inspection whose findings they are
    #[arg(long, value_name = "TEXT")]
    pub source: Option<String>,
    /// To whom it is (主送), "" for nobody; default: 各责任单位 in Chinese, nobody in English
    #[arg(long, value_name = "TEXT")]
    pub addressee: Option<String>,
    /// Who signs; default: the office
    #[arg(long, value_name = "NAME")]
    pub signed: Option<String>,
    /// Another present
    #[arg(long, value_name = "T")]
    pub now: Option<String>,
}

/// The shape of a circular.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CircularFormat {
    /// For word processors.
    Docx,
    /// One page for browsers and printers.
    Html,
    /// Markdown.
    Md,
}

/// A language on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Simplified Chinese.
    #[value(name = "zh-CN")]
    ZhCn,
    /// English.
    #[value(name = "en")]
    En,
}
